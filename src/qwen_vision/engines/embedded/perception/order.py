"""Puts lines in reading order: rows, columns, and the skew of the page.

Pure geometry in the frame in which the text stands upright. A page is cut into columns only
where both sides hold running text: a receipt's prices are no column.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import atan2, cos, degrees, radians, sin
from statistics import median

from qwen_vision.engines.embedded.facts import Box, Quad, TextLine, around

# Two lines share a row when their middles differ by less than this part of the lower height.
_SAME_ROW = 0.5
# Words of one phrase stand less than one letter height apart.
_PHRASE_GAP = 0.6
_MIN_COLUMN_ROWS = 3
# Running text fills its column; values and labels do not.
_FILLED = 0.6
_MIN_COLUMN_LETTERS = 14.0
_MIN_GUTTER = 0.5
_BULLETS = frozenset("•·▪◦●○■□‣∙")
_MIN_BULLETS = 2


@dataclass(frozen=True, slots=True)
class Placed:
    """A line and its upright rectangle in the frame in which the page is read."""

    line: TextLine
    box: Box

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return (self.box.top + self.box.bottom) / 2

    @property
    def height(self) -> float:
        """The height of its letters."""
        return self.box.bottom - self.box.top


def reading_order(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The lines as a person reads them, each with its `row`; phrases that were split are joined."""
    if not lines:
        return ()
    items = placed(lines, angle_deg=page_angle(lines))
    ordered: list[TextLine] = []
    row_number = 0
    for column in columns_of(items):
        for row in rows_of(column):
            ordered.extend(replace(item.line, row=row_number) for item in _phrases(row))
            row_number += 1
    return tuple(ordered)


def angle_of(quad: Quad) -> float:
    """The direction in which the text runs, degrees clockwise from left to right."""
    (left, top), (right, bottom) = quad[0], quad[1]
    return degrees(atan2(bottom - top, right - left))


def page_angle(lines: Sequence[TextLine]) -> float:
    """The direction of most text: the middle angle, longer lines counting more."""
    angles = sorted((angle_of(line.quad), max(1, len(line.text))) for line in lines)
    half = sum(weight for _, weight in angles) / 2
    for angle, weight in angles:
        half -= weight
        if half <= 0:
            return angle
    return 0.0


def placed(lines: Sequence[TextLine], *, angle_deg: float) -> list[Placed]:
    """The lines in a frame turned so that text at `angle_deg` lies level."""
    turn = radians(-angle_deg)
    across, down = cos(turn), sin(turn)

    def place(line: TextLine) -> Placed:
        xs = [x * across - y * down for x, y in line.quad]
        ys = [x * down + y * across for x, y in line.quad]
        # The middle of each side: corners of a line a little askew would reach into its neighbours.
        left, right = (xs[0] + xs[3]) / 2, (xs[1] + xs[2]) / 2
        top, bottom = (ys[0] + ys[1]) / 2, (ys[2] + ys[3]) / 2
        if abs(right - left) < abs(ys[0] - ys[3]) / 2 or abs(bottom - top) < abs(xs[0] - xs[3]) / 2:
            # A lone digit is taller than wide and passes for text on end: where it lies counts.
            left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        return Placed(
            line, Box(min(left, right), min(top, bottom), max(left, right), max(top, bottom))
        )

    return [place(line) for line in lines]


def rows_of(items: Sequence[Placed]) -> list[list[Placed]]:
    """Items that stand on one row, rows from top to bottom, each from left to right."""
    rows: list[list[Placed]] = []
    for item in sorted(items, key=lambda item: item.middle):
        row = next((row for row in reversed(rows[-4:]) if _fits(row, item)), None)
        if row is None:
            rows.append([item])
        else:
            row.append(item)
    rows.sort(key=lambda row: sum(item.middle for item in row) / len(row))
    return [sorted(row, key=lambda item: item.box.left) for row in rows]


def _fits(row: Sequence[Placed], item: Placed) -> bool:
    middle = sum(other.middle for other in row) / len(row)
    height = min(item.height, median(other.height for other in row))
    apart = abs(item.middle - middle)
    if apart > _SAME_ROW * height:
        return False
    # Two lines above each other can not stand on one row; boxes side by side may touch.
    most = 0.5 if apart > 0.2 * height else 1.0
    return not any(_overlap(other.box, item.box) > most * height for other in row)


def _overlap(one: Box, other: Box) -> float:
    return min(one.right, other.right) - max(one.left, other.left)


