"""Labelled values: what stands after, right of or under a label."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import Concept, Kind, fold, is_label
from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.take import Taken, take
from qwen_vision.engines.embedded.facts import TextLine

_BETWEEN: Final = " \t:：=.#-–—*>|)]"
_ENDS_AS_LABEL: Final = re.compile(r"[:：]\s*$")
_TABULAR: Final[frozenset[Kind]] = frozenset({"date", "time", "id", "phone", "currency", "text"})
# Words that go on with a label and are no value of it: "Passenger" and "Passenger name".
_GOES_ON: Final = re.compile(
    r"(?i)(?:name|number|no|nr|id|code|date|details|信息|/.*|"
    r"\([^)]*\)?)\.?"
)
_OTHER_LABEL: Final = re.compile(r"(?i)(?:number|no|nr|id|code|date|signature)\.?")
_NEXT_LABEL: Final = re.compile(r"(?<=\S)\s+(?P<label>[^\W\d_][^:：]{0,24})[:：]")
# Labels nobody lists: two of them, or a Chinese one after a space, make a line of entries.
_ENTRY: Final = re.compile(
    r"(?<=\S)\s+(?P<label>[\u3400-\u9fff]{2,5}|[A-Z][a-z]+(?: [a-z]+)?)\s?[:：]"
)
# Values told from words by their shape; they may also stand over their label.
_SHAPED: Final[frozenset[Kind]] = frozenset({"date", "time", "id", "amount"})
# Heads of the columns of a bill: under "Total" beside one stands a line's sum, not the bill's.
_COLUMN_HEAD: Final = re.compile(
    r"(?i)^\W*(?:q'?ty|quantity|quant|unit ?price|price|rate|menge|anzahl|(?:einzel)?preis|"
    r"q(?:ua)?n?tit(?:e|é|à)|qt[eé]|prix.*|p\.u\.?.*|cantidad|cant|precio.*|prezzo.*|aantal|prijs|"
    r"数量|单价|単価|desc\w*|item|details?|hours)\.?\W*$"
)
_LONG_LABEL: Final = 6
_BARS: Final = re.compile(r"\s*[|·•]\s*")
# Many properties of a schema ask for the same concepts of the same page.
_KEPT: Final = 256
_LONGEST_COLUMN: Final = 8
_COLUMN_GAP: Final = 3.0
_CENT: Final = Decimal("0.011")
# How much nearer the value over a label must be than the one under it.
_NEARER: Final = 0.6

# Values of these kinds are told by their shape, wherever in a line their label stands.
_UNMISTAKABLE: Final[frozenset[Kind]] = frozenset({"iban", "bic"})


def labelled(sheet: Sheet, concept: Concept) -> list[Found]:
    """Values of the concept that a label names, best label first, then from the top."""
    return list(_labelled(sheet, concept))


@lru_cache(maxsize=_KEPT)
def _labelled(sheet: Sheet, concept: Concept) -> tuple[Found, ...]:
    found = [value for line in sheet.lines for value in _at_label(sheet, line, concept)]
    return tuple(sorted(found, key=lambda value: value.rank))


def after_label(sheet: Sheet, line: TextLine, rest: str, *, kind: Kind) -> Iterator[Found]:
    """Values for a label in `line` after which `rest` follows: same line, right of it, below."""
    order = sheet.date_order
    said = rest.strip(_BETWEEN)
    if kind in {"text", "party"} and _OTHER_LABEL.fullmatch(said):
        # "Employee ID" is another label than "Employee".
        return
    rest = "" if _GOES_ON.fullmatch(said) else _own_part(rest)
    if not rest.strip(_BETWEEN) and (under := sheet.value_under(line)) is not None:
        told = take(under.text, kind, order=order)
        if told is not None:
            last = _sum_of_column(sheet, (under, told)) if kind == "amount" else None
            place, value = last or (under, told)
            yield _found(value, place, line)
        return
    taken = take(rest, kind, order=order) if rest.strip(_BETWEEN) else None
    right = _right(sheet, line, kind)
    if taken is not None and not _better(right, taken, kind):
        yield _found(taken, line, line)
    elif right is not None:
        yield _found(right[1], right[0], line)
    elif not rest.strip(_BETWEEN):
        yield from _stacked(sheet, line, kind)


def _right(sheet: Sheet, line: TextLine, kind: Kind) -> tuple[TextLine, Taken] | None:
    """The value right of a label: near it, or alone at the far edge of a list of settings."""
    neighbours = sheet.right_of(line)
    if kind == "text" and neighbours and names_value(neighbours[0].text):
        return None
    beside = [(other, take(other.text, kind, order=sheet.date_order)) for other in neighbours]
    product = _product(beside) if kind == "amount" else None
    right = product or next(((one, value) for one, value in beside if value is not None), None)
    if right is None or _is_near(sheet, line, right[0], kind=kind):
        return right
    return right if kind == "text" and len(neighbours) == 1 else None


def _product(beside: Sequence[tuple[TextLine, Taken | None]]) -> tuple[TextLine, Taken] | None:
    """The last of three numbers that is the first times the second: units, rate and amount."""
    numbers = [(line, value) for line, value in beside if value is not None and value.pure]
    plain = [value.plain for _, value in numbers[:3] if isinstance(value.plain, Decimal)]
    if len(plain) != 3 or abs(plain[0] * plain[1] - plain[2]) >= _CENT:
        return None
    return numbers[2]


def _own_part(rest: str) -> str:
    """What follows a label up to the next one: `A12 Guests: 3` is `A12`."""
    for match in _NEXT_LABEL.finditer(rest):
        if is_label(match["label"]):
            return rest[: match.start()]
    entries = list(_ENTRY.finditer(rest))
    if len(entries) > 1 or (entries and entries[0]["label"] > "\u3000"):
        return rest[: entries[0].start()]
    for mark in re.finditer("[:：]", rest):
        # Reading leaves no room between Chinese entries.
        for start in range(max(1, mark.start() - _LONG_LABEL), mark.start() - 1):
            if rest[start] > "\u3000" and is_label(rest[start : mark.start()]):
                return rest[:start]
    return rest


def _stacked(sheet: Sheet, line: TextLine, kind: Kind) -> Iterator[Found]:
    """The value under a label or, of some kinds, over it: whichever is nearer."""
    row = sheet.rows[sheet.row_of[id(line)]]
    if kind == "amount" and any(_COLUMN_HEAD.match(other.text) for other in row):
        return
    if kind not in _TABULAR | _SHAPED:
        return
    under = _first(sheet, sheet.below(line)[:3], kind=kind)
    if under is not None and kind == "amount":
        under = _sum_of_column(sheet, under) or under
    over = _first(sheet, sheet.above(line)[:1], kind=kind) if kind in _SHAPED else None
    if over is not None and not (over[1].pure and _is_free(sheet, over[0])):
        over = None
    if over is not None and under is not None:
        up, down = line.box.top - over[0].box.bottom, under[0].box.top - line.box.bottom
        over = over if up < _NEARER * down else None
    chosen = over or under
    if chosen is not None:
        yield _found(chosen[1], chosen[0], line)


def _sum_of_column(sheet: Sheet, first: tuple[TextLine, Taken]) -> tuple[TextLine, Taken] | None:
    """The last amount of a column when it is the sum of those over it, which begin with `first`."""
    column = [first]
    while len(column) < _LONGEST_COLUMN:
        line = column[-1][0]
        reach = line.box.bottom + _COLUMN_GAP * height(line)
        lower = [
            (other, taken)
            for other in sheet.lines
            if line.box.bottom - height(line) / 2 < other.box.top < reach
            and abs(other.box.right - line.box.right) < height(line)
            and (taken := take(other.text, "amount")) is not None
            and taken.pure
        ]
        if not lower:
            return None
        column.append(min(lower, key=lambda one: one[0].box.top))
        numbers = [taken.plain for _, taken in column if isinstance(taken.plain, Decimal)]
        if len(numbers) > 2 and abs(sum(numbers[:-1], Decimal(0)) - numbers[-1]) < _CENT:
            return column[-1]
    return None


def _first(sheet: Sheet, lines: Sequence[TextLine], *, kind: Kind) -> tuple[TextLine, Taken] | None:
    for other in lines:
        # A sum may be named "Cash", and so may a way to pay: only other labels end a search.
        if kind == "text" and is_label(other.text, sums=False):
            return None
        value = take(other.text, kind, order=sheet.date_order)
        pure = value is not None and (value.pure or kind not in {"id", "phone", "amount"})
        if value is not None and pure and not _ENDS_AS_LABEL.search(other.text):
            return other, value
    return None


def _is_free(sheet: Sheet, value: TextLine) -> bool:
    """Whether no label stands left of a value: it would name it."""
    left = [
        other
        for other in sheet.lines
        if other is not value
        and abs(sheet.level(other) - sheet.level(value)) < 0.5 * height(value)
        and other.box.right <= value.box.left
    ]
    nearest = max(left, key=lambda other: other.box.right, default=None)
    return nearest is None or not names_value(nearest.text)


def split_label(text: str, pattern: re.Pattern[str]) -> str | None:
    """What follows a label at the start of a text, or None when the text has no such label."""
    for match in pattern.finditer(fold(text)):
        before, after = text[: match.start()], text[match.end() :]
        starts = not re.search(r"[^\W_]", before) or match[0] > "\u3000"
        marked = re.match(r"[ )\]]*(?:\([^)]*\))?\s*[:：#]", after)
        if starts or marked:
            return after
    return None


def _after_inner(text: str, pattern: re.Pattern[str]) -> str | None:
    """What follows a label in the middle of a text, as in `IBAN DE12 ... BIC COBADEFF`."""
    match = pattern.search(fold(text))
    return None if match is None else text[match.end() :]


def _before_date(text: str, pattern: re.Pattern[str], sheet: Sheet) -> str | None:
    """The date right after a label in the middle of a text, as in `ends on 1 May 2025`."""
    for match in pattern.finditer(fold(text)):
        rest = text[match.end() :].lstrip(" :,")
        dates = find_dates(rest, sheet.date_order)
        # A word as short as "le" stands before any date.
        before = find_dates(text[: match.start()], sheet.date_order)
        ends_period = before and text[: match.start()].rstrip().endswith(before[-1].text)
        if dates and dates[0].start == 0 and len(match[0]) >= _LONG_LABEL and not ends_period:
            return dates[0].text
    return None


def _at_label(sheet: Sheet, line: TextLine, concept: Concept) -> Iterator[Found]:
    lowered = fold(line.text)
    if concept.never is not None and concept.never.search(lowered):
        return
    for rank, pattern in enumerate(concept.labels):
        rest = split_label(line.text, pattern)
        if rest is None:
            # Bars part the entries of one line.
            pieces = _BARS.split(line.text)[1:]
            rest = next((own for one in pieces if (own := split_label(one, pattern))), None)
        if rest is None and concept.kind in _UNMISTAKABLE:
            rest = _after_inner(line.text, pattern)
        if rest is None and concept.kind == "date":
            rest = _before_date(line.text, pattern, sheet)
        if rest is None:
            continue
        for value in after_label(sheet, line, rest, kind=concept.kind):
            yield Found(value.text, value.plain, value.lines, value.why, value.label, rank)
        return


def names_value(text: str) -> bool:
    """Whether a text is or begins with a label: what stands beside it belongs to that."""
    head, mark, _ = text.replace("：", ":").partition(":")
    return is_label(head if mark else text) or bool(_ENDS_AS_LABEL.search(text))


def _better(right: tuple[TextLine, Taken] | None, taken: Taken, kind: Kind) -> bool:
    """Whether an amount alone to the right beats a number inside the label's own line."""
    return kind == "amount" and right is not None and right[1].pure and not taken.pure


def _is_near(sheet: Sheet, line: TextLine, other: TextLine, *, kind: Kind) -> bool:
    """Text must stand close to its label; numbers may stand at the far edge of the row."""
    if kind in {"amount", "count", "percent"}:
        return True
    gap = other.box.left - line.box.right
    return gap < 12 * max(height(line), sheet.line_height)


def _found(taken: Taken, line: TextLine, label: TextLine) -> Found:
    where = "same line" if line is label else "beside or under its label"
    return Found(taken.text, taken.plain, (line,), f"{where}: {label.text}", label)
