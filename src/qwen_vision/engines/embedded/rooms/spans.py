"""Spans: how far a printed number went, and how much time lies between two printed times."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.cells import crossings
from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import names, stems
from qwen_vision.engines.embedded.facts import Reading, Table

_RISE: Final = re.compile(
    r"\bby how (?:much|many)\b|\bhow (?:much|many)\b.{0,60}\b(?:rise|rose|risen|grow|grew|grown|"
    r"increase\w*|fall|fell|fallen|drop\w*|decrease\w*|decline\w*|changed?|(?:go|goes|gone|went) "
    r"(?:up|down))\b|(?:涨|上升|上涨|下降|增加|增长|减少|提高|降低|降)了?多少",
    re.IGNORECASE,
)
_FROM_TO: Final = re.compile(
    r"(?:\bfrom|从|由|\bwas|\bwere)\s*(?P<first>[$€£¥￥]?\s?\d[\d,.]*\d?\s?%?)[^.;\d]{0,12}?"
    r"(?:\bto|到|至|→|->|\bnow)\s*(?P<last>[$€£¥￥]?\s?\d[\d,.]*\d?\s?%?)",
    re.IGNORECASE,
)
_LONG: Final = re.compile(
    r"\bhow long\b|\bhow many (?:minutes|hours)\b|\bduration\b|\b(?:travel|journey) time\b|多久|"
    r"多长时间|几个?小时|多少分钟",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?![\d:])")
_LASTS: Final = re.compile(
    r"\b\d+ ?(?:minutes?|mins?|hours?|hrs?|days?|weeks?)\b|\d+ ?(?:分钟|小时|天)", re.I
)
# What stands between the two ends of a time: "doors 18:30 · show 20:00" are none.
_JOINS: Final = re.compile(
    r"\s*(?:[-–—~→]|to|until|till|bis|and|arr\w*|arrives?(?: at)?|至|到)\s*", re.IGNORECASE
)
# Words that ask for a change, not for what changed.
_RISING: Final = stems(
    "grow rise fall increase decrease change percentage point points percent go up"
)


def asks_a_span(question: str) -> bool:
    """Whether a question asks how far a number went or how long something takes."""
    return bool(_RISE.search(question) or _LONG.search(question))


def went_from(question: str, readings: Sequence[Reading]) -> tuple[str, str] | None:
    """How far a number went that the page tells as "from 5.1% to 3.9%", and the sum for it."""
    if not _RISE.search(question):
        return None
    asked = stems(question) - _RISING
    found = [
        (len(asked & stems(sentence)), match["first"].strip(), match["last"].strip())
        for reading in readings
        for sentence in sentences(reading)
        for match in _FROM_TO.finditer(sentence)
    ]
    best = max(found, default=None, key=lambda one: one[0])
    if best is None or not best[0]:
        return None
    first, last = (find_amounts(text.rstrip(".,")) for text in best[1:])
    if not first or not last:
        return None
    high, low = sorted((first[0], last[0]), key=lambda one: -one.value)
    mark = next(iter(re.findall(r"^[$€£¥￥]", high.text)), "")
    return f"{mark}{high.value - low.value}", f"{high.text} − {low.text}"


def time_between(question: str, readings: Sequence[Reading]) -> tuple[str, str] | None:
    """The time from one row of a timetable to another, or between the two times of a line."""
    if not _LONG.search(question):
        return None
    for reading in readings:
        for table in reading.tables:
            times = [found for found in _rows_named(table, question) if found[1]]
            if (
                len(times) == 2
                and (column := min(times[0][1].keys() & times[1][1].keys(), default=-1)) >= 0
            ):
                (one, first), (two, last) = times
                return _told(first[column], last[column], f"{one} {{}}, {two} {{}}")
        named = [cell for cell in crossings(reading, question) if _TIME.fullmatch(cell.text)]
        if len(named) == 2:
            pattern = ", ".join(f"{cell.row} {{}}" for cell in named)
            return _told(named[0].text, named[1].text, pattern)
        if not _LASTS.search(reading.text) and (found := _on_a_line(reading, question)):
            return found
    return None


def _on_a_line(reading: Reading, question: str) -> tuple[str, str] | None:
    rows = [row for row in reading.text.split("\n") if len(_TIME.findall(row)) == 2]
    named = [row for row in rows if stems(row) & stems(question)]
    if len(named or rows) != 1:
        return None
    first, last = _TIME.finditer((named or rows)[0])
    if not _JOINS.fullmatch((named or rows)[0][first.end() : last.start()]):
        return None
    return _told(first[0], last[0], "{} – {}")


def _rows_named(table: Table, question: str) -> Iterator[tuple[str, dict[int, str]]]:
    """The rows whose first cell the question names, with their times by column."""
    rows: dict[int, dict[int, str]] = {}
    for cell in table.cells:
        rows.setdefault(cell.row, {})[cell.column] = cell.text
    for cells in rows.values():
        label = cells.get(0, "")
        if label and names(label, question):
            yield label, {at: text for at, text in cells.items() if at and _TIME.fullmatch(text)}


def _told(first: str, last: str, pattern: str) -> tuple[str, str]:
    minutes = (_minutes(last) - _minutes(first)) % (24 * 60)
    hours, rest = divmod(minutes, 60)
    long = f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
    return long, pattern.format(first, last)


def _minutes(text: str) -> int:
    match = _TIME.search(text)
    return int(match["hour"]) * 60 + int(match["minute"]) if match else 0