def _phrases(row: Sequence[Placed]) -> list[Placed]:
    joined: list[Placed] = []
    for item in row:
        if joined and _is_phrase(joined[-1], item):
            joined[-1] = _join(joined[-1], item)
        else:
            joined.append(item)
    return joined


def _is_phrase(left: Placed, right: Placed) -> bool:
    height = min(left.height, right.height)
    similar = max(left.height, right.height) < 1.6 * height
    return similar and right.box.left - left.box.right < _PHRASE_GAP * height


def _join(left: Placed, right: Placed) -> Placed:
    box = around((left.box, right.box))
    one, other = left.line, right.line
    width = max(box.right - box.left, 1.0)
    space = "" if _is_wide(one.text[-1:]) and _is_wide(other.text[:1]) else " "
    between = ((left.box.right + right.box.left) / 2 - box.left) / width
    stops = (
        *(_along(stop, left.box, box) for stop in one.stops),
        *(min(1.0, between) for _ in space),
        *(_along(stop, right.box, box) for stop in other.stops),
    )
    letters = max(1, len(one.text) + len(other.text))
    confidence = (one.confidence * len(one.text) + other.confidence * len(other.text)) / letters
    line = replace(
        one,
        text=f"{one.text}{space}{other.text}",
        quad=(one.quad[0], other.quad[1], other.quad[2], one.quad[3]),
        confidence=confidence,
        stops=stops if one.stops and other.stops else (),
    )
    return Placed(line, box)


def _along(stop: float, part: Box, whole: Box) -> float:
    place = part.left + stop * (part.right - part.left)
    return (place - whole.left) / max(whole.right - whole.left, 1.0)


def columns_of(items: Sequence[Placed]) -> list[list[Placed]]:
    """The items cut into bands and columns of running text, in the order they are read."""
    cut = _gutter(items)
    if cut is None:
        return [list(items)]
    left = [item for item in items if item.box.right <= cut]
    right = [item for item in items if item.box.left >= cut]
    across = sorted(
        (item for item in items if item.box.left < cut < item.box.right),
        key=lambda item: item.middle,
    )
    parts: list[list[Placed]] = []
    edges = [float("-inf"), *(item.middle for item in across), float("inf")]
    for number, (top, bottom) in enumerate(pairwise(edges)):
        if number:
            parts.append([across[number - 1]])
        for side in (left, right):
            inside = [item for item in side if top <= item.middle < bottom]
            if inside:
                parts.extend(columns_of(inside))
    return parts


def _gutter(items: Sequence[Placed]) -> float | None:
    """A vertical cut between two columns of running text, or None."""
    if len(items) < 2 * _MIN_COLUMN_ROWS:
        return None
    height = median(item.height for item in items)
    best: tuple[int, float] | None = None
    for cut in sorted({item.box.left - 0.25 * height for item in items}):
        left = [item for item in items if item.box.right <= cut]
        right = [item for item in items if item.box.left >= cut]
        crossing = len(items) - len(left) - len(right)
        if crossing * 4 > len(items) or not (_is_column(left) and _is_column(right)):
            continue
        gap = min(item.box.left for item in right) - max(item.box.right for item in left)
        if gap < _MIN_GUTTER * height:
            continue
        if best is None or crossing < best[0]:
            best = (crossing, cut)
    return best[1] if best else None


def _is_column(items: Sequence[Placed]) -> bool:
    """Whether items are running text, in one column or several, or a list of bullets."""
    if len(items) < _MIN_COLUMN_ROWS:
        return False
    if sum(item.line.text[:1] in _BULLETS for item in items) >= _MIN_BULLETS:
        return True
    if median(_letters(item.line.text) for item in items) < _MIN_COLUMN_LETTERS:
        return False
    width = max(item.box.right for item in items) - min(item.box.left for item in items)
    if median(item.box.right - item.box.left for item in items) >= _FILLED * width:
        return True
    # Columns beside each other: together their rows fill the width.
    rows = rows_of(items)
    wide = [sum(item.box.right - item.box.left for item in row) for row in rows]
    return len(rows) < len(items) and median(wide) >= _FILLED * width


def _letters(text: str) -> float:
    # A Chinese or Japanese character carries about as much as two letters.
    return sum(2.0 if _is_wide(char) else 1.0 for char in text)


def _is_wide(char: str) -> bool:
    return char >= "\u2e80"
