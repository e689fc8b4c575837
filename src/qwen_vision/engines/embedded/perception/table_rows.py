"""Makes the rows of a table out of lines of text: cells of several lines, headings, spans."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median

from qwen_vision.engines.embedded.facts import Box
from qwen_vision.engines.embedded.perception.order import Placed
from qwen_vision.engines.embedded.perception.rules import Rule, Rules

# Lines of one cell stand close: their middles are at most this many letter heights apart.
_TIGHT = 1.3
_CLOSER = 0.85
_FULL = 0.8
# White between rows whose cells have several lines, in letter heights, and how much more it is
# than between the lines; the part of the columns that such lines fill at most.
_BAND = 0.3
_BAND_STEP = 0.12
_SPARSE = 0.8
_PARTLY = 0.08
_MAX_HEADER_LINES = 4
_NUMBER = re.compile(r"\d")
# What stands in brackets after words explains them: OR (95% CI).
_ASIDE = re.compile(r"(?<=[^\W\d_])\s*\([^()]*\)")
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Slot:
    """The text in the columns `first` to `last` of a row, in reading order."""

    first: int
    last: int
    pieces: tuple[Placed, ...]

    @property
    def text(self) -> str:
        """The text, its lines joined by spaces."""
        return " ".join(piece.line.text for piece in self.pieces)


@dataclass(frozen=True)
class Row:
    """One line of text across the table."""

    slots: tuple[Slot, ...]

    @cached_property
    def middle(self) -> float:
        """The height of its middle."""
        return median(piece.middle for slot in self.slots for piece in slot.pieces)

    @cached_property
    def columns(self) -> frozenset[int]:
        """The columns that hold text."""
        return frozenset(
            column for slot in self.slots for column in range(slot.first, slot.last + 1)
        )

    @property
    def starts_small(self) -> bool:
        """Whether its leftmost text goes on with a small letter, as a wrapped line does."""
        return min(self.slots, key=lambda slot: slot.first).text[:1].islower()

    @property
    def has_numbers(self) -> bool:
        """Whether a cell beside the first holds a number and no word."""
        return any(is_number(slot.text) for slot in self.slots if slot.first > 0)


@dataclass(frozen=True, slots=True)
class Body:
    """The lines of a table, the edges between its columns, its box, letter height and rules."""

    rows: tuple[Row, ...]
    edges: tuple[float, ...]
    box: Box
    height: float
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Gap:
    """Between a line and the one above: how far, the rules there, and how much they cover."""

    pitch: float
    rules: tuple[Rule, ...]
    ruled: float


def is_number(text: str) -> bool:
    """Whether a cell holds a value rather than words: 12, 4.5 %, 3 (0.1), 1,234.00 EUR."""
    told = _ASIDE.sub("", text)
    return bool(_NUMBER.search(told)) and len(_LETTERS.findall(text)) <= 1 and len(text) < 40


def logical_rows(body: Body) -> tuple[list[list[Slot]], int]:
    """The cells of each row of the table, and how many of the rows are headings."""
    gaps = [_gap(body, above, below) for above, below in pairwise(body.rows)]
    lines = _header_lines(body, gaps)
    rows = [
        _spread(row, gaps[index].rules, body) if index < min(lines, len(gaps)) else row
        for index, row in enumerate(body.rows)
    ]
    rows = [
        _over(row, below, body.edges) if index + 1 < lines and not gaps[index].rules else row
        for index, (row, below) in enumerate(zip(rows, [*rows[1:], Row(())], strict=True))
    ]
    groups: list[Row] = []
    headers = 0
    starts = _band_starts(rows, body.height, after=lines)
    for index, row in enumerate(rows):
        in_header = index < lines
        goes_on = bool(groups) and (
            index not in starts
            if starts and index >= lines
            else _goes_on(groups[-1], row, _Place(gaps, index, in_header, body.height))
        )
        if goes_on:
            groups[-1] = _merged(groups[-1], row)
        else:
            groups.append(row)
            headers += in_header
    return [list(row.slots) for row in groups], min(headers, len(groups) - 1)


def _band_starts(rows: Sequence[Row], height: float, *, after: int) -> frozenset[int]:
    """The lines that begin a row, where white bands part rows and lines of a cell stand close.

    Empty where the bands are no wider than between lines, or part what are rows themselves.
    """
    starts, bottom = [after], 0.0
    white = []
    for index, row in enumerate(rows[after:], start=after):
        boxes = [piece.box for slot in row.slots for piece in slot.pieces]
        top = min(box.top for box in boxes)
        if index > after:
            white.append((top - bottom) / height)
            starts += [index] if white[-1] >= _BAND else []
        bottom = max(bottom, *(box.bottom for box in boxes))
    loose = [gap for gap in white if gap >= _BAND]
    close = [gap for gap in white if gap < _BAND]
    if not loose or not close or min(loose) - max(close) < _BAND_STEP:
        return frozenset()
    ends = [*starts[1:], len(rows)]
    bands = [rows[start:end] for start, end in zip(starts, ends, strict=True)]
    return frozenset(starts) if all(_is_one_row(band) for band in bands) else frozenset()


def _is_one_row(lines: Sequence[Row]) -> bool:
    """Whether lines can be one row: they go on, or leave columns empty that others fill."""
    if len(lines) < 2:
        return True
    if any(_stands_alone(above, row) for above, row in pairwise(lines)):
        return False
    used = frozenset().union(*(row.columns for row in lines))
    filled = sum(len(row.columns) for row in lines)
    small = any(slot.text[:1].islower() for row in lines[1:] for slot in row.slots)
    return len(used) > 1 and (small or filled <= _SPARSE * len(used) * len(lines))


def _gap(body: Body, above: Row, below: Row) -> _Gap:
    rules = tuple(rule for rule in body.rules.horizontal if above.middle < rule.at < below.middle)
    left, right = body.box.left, body.box.right
    covered = sum(max(0.0, min(rule.end, right) - max(rule.start, left)) for rule in rules)
    return _Gap(below.middle - above.middle, rules, covered / max(1.0, right - left))


def _header_lines(body: Body, gaps: Sequence[_Gap]) -> int:
    """How many lines of text stand in the heading of the table."""
    full = [index for index, gap in enumerate(gaps, start=1) if gap.ruled >= _FULL]
    if full and full[0] <= max(_MAX_HEADER_LINES, len(gaps) // 3):
        return full[0]
    partly = [index for index, gap in enumerate(gaps, start=1) if gap.ruled >= _PARTLY]
    if partly and partly[0] <= 2:
        return _through_wrapped(body, gaps, partly[0] + 1)
    first, rest = body.rows[0], body.rows[1:]
    if len(first.slots) > 1 and not first.has_numbers and any(row.has_numbers for row in rest):
        return _through_wrapped(body, gaps, 1)
    return 0


def _through_wrapped(body: Body, gaps: Sequence[_Gap], lines: int) -> int:
    while (
        lines < min(_MAX_HEADER_LINES, len(gaps))
        and gaps[lines - 1].pitch <= _TIGHT * body.height
        and not body.rows[lines].has_numbers
        and 0 not in body.rows[lines].columns
    ):
        lines += 1
    return lines


def _spread(row: Row, rules: Sequence[Rule], body: Body) -> Row:
    """A heading over a rule spans all columns that the rule runs under."""
    bounds = [body.box.left, *body.edges, body.box.right]
    slots = list(row.slots)
    for rule in rules:
        under = [
            column
            for column, (left, right) in enumerate(pairwise(bounds))
            if min(rule.end, right) - max(rule.start, left) > 0.5 * (right - left)
        ]
        over = [slot for slot in slots if under and under[0] <= slot.first <= under[-1]]
        if len(over) == 1 and rule.length < _FULL * (body.box.right - body.box.left):
            spread = replace(over[0], first=under[0], last=max(under[-1], over[0].last))
            slots[slots.index(over[0])] = spread
    return Row(tuple(slots))


def _over(row: Row, below: Row, edges: Sequence[float]) -> Row:
    """A heading that stands over the middle of several headings spans their columns."""
    single = {slot.first: slot for slot in below.slots if slot.first == slot.last}
    own = [slot for slot in row.slots if single.keys() & set(range(slot.first, slot.last + 1))]
    if len(row.slots) >= len(below.slots) or not any(_between(slot, edges) for slot in own):
        return row
    slots = list(row.slots)
    for slot in own:
        children = [
            column
            for column, child in single.items()
            if min(own, key=lambda parent: abs(_center(parent) - _center(child))) is slot
        ]
        if len(children) > 1 and slot.first >= min(children) and slot.last <= max(children):
            spread = replace(slot, first=min(children), last=max(children))
            slots[slots.index(slot)] = spread
    return Row(tuple(slots))


def _between(slot: Slot, edges: Sequence[float]) -> bool:
    left = min(piece.box.left for piece in slot.pieces)
    right = max(piece.box.right for piece in slot.pieces)
    return any(left < edge < right for edge in edges)


def _center(slot: Slot) -> float:
    left = min(piece.box.left for piece in slot.pieces)
    return (left + max(piece.box.right for piece in slot.pieces)) / 2


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a line stands in the table."""

    gaps: Sequence[_Gap]
    index: int
    in_header: bool
    height: float

    @property
    def gap(self) -> _Gap:
        return self.gaps[self.index - 1]

    @property
    def is_ruled_throughout(self) -> bool:
        ruled = sum(gap.ruled >= _FULL for gap in self.gaps)
        return ruled >= 3 and ruled * 2 >= len(self.gaps)

    @property
    def is_closer(self) -> bool:
        usual = median(gap.pitch for gap in self.gaps)
        return self.gap.pitch < _CLOSER * usual


