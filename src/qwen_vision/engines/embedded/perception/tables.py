"""Finds tables: rows of text that stand in the same columns, and the lines ruled around them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from qwen_vision.engines.embedded.facts import Box, Cell, Table, TextLine, around
from qwen_vision.engines.embedded.perception.grid import find_grids
from qwen_vision.engines.embedded.perception.order import (
    Placed,
    columns_of,
    page_angle,
    rows_of,
)
from qwen_vision.engines.embedded.perception.pieces import pieces_of, split_at
from qwen_vision.engines.embedded.perception.rules import Rules
from qwen_vision.engines.embedded.perception.table_rows import Body, Row, Slot, logical_rows

_LEVEL_DEG = 1.5
# In letter heights: between columns, between cells that start a table, between rows.
_MIN_GUTTER = 0.25
_MIN_SEED_GAP = 0.8
_MAX_ROW_GAP = 2.6
_PART_GAP = 1.6
_PART_RATIO = 1.8
_MIN_HEADINGS = 3
_PROSE_WIDTH = 0.6
_PROSE_LETTERS = 30
_PROSE_INDENT = 3.0
_LOOK_AHEAD = 5
_FEW_LETTERS = 4
_SAME_PLACE = 0.5
# A gutter may be crossed by some of the text: headings that span, a value too long.
_CROSSED = 0.15
# Boxes of text reach beyond its ink by this part of their height.
_RIM = 0.12
# A cell spans a column when it covers this part of the text there.
_COVERS = 0.4
_MIN_ROWS = 3
_MIN_ROWS_RULED = 2
_MIN_LINES_OF_WORDS = 7
_FITTING = 0.75


@dataclass(frozen=True, slots=True)
class _Region:
    rows: tuple[tuple[Placed, ...], ...]
    rules: Rules
    angle_deg: float

    @property
    def pieces(self) -> list[Placed]:
        return [piece for row in self.rows for piece in row]

    @property
    def height(self) -> float:
        return median(piece.height for piece in self.pieces)

    @property
    def box(self) -> Box:
        return around(piece.box for piece in self.pieces)


def find_tables(lines: Sequence[TextLine], rules: Rules) -> tuple[Table, ...]:
    """All tables on an upright sheet, from top to bottom; `lines` as they were detected."""
    angle = page_angle(lines)
    # Ruled lines are found level only: on an askew page the text alone must do.
    angle, rules = (0.0, rules) if abs(angle) < _LEVEL_DEG else (angle, Rules())
    pieces = pieces_of(lines, angle_deg=angle)
    tables: list[Table] = []
    for grid in find_grids(rules):
        inside = [piece for piece in pieces if grid.holds(piece)]
        table = grid.table(inside)
        if table is not None:
            tables.append(table)
            pieces = [piece for piece in pieces if not grid.holds(piece)]
    for column in columns_of(pieces):
        for rows in _runs(rows_of(column)):
            table = _table(_Region(tuple(tuple(row) for row in rows), rules, angle))
            if table is not None:
                tables.append(table)
    return tuple(sorted(tables, key=lambda table: (table.box.top, table.box.left)))


def _runs(rows: Sequence[Sequence[Placed]]) -> list[list[Sequence[Placed]]]:
    """Stretches of rows that may be tables: begun and ended by rows of several cells."""
    runs: list[list[Sequence[Placed]]] = []
    edges = around(piece.box for row in rows for piece in row) if rows else Box(0, 0, 0, 0)
    for row in rows:
        if _is_prose(row, edges):
            runs.append([])
        elif runs and runs[-1] and not _is_apart(runs[-1][-1], row):
            runs[-1].append(row)
        elif _is_seed(row):
            runs.append([row])
    parts = [part for run in runs if run for part in _divided(run)]
    return [_trimmed(part) for part in parts if any(_is_seed(row) for row in part)]


def _is_prose(row: Sequence[Placed], around_all: Box) -> bool:
    """Whether a row is a line of running text across the page: no row of a table."""
    line = row[0].box
    starts_left = line.left - around_all.left < _PROSE_INDENT * row[0].height
    wide = line.right - line.left > _PROSE_WIDTH * (around_all.right - around_all.left)
    return len(row) == 1 and starts_left and wide and len(row[0].line.text) > _PROSE_LETTERS


def _divided(run: Sequence[Sequence[Placed]]) -> list[list[Sequence[Placed]]]:
    """The run, divided where the rows part further than usual and where a new heading begins."""
    gaps = [_row_gap(above, below) for above, below in pairwise(run)]
    height = median(piece.height for row in run for piece in row)
    far = max(_PART_GAP * height, _PART_RATIO * median(gaps or [0.0]))
    parts: list[list[Sequence[Placed]]] = [[run[0]]]
    for index, row in enumerate(run[1:], start=1):
        if gaps[index - 1] > far or _starts_anew(parts[-1], row, run[index + 1 :]):
            parts.append([])
        parts[-1].append(row)
    return parts


def _starts_anew(
    above: Sequence[Sequence[Placed]], row: Sequence[Placed], below: Sequence[Sequence[Placed]]
) -> bool:
    """Whether `row` is the heading of another table: words only, between rows of values."""
    if len(row) < _MIN_HEADINGS or any(_has_digit(piece) for piece in row):
        return False
    values = sum(any(_has_digit(piece) for piece in other[1:]) for other in below[:_LOOK_AHEAD])
    return values >= 2 and any(_has_digit(piece) for other in above for piece in other)


def _has_digit(piece: Placed) -> bool:
    return any(char.isdigit() for char in piece.line.text)


def _row_gap(above: Sequence[Placed], below: Sequence[Placed]) -> float:
    return min(piece.box.top for piece in below) - max(piece.box.bottom for piece in above)


def _is_seed(row: Sequence[Placed]) -> bool:
    return any(
        right.box.left - left.box.right > _MIN_SEED_GAP * min(left.height, right.height)
        for left, right in pairwise(row)
    )


def _is_apart(above: Sequence[Placed], below: Sequence[Placed]) -> bool:
    height = median(piece.height for piece in (*above, *below))
    return _row_gap(above, below) > _MAX_ROW_GAP * height


def _trimmed(run: list[Sequence[Placed]]) -> list[Sequence[Placed]]:
    seeds = [index for index, row in enumerate(run) if _is_seed(row)]
    run, last = run[seeds[0] :], seeds[-1] - seeds[0]
    # The last cell may run on over more lines; the last rows may be narrow ones.
    while last + 1 < len(run) and (
        _runs_on(run[last], run[last + 1]) or _is_in_columns(run[: last + 1], run[last + 1])
    ):
        last += 1
    return run[: last + 1]


def _is_in_columns(above: Sequence[Sequence[Placed]], row: Sequence[Placed]) -> bool:
    """Whether each of several cells begins or ends where a cell above does."""
    places = [piece.box for other in above for piece in other]
    return len(row) > 1 and all(
        any(
            min(abs(box.left - piece.box.left), abs(box.right - piece.box.right))
            < _SAME_PLACE * piece.height
            for box in places
        )
        for piece in row
    )


def _runs_on(above: Sequence[Placed], below: Sequence[Placed]) -> bool:
    """Whether a line alone goes on with a cell above it: close under it, and not beyond it."""
    height = median(piece.height for piece in above)
    line = below[0].box
    close = below[0].middle - above[0].middle < 1.3 * height
    over = [piece.box for piece in above if abs(piece.box.left - line.left) < height]
    inside = line.right <= max(piece.box.right for piece in above) + height
    if below[0].line.text[:1].isupper():
        # A capital may begin a note under the table: only within its own cell it goes on.
        inside = any(line.right <= box.right + height for box in over)
    return len(below) == 1 and close and bool(over) and inside


def _table(region: _Region) -> Table | None:
    gutters = _gutters(region) if _is_even(region) else []
    if not gutters:
        return None
    rows = [_row(row, gutters, region) for row in region.rows]
    uses = Counter(slot.first for row in rows for slot in row.slots if slot.first == slot.last)
    used = {column for column, count in uses.items() if count > 1 or len(rows) <= _MIN_ROWS}
    if len(used) <= len(gutters):
        # Gaps around one heading that spans columns, or inside it: no cell stands there.
        gutters = [gutter for column, gutter in enumerate(gutters, start=1) if column in used]
        rows = [_row(row, gutters, region) for row in region.rows]
    several = [row for row in rows if len(row.slots) > 1]
    ruled = any(_crosses(region.box, rule.at) for rule in region.rules.horizontal)
    if len(several) < (_MIN_ROWS_RULED if ruled else _MIN_ROWS) or not _fits(rows):
        return None
    columns = len(gutters) + 1
    if columns == 2 and not ruled and len(rows) < _MIN_LINES_OF_WORDS and not _has_values(rows):
        return None
    edges = tuple((start + end) / 2 for start, end in gutters)
    body = Body(tuple(rows), edges, region.box, region.height, _near(region))
    cells: list[Cell] = []
    grouped, headers = logical_rows(body)
    for number, slots in enumerate(grouped):
        cells.extend(_cells(slots, number, columns=columns, is_header=number < headers))
    return Table(len(grouped), columns, tuple(cells), around(p.line.box for p in region.pieces))


def _near(region: _Region) -> Rules:
    """The rules that lie on the region."""
    box, slack = region.box, region.height
    return replace(
        region.rules,
        horizontal=tuple(
            rule
            for rule in region.rules.horizontal
            if box.top - slack < rule.at < box.bottom + slack
            and rule.end > box.left
            and rule.start < box.right
        ),
    )


def _crosses(box: Box, at: float) -> bool:
    return box.top < at < box.bottom


def _fits(rows: Sequence[Row]) -> bool:
    """Whether cells keep to their columns: text that happens to have gaps does not."""
    slots = [slot for row in rows if len(row.slots) > 1 for slot in row.slots]
    single = sum(slot.first == slot.last for slot in slots)
    return single >= _FITTING * len(slots)


def _has_values(rows: Sequence[Row]) -> bool:
    """Whether one of two columns holds labels or figures, as blocks of an address do not."""
    first = [slot.text for row in rows for slot in row.slots if slot.last == 0]
    second = [slot.text for row in rows for slot in row.slots if slot.first == 1]
    labels = sum(text.rstrip().endswith((":", "：")) for text in first)
    figures = sum(not text[:1].isalpha() for text in second)
    return 2 * labels >= len(first) or 2 * figures >= len(second)


def _is_even(region: _Region) -> bool:
    """Whether letters are about one size, as in a table and unlike on a sign."""
    heights = [piece.height for piece in region.pieces]
    usual = median(heights)
    even = sum(0.6 * usual < height < 1.6 * usual for height in heights)
    return even >= _FITTING * len(heights)


def _gutters(region: _Region) -> list[tuple[float, float]]:
    """Stretches of x without text in nearly all rows, and ruled lines, from left to right."""
    box, height = region.box, region.height
    origin = int(box.left)
    width = int(box.right) - origin + 2
    most = max(len(row) for row in region.rows)
    if most < 2:
        return []
    covered = np.zeros(width)
    total = 0.0
    for row in region.rows:
        weight = (len(row) - 1) / (most - 1)
        here = np.zeros(width, bool)
        for piece in row:
            rim = _RIM * piece.height
            start = max(0, int(piece.box.left + rim) - origin)
            here[start : max(start, int(_ink_end(piece) - rim) - origin) + 1] = True
        covered += weight * here
        total += weight
    free = np.concatenate([[False], covered <= _CROSSED * total, [False]])
    changes = np.flatnonzero(free[1:] != free[:-1])
    gutters = [
        (float(origin + start), float(origin + end))
        for start, end in zip(changes[::2], changes[1::2], strict=True)
        if end - start >= _MIN_GUTTER * height and start > 0 and end < width - 1
    ]
    return _with_ruled(gutters, region)


def _ink_end(piece: Placed) -> float:
    """Where the last letter of a piece ends; its box may reach into the next column."""
    stops, box = piece.line.stops, piece.box
    if len(stops) < _FEW_LETTERS:
        return box.right
    pitch = (stops[-1] - stops[0]) / (len(stops) - 1)
    return min(box.right, box.left + (stops[-1] + 1.2 * pitch) * (box.right - box.left))


def _with_ruled(gutters: list[tuple[float, float]], region: _Region) -> list[tuple[float, float]]:
    box, height = region.box, region.height
    ruled = [
        (rule.at, rule.at)
        for rule in region.rules.vertical
        if box.left + height < rule.at < box.right - height
        and min(rule.end, box.bottom) - max(rule.start, box.top) > 0.6 * (box.bottom - box.top)
    ]
    apart = [
        (start, end)
        for start, end in gutters
        if all(at < start - height or at > end + height for at, _ in ruled)
    ]
    return sorted([*ruled, *apart])


def _row(row: Sequence[Placed], gutters: Sequence[tuple[float, float]], region: _Region) -> Row:
    edges = [(start + end) / 2 for start, end in gutters]
    starts = [region.box.left, *(end for _, end in gutters)]
    ends = [*(start for start, _ in gutters), region.box.right]
    slots: dict[tuple[int, int], list[Placed]] = {}
    parts = [part for whole in row for part in split_at(whole, edges, angle_deg=region.angle_deg)]
    if len(parts) == len(starts) > 2:
        # As many cells as columns: a heading may stand left of the numbers under it.
        return Row(tuple(Slot(at, at, (part,)) for at, part in enumerate(parts)))
    for piece in parts:
        middle = (piece.box.left + piece.box.right) / 2
        home = sum(edge < middle for edge in edges)
        covered = [
            column
            for column, (start, end) in enumerate(zip(starts, ends, strict=True))
            if min(end, piece.box.right) - max(start, piece.box.left) > _COVERS * (end - start)
        ]
        span = (min([home, *covered]), max([home, *covered]))
        slots.setdefault(span, []).append(piece)
    return Row(tuple(Slot(first, last, tuple(pieces)) for (first, last), pieces in slots.items()))


def _cells(slots: Sequence[Slot], row: int, *, columns: int, is_header: bool) -> list[Cell]:
    cells = []
    taken = 0
    for slot in sorted(slots, key=lambda slot: slot.first):
        cells += [Cell(row, column, "", is_header=is_header) for column in range(taken, slot.first)]
        cells.append(
            Cell(
                row,
                slot.first,
                slot.text,
                around(piece.line.box for piece in slot.pieces),
                column_span=slot.last - slot.first + 1,
                is_header=is_header,
            )
        )
        taken = slot.last + 1
    cells += [Cell(row, column, "", is_header=is_header) for column in range(taken, columns)]
    return cells
