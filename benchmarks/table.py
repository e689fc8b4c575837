"""Row: one figure with its peer and its target; and the table they are printed in."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

HEADINGS = ("what", "ours", "peer", "ratio", "target", "met", "note")


@dataclass(frozen=True)
class LeftOut:
    """What was not measured here, and how to have it measured."""

    words: str


class Row(Struct, frozen=True):
    """A figure in `unit`, smaller is better.

    With a `peer` the target is the largest ratio ours / peer, without one the largest figure.
    """

    name: str
    ours: float
    unit: str
    peer: float | None = None
    target: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the peer's cost ours is."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.target is None:
            return None
        return (self.ours if self.ratio is None else self.ratio) <= self.target

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of the headings."""
        ratio = self.ratio
        unit = "x" if ratio is not None else f" {self.unit}"
        return (
            self.name,
            f"{_figure(self.ours)} {self.unit}",
            "" if self.peer is None else f"{_figure(self.peer)} {self.unit}",
            "" if ratio is None else f"{ratio:.3f}x" if ratio < 0.1 else f"{ratio:.2f}x",
            "" if self.target is None else f"<= {self.target:.3g}{unit}",
            {True: "yes", False: "NO", None: ""}[self.met],
            self.note,
        )


def _figure(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def lines(rows: Iterable[Row]) -> list[str]:
    """The table, a heading first, in columns."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return [text[0], "  ".join("-" * width for width in widths), *text[1:]]
