"""Rects: the filled upright rectangles of a chart, each of one flat colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Area, Color, of_color

_LEAST_WIDTH_PX: Final = 3
_LEAST_HEIGHT_PX: Final = 2
# How much of its upright box a rectangle fills; rounded corners leave a little.
_FILLS: Final = 0.88
# A step of a colour's channel from row to row: gentler ones are a shade that runs on, larger
# ones an edge.
_SHADE: Final = 6
_EDGE: Final = 12
# A shade that stays the same for so many rows has faded into the ground.
_FADED_PX: Final = 24
# Grid lines and print may cut a bar in pieces this far apart.
_CUT_PX: Final = 4


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle, ends left out, in pixels of the picture."""

    left: float
    top: float
    right: float
    bottom: float
    color: Color

    @property
    def x(self) -> float:
        """The middle from left to right."""
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left


def find_rects(rgb: Raster, area: Area, colors: Sequence[Color]) -> list[Rect]:
    """The rectangles of each colour in an area."""
    inside = area.of(rgb)
    found: list[Rect] = []
    for color in colors:
        mask = of_color(inside, color)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        pieces = []
        for outline in outlines:
            left, top, width, height = cv2.boundingRect(outline)
            if width < _LEAST_WIDTH_PX or height < _LEAST_HEIGHT_PX:
                continue
            # The outline runs through the middle of the pixels at the edge.
            whole = max(1, (width - 1) * (height - 1))
            if cv2.contourArea(outline) < _FILLS * whole and not _is_full(
                mask[top : top + height, left : left + width]
            ):
                continue
            pieces.append(
                Rect(
                    left + area.left,
                    top + area.top,
                    left + width + area.left,
                    top + height + area.top,
                    color,
                )
            )
        found += _joined(pieces)
    kept: list[Rect] = []
    for rect in found:
        grown = _grown(rgb, rect)
        if grown is not None and not any(_is_same(grown, other) for other in kept):
            kept.append(grown)
    return [_sharpened(rgb, rect) for rect in kept]


def _grown(rgb: Raster, rect: Rect) -> Rect | None:
    """The rectangle up to its edges where its colour is a shade.

    None where it fades away or runs out of the picture.
    """
    middle = _middle(rect)
    top = _run_out(rgb, middle, int(rect.top), step=-1)
    bottom = _run_out(rgb, middle, int(rect.bottom) - 1, step=1)
    if top is None or bottom is None:
        return None
    return replace(rect, top=min(rect.top, top), bottom=max(rect.bottom, bottom + 1))


def _run_out(rgb: Raster, columns: slice, row: int, *, step: int) -> int | None:
    """The last row outwards before an edge; None where there is none."""
    last = np.median(rgb[row, columns].astype(float), axis=0)
    same = 0
    limit = _SHADE
    while 0 <= row + step < len(rgb):
        here = np.median(rgb[row + step, columns].astype(float), axis=0)
        off = float(np.abs(here - last).max())
        if off > limit:
            return row
        limit = _EDGE
        same = same + 1 if off < 1 else 0
        if same > _FADED_PX:
            return None
        row, last = row + step, here
    return None


def _middle(rect: Rect) -> slice:
    """The columns of a rectangle away from its sides."""
    left = int(rect.left + rect.width * 0.3)
    return slice(left, max(left + 1, int(rect.right - rect.width * 0.3)))


def _is_same(one: Rect, other: Rect) -> bool:
    return all(
        abs(a - b) <= 2
        for a, b in (
            (one.left, other.left),
            (one.top, other.top),
            (one.right, other.right),
            (one.bottom, other.bottom),
        )
    )


def _is_full(mask: Raster) -> bool:
    return float(mask.mean()) >= _FILLS


def _joined(pieces: Sequence[Rect]) -> list[Rect]:
    """Pieces of one bar that a line or print cuts, joined again."""
    joined: list[Rect] = []
    for piece in sorted(pieces, key=lambda rect: (round(rect.left / 3), rect.top)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and abs(last.left - piece.left) <= 2
            and abs(last.right - piece.right) <= 2
            and 0 <= piece.top - last.bottom <= _CUT_PX
        ):
            joined[-1] = replace(last, bottom=piece.bottom)
        else:
            joined.append(piece)
    return joined


def _sharpened(rgb: Raster, rect: Rect) -> Rect:
    """The rectangle with its top and bottom between pixels, where the edge is blended."""
    middle = _middle(rect)
    top = rect.top - _covered(rgb, middle, int(rect.top) - 1, color=rect.color, step=-1)
    bottom = rect.bottom + _covered(rgb, middle, int(rect.bottom), color=rect.color, step=1)
    return replace(rect, top=top, bottom=bottom)


def _covered(rgb: Raster, columns: slice, row: int, *, color: Color, step: int) -> float:
    """How much of a row beside an edge the colour covers, 0 to 1."""
    beyond = min(max(row + step, 0), len(rgb) - 1)
    here = np.median(rgb[row, columns].astype(float), axis=0)
    ground = np.median(rgb[beyond, columns].astype(float), axis=0)
    whole = np.array(color, float) - ground
    length = float(whole @ whole)
    if length < 400:
        return 0.0
    share = float((here - ground) @ whole) / length
    # Off the line between the two colours it is a border, not a blend.
    apart = float(np.abs(here - ground - share * whole).max())
    return share if 0.05 < share < 0.97 and apart < 20 else 0.0


def gaps_are_even(places: Sequence[float]) -> bool:
    """Whether places stand about as far from one another."""
    gaps = [right - left for left, right in pairwise(sorted(places))]
    return not gaps or max(gaps) <= 1.5 * min(gaps) + 2