def _goes_on(above: Row, row: Row, place: _Place) -> bool:
    """Whether a line belongs to the cells above it."""
    if place.gap.ruled >= _PARTLY:
        return False
    if place.is_ruled_throughout:
        return not _stands_alone(above, row)
    if place.gap.pitch > _TIGHT * place.height:
        return False
    return not _is_split(above, row) if place.in_header else _is_wrapped(above, row, place)


def _stands_alone(above: Row, row: Row) -> bool:
    """Whether a line fills nearly all columns that the one above does, numbers under numbers."""
    under = [
        slot
        for slot in row.slots
        # A range or an error in brackets belongs to the number above it.
        if slot.first > 0 and is_number(slot.text) and slot.text[:1] not in "([±"
    ]
    over = {
        slot.first: slot.pieces[-1].line.text
        for slot in above.slots
        if is_number(slot.pieces[-1].line.text) and not slot.text.endswith("-")
    }
    full = len(row.columns) >= max(2, len(above.columns) - 1)
    return full and sum(slot.first in over for slot in under) >= 1


def _is_wrapped(above: Row, row: Row, place: _Place) -> bool:
    """Whether a line goes on with what cells of the line above it began to say."""
    if _stands_alone(above, row):
        return False
    if 0 not in row.columns:
        return row.columns < above.columns or (row.columns <= above.columns and place.is_closer)
    if above.columns == {0} and row.starts_small:
        return True
    if row.columns == {0} and 0 in above.columns:
        return row.starts_small or (place.is_closer and len(above.columns) > 1)
    return row.starts_small and row.columns < above.columns


def _is_split(above: Row, row: Row) -> bool:
    """Whether a heading that spans columns stands over headings of these columns."""
    return any(
        sum(wide.first <= slot.first <= wide.last for slot in row.slots) > 1
        for wide in above.slots
        if wide.last > wide.first
    )


def _merged(above: Row, below: Row) -> Row:
    slots = list(above.slots)
    for slot in below.slots:
        meeting = [
            other for other in slots if other.first <= slot.last and slot.first <= other.last
        ]
        pieces = tuple(piece for other in meeting for piece in other.pieces) + slot.pieces
        first = min([slot.first, *(other.first for other in meeting)])
        last = max([slot.last, *(other.last for other in meeting)])
        slots = [other for other in slots if other not in meeting]
        slots.append(Slot(first, last, pieces))
    return Row(tuple(sorted(slots, key=lambda slot: slot.first)))
