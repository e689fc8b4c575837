"""Charts: numbers printed over the categories of an axis. Print only; bars are not measured."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import read_number
from qwen_vision.engines.embedded.documents.sheet import height
from qwen_vision.engines.embedded.facts import ChartMark, Reading, TextLine

_NUMBER: Final = re.compile(r"[-\u2212+]?[$€£¥]?\d[\d.,]*\s?%?")
_MIN_CATEGORIES: Final = 3
_MIN_TICKS: Final = 4
# A chart whose labels are mostly without a printed number says nothing sure.
_MIN_LABELLED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Labelled:
    """A category of a chart and its number, printed over it or measured (`why` says which)."""

    category: str
    value: str
    line: TextLine
    why: str = "over it"


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    x: float
    y: float
    line: TextLine

    @property
    def is_number(self) -> bool:
        # A number in a title ("in 2025") belongs to its words.
        return all(_NUMBER.fullmatch(word) for word in self.line.text.split())


def chart_values(reading: Reading) -> list[Labelled]:
    """The categories along the foot of a chart, each with the one number printed over it.

    Of a chart that was measured, each category with its value, where it has one series.
    Empty when the picture shows no such row of labels, or when its numbers can not be told
    apart from the ticks of an axis or belong to several series.
    """
    if reading.chart is not None:
        chart = reading.chart
        return [labelled(mark) for mark in chart.marks] if len(chart.series) == 1 else []
    tokens = [token for line in reading.lines for token in _tokens(line)]
    feet = _categories(tokens)
    if len(feet) < _MIN_CATEGORIES:
        return []
    ticks = {id(token) for token in _ticks(tokens)}
    foot = min(token.y for token in feet)
    numbers = [
        token for token in tokens if token.is_number and token.y < foot and id(token) not in ticks
    ]
    step = median(right.x - left.x for left, right in pairwise(feet))
    pairs: dict[int, _Token] = {}
    for number in numbers:
        place = min(range(len(feet)), key=lambda place: abs(feet[place].x - number.x))
        if abs(feet[place].x - number.x) > step * 0.4:
            continue
        if place in pairs:
            return []
        pairs[place] = number
    if len(pairs) < _MIN_LABELLED * len(feet):
        return []
    return [Labelled(feet[at].text, pairs[at].text, pairs[at].line) for at in sorted(pairs)]


def labelled(mark: ChartMark) -> Labelled:
    """A mark of a measured chart, its place as that of a line of print."""
    box = mark.box
    quad = (
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
        (box.left, box.bottom),
    )
    why = "printed at its mark" if mark.printed else "measured, not printed"
    return Labelled(mark.category, mark.text, TextLine(mark.text, quad, 1.0), why)


def _tokens(line: TextLine) -> list[_Token]:
    """The words of a line, each with the place of its middle by its share of the letters."""
    box = line.box
    step = (box.right - box.left) / max(len(line.text), 1)
    middle = (box.top + box.bottom) / 2
    return [
        _Token(match[0], box.left + (match.start() + match.end()) / 2 * step, middle, line)
        for match in re.finditer(r"\S+", line.text)
    ]


def _categories(tokens: Sequence[_Token]) -> list[_Token]:
    """The lowest row of at least three labels that are no numbers, left to right."""
    words = [token for token in tokens if not token.is_number]
    for low in sorted(words, key=lambda token: -token.y):
        reach = 0.5 * height(low.line)
        row = [token for token in words if abs(token.y - low.y) <= reach]
        below = [token for token in tokens if token.is_number and token.y > low.y + reach]
        if len(row) >= _MIN_CATEGORIES and not below:
            return sorted(row, key=lambda token: token.x)
    return []


def _ticks(tokens: Sequence[_Token]) -> list[_Token]:
    """Numbers one above the other at the side that rise in equal steps: an axis."""
    numbers = [token for token in tokens if token.is_number]
    for first in sorted(numbers, key=lambda token: token.x):
        reach = 1.2 * height(first.line)
        column = [token for token in numbers if abs(token.x - first.x) <= reach]
        column.sort(key=lambda token: token.y)
        values = [read_number(re.sub(r"[%$€£¥\s]", "", token.text)) for token in column]
        known = [value for value in values if value is not None]
        steps = {upper - lower for upper, lower in pairwise(known)}
        if len(column) >= _MIN_TICKS and len(steps) <= 2:
            return column
    return []
