"""Tables with lines ruled around their cells: rows, columns and spans as they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qwen_vision.engines.embedded.facts import Box, Cell, Table
from qwen_vision.engines.embedded.perception.order import Placed, rows_of
from qwen_vision.engines.embedded.perception.pieces import cut_at_walls, split_at
from qwen_vision.engines.embedded.perception.rules import Rule, Rules
from qwen_vision.engines.embedded.perception.table_rows import is_number

_TOUCH_PX = 8.0
_SAME_PX = 6.0
_DRAWN = 0.5
# In letter heights: headings beside each other stand further apart than words.
_HEAD_GAP = 0.5
# In letter heights: rows without a line between them stand further apart than lines of a cell.
_ROW_GAP = 0.6
# A cell that holds more lines than this is a column whose rows are not ruled.
_MAX_LINES_PER_ROW = 3


@dataclass(frozen=True, slots=True)
class Grid:
    """Lines that cross: `xs` and `ys` are where cells may begin and end."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    rules: Rules

    def holds(self, piece: Placed) -> bool:
        """Whether the middle of a piece lies inside."""
        across = (piece.box.left + piece.box.right) / 2
        return self.xs[0] < across < self.xs[-1] and self.ys[0] < piece.middle < self.ys[-1]

    def table(self, pieces: Sequence[Placed]) -> Table | None:
        """The table with this text; None when its rows or columns are not all ruled."""
        return self._with_head_walls(pieces)._with_floors(pieces)._table(pieces)

    def _with_floors(self, pieces: Sequence[Placed]) -> "Grid":
        """The grid with lines between rows of text that fill all columns and stand well apart."""
        floors: list[float] = []
        for top, bottom in pairwise(self.ys):
            lines = rows_of([piece for piece in pieces if top < piece.middle < bottom])
            full = len(lines) > 1 and all(len(line) == len(self.xs) - 1 for line in lines)
            gaps = [
                (max(piece.box.bottom for piece in above), min(piece.box.top for piece in below))
                for above, below in pairwise(lines)
            ]
            height = median(piece.height for line in lines for piece in line) if lines else 0.0
            if full and all(low - high > _ROW_GAP * height for high, low in gaps):
                floors += [(high + low) / 2 for high, low in gaps]
        rules = tuple(Rule(at, self.xs[0], self.xs[-1]) for at in floors)
        ruled = replace(self.rules, horizontal=(*self.rules.horizontal, *rules))
        return replace(self, ys=tuple(sorted([*self.ys, *floors])), rules=ruled)

    def _with_head_walls(self, pieces: Sequence[Placed]) -> "Grid":
        """The grid with walls in a first row that shows none but has words over each column.

        Lines drawn on a coloured heading are often too faint to be found.
        """
        inner = self.xs[1:-1]
        if any(self._wall(0, column) for column in range(1, len(self.xs) - 1)):
            return self
        parts = [
            part
            for piece in pieces
            if self.ys[0] < piece.middle < self.ys[1]
            for part in cut_at_walls(piece, inner, wider=_HEAD_GAP)
        ]
        homes = {sum(x < (part.box.left + part.box.right) / 2 for x in inner) for part in parts}
        if len(homes) < len(self.xs) - 1:
            return self
        walls = tuple(Rule(x, self.ys[0], self.ys[1]) for x in inner)
        return replace(self, rules=replace(self.rules, vertical=(*self.rules.vertical, *walls)))

    def _table(self, pieces: Sequence[Placed]) -> Table | None:
        parts = [
            part
            for piece in pieces
            for whole in cut_at_walls(piece, self._walls_at(piece.middle))
            for part in split_at(whole, self.xs, angle_deg=0.0)
        ]
        cells = self._cells()
        filled = [
            Cell(
                cell.row,
                cell.column,
                _text(inside),
                cell.box,
                cell.row_span,
                cell.column_span,
            )
            for cell in cells
            for inside in [[part for part in parts if _is_in(part, cell.box)]]
        ]
        used = [cell for cell in filled if cell.text]
        is_table = len({cell.row for cell in used}) > 1 and len({cell.column for cell in used}) > 1
        if not is_table or self._is_open(parts):
            return None
        box = Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])
        return Table(len(self.ys) - 1, len(self.xs) - 1, _with_header(filled), box)

    def _cells(self) -> list[Cell]:
        """All cells, still without text."""
        rows, columns = len(self.ys) - 1, len(self.xs) - 1
        taken: set[tuple[int, int]] = set()
        cells = []
        for row in range(rows):
            for column in range(columns):
                if (row, column) in taken:
                    continue
                wide = 1
                while column + wide < columns and not self._wall(row, column + wide):
                    wide += 1
                tall = 1
                while row + tall < rows and not any(
                    self._floor(row + tall, column + step) for step in range(wide)
                ):
                    tall += 1
                taken |= {(row + y, column + x) for y in range(tall) for x in range(wide)}
                left, right = self.xs[column], self.xs[column + wide]
                box = Box(left, self.ys[row], right, self.ys[row + tall])
                cells.append(Cell(row, column, "", box, tall, wide))
        return cells

    def _wall(self, row: int, column: int) -> bool:
        """Whether a line is drawn on the left of this cell."""
        return _drawn(self.rules.vertical, self.xs[column], (self.ys[row], self.ys[row + 1]))

    def _walls_at(self, height: float) -> list[float]:
        """Where lines stand that are drawn through the row at this height."""
        row = min(sum(y < height for y in self.ys[1:-1]), len(self.ys) - 2)
        return [x for column, x in enumerate(self.xs) if self._wall(row, column)]

    def _floor(self, row: int, column: int) -> bool:
        """Whether a line is drawn above this cell."""
        return _drawn(self.rules.horizontal, self.ys[row], (self.xs[column], self.xs[column + 1]))

    def _is_open(self, parts: Sequence[Placed]) -> bool:
        lines = rows_of(parts)
        several = [line for line in lines if len(line) > 1]
        return len(several) > _MAX_LINES_PER_ROW * (len(self.ys) - 1)


