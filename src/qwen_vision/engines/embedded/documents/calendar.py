"""Calendar: the days of a month's sheet, their weekdays, and what is written in each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import TextLine

_DAY: Final = re.compile(r"(?P<day>[1-9]|[12]\d|3[01])(?:\s+(?P<rest>\D.*))?")
_WEEKDAY: Final = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?|(?:周|星期|礼拜)?[一二三四五六日天]",
    re.IGNORECASE,
)
_FEWEST_DAYS: Final = 20
_FEWEST_HEADS: Final = 5


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the sheet: its number, the weekday over its column, what is written in it."""

    number: int
    weekday: str
    events: str
    line: TextLine


def calendar_days(sheet: Sheet) -> list[Day]:
    """The days of a month in order; empty when the page is no calendar.

    A calendar has a row of weekdays and at least twenty days under it, each once.
    """
    heads = [line for line in sheet.lines if _WEEKDAY.fullmatch(line.text.strip())]
    days = [
        (int(match["day"]), match["rest"] or "", line)
        for line in sheet.lines
        if (match := _DAY.fullmatch(line.text.strip()))
    ]
    numbers = [number for number, _, _ in days]
    if len(heads) < _FEWEST_HEADS or len(set(numbers)) < _FEWEST_DAYS:
        return []
    if len(set(numbers)) < len(numbers):
        return []
    lines = [line for _, _, line in days]
    written = _written(sheet, lines, below=max(head.box.top for head in heads))
    return [
        Day(number, _head(line, heads), " ".join([rest, *written[id(line)]]).strip(), line)
        for number, rest, line in sorted(days, key=lambda day: day[0])
    ]


def _head(line: TextLine, heads: Sequence[TextLine]) -> str:
    """The weekday whose column the day stands in: the columns follow in the same order."""
    step = _step(heads)
    nearest = min(heads, key=lambda head: abs(_offset(line, head, step)))
    return nearest.text.strip()


def _offset(line: TextLine, head: TextLine, step: float) -> float:
    """How far a day stands from the cell of a head, whether cells begin or centre their words."""
    left = line.box.left - head.box.left
    middle = (line.box.left + line.box.right - head.box.left - head.box.right) / 2
    return min(abs(left), abs(middle)) if abs(left) < step else left


def _step(lines: Sequence[TextLine]) -> float:
    lefts = sorted(line.box.left for line in lines)
    return median([right - left for left, right in pairwise(lefts)]) if len(lefts) > 1 else 1.0


def _written(sheet: Sheet, days: Sequence[TextLine], *, below: float) -> dict[int, list[str]]:
    """Every other line under the head, by the day in whose cell it stands."""
    taken = {id(line) for line in days}
    found: dict[int, list[str]] = {id(line): [] for line in days}
    for line in sheet.lines:
        above = [day for day in days if day.box.top <= line.box.top]
        if id(line) in taken or line.box.top <= below or not above:
            continue
        week = max(day.box.top for day in above)
        row = [day for day in above if week - day.box.top < (day.box.bottom - day.box.top)]
        nearest = min(row, key=lambda day: abs(day.box.left - line.box.left))
        found[id(nearest)].append(line.text.strip())
    return found
