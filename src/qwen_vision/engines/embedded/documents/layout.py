"""Layout: a page as titles, paragraphs and tables in reading order."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal, TypeAlias

from qwen_vision.engines.embedded.documents.sheet import around, height
from qwen_vision.engines.embedded.facts import Box, Reading, Table, TextLine

PartKind: TypeAlias = Literal["title", "paragraph", "table"]

# In letter heights: a taller line is a title, a wider gap ends a paragraph.
_TITLE: Final = 1.35
_GAP: Final = 0.9


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page: its rows of text, or its table. `level` of a title is 1 or 2."""

    kind: PartKind
    box: Box
    rows: tuple[tuple[TextLine, ...], ...] = ()
    table: Table | None = None
    level: int = 0

    @property
    def texts(self) -> list[str]:
        """The text of each row."""
        return [" ".join(line.text for line in row) for row in self.rows]


def page_parts(reading: Reading) -> list[Part]:
    """The parts of a page in reading order; text inside a table is the table's alone."""
    usual = median([height(line) for line in reading.lines]) if reading.lines else 1.0
    parts: list[Part] = []
    group: list[tuple[TextLine, ...]] = []
    told: set[int] = set()

    def close() -> None:
        if group:
            parts.append(_text_part(tuple(group), usual))
            group.clear()

    for row in reading.rows:
        table = _table_of(row, reading.tables)
        if table is not None:
            close()
            if id(table) not in told:
                told.add(id(table))
                parts.append(Part("table", table.box, table=table))
            continue
        if group and _starts_new(group[-1], row, usual):
            close()
        group.append(row)
    close()
    return parts


def _text_part(rows: tuple[tuple[TextLine, ...], ...], usual: float) -> Part:
    lines = tuple(line for row in rows for line in row)
    tall = _row_height(rows[0]) / usual
    short = sum(len(line.text) for line in lines) <= 120
    if tall >= _TITLE and short:
        return Part("title", around(lines), rows, level=1 if tall >= 1.6 * _TITLE else 2)
    return Part("paragraph", around(lines), rows)


def _starts_new(above: Sequence[TextLine], row: Sequence[TextLine], usual: float) -> bool:
    """Whether a row is another part: after a gap, in another size, or further up the page."""
    upper, lower = around(tuple(above)), around(tuple(row))
    tall_above, tall = _row_height(above) / usual >= _TITLE, _row_height(row) / usual >= _TITLE
    gap = lower.top - upper.bottom
    return tall_above != tall or gap > _GAP * usual or gap < -2 * usual


def _row_height(row: Sequence[TextLine]) -> float:
    return median([height(line) for line in row])


def _table_of(row: Sequence[TextLine], tables: Sequence[Table]) -> Table | None:
    """The table that holds the middle of the row's first line."""
    box = row[0].box
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    for table in tables:
        area = table.box
        if area.left - 2 <= x <= area.right + 2 and area.top - 2 <= y <= area.bottom + 2:
            return table
    return None