def find_grids(rules: Rules) -> list[Grid]:
    """Groups of ruled lines that touch each other and leave at least two by two cells."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for rule in rules.horizontal:
        crossing = {index for index, rule_v in enumerate(rules.vertical) if _touch(rule, rule_v)}
        if crossing:
            groups.append(([rule], [rules.vertical[index] for index in sorted(crossing)]))
    grids = []
    for horizontal, vertical in _joined(groups):
        xs = _places_of(vertical, horizontal)
        ys = _places_of(horizontal, vertical)
        if len(xs) > 2 and len(ys) > 2:
            grids.append(Grid(xs, ys, Rules(tuple(horizontal), tuple(vertical))))
    return grids


def _joined(groups: list[tuple[list[Rule], list[Rule]]]) -> list[tuple[list[Rule], list[Rule]]]:
    joined: list[tuple[list[Rule], list[Rule]]] = []
    for horizontal, vertical in groups:
        meeting = [group for group in joined if any(rule in group[1] for rule in vertical)]
        for group in meeting:
            joined.remove(group)
            horizontal = [*group[0], *horizontal]
            vertical = [*group[1], *(rule for rule in vertical if rule not in group[1])]
        joined.append((horizontal, vertical))
    return joined


def _touch(lying: Rule, standing: Rule) -> bool:
    across = lying.start - _TOUCH_PX <= standing.at <= lying.end + _TOUCH_PX
    return across and standing.start - _TOUCH_PX <= lying.at <= standing.end + _TOUCH_PX


def _places_of(rules: Sequence[Rule], crossing: Sequence[Rule]) -> tuple[float, ...]:
    """Where rules lie, each place once; open sides end where the crossing rules end."""
    places: list[float] = []
    for at in sorted(rule.at for rule in rules):
        if not places or at - places[-1] > _SAME_PX:
            places.append(at)
    low, high = min(rule.start for rule in crossing), max(rule.end for rule in crossing)
    if places[0] - low > 3 * _TOUCH_PX:
        places.insert(0, low)
    if high - places[-1] > 3 * _TOUCH_PX:
        places.append(high)
    return tuple(places)


def _drawn(rules: Sequence[Rule], at: float, span: tuple[float, float]) -> bool:
    covered = sum(
        max(0.0, min(rule.end, span[1]) - max(rule.start, span[0]))
        for rule in rules
        if abs(rule.at - at) <= _SAME_PX
    )
    return covered > _DRAWN * (span[1] - span[0])


def _is_in(piece: Placed, box: Box | None) -> bool:
    if box is None:
        return False
    across = (piece.box.left + piece.box.right) / 2
    return box.left <= across < box.right and box.top <= piece.middle < box.bottom


def _text(pieces: Sequence[Placed]) -> str:
    return " ".join(piece.line.text for row in rows_of(pieces) for piece in row)


def _with_header(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    first = [cell for cell in cells if cell.row == 0]
    words = [cell for cell in first if cell.text]
    if len(words) < 2 or any(is_number(cell.text) for cell in words):
        return tuple(cells)
    deepest = max(cell.row_span for cell in first)
    return tuple(
        Cell(
            cell.row,
            cell.column,
            cell.text,
            cell.box,
            cell.row_span,
            cell.column_span,
            is_header=cell.row < deepest,
        )
        for cell in cells
    )
