"""Lists: bulleted and numbered rows, and the rows that go on with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from qwen_vision.engines.embedded.facts import Box, TextLine

_BULLET: Final = re.compile(
    r"(?:[•·▪◦●○■□‣∙◆◇➢➤✓✔。]\s*|[-*–]\s+|o\s+(?=[A-Z])|o(?=[A-Z][a-z]))(?=\S)"
)
_NUMBER: Final = re.compile(
    r"(?:\(?(?P<number>\d{1,2})[.)）]|(?P<chinese>\d{1,2})、)\s*(?=[^\d\s])"
)
# Indents closer than this, in letter heights, are one.
_INDENT: Final = 0.8


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its text without the marker, `number` 0 for a bullet, `depth` from 0."""

    text: str
    number: int
    box: Box
    left: float
    depth: int = 0


def marker(text: str) -> re.Match[str] | None:
    """The bullet or number that begins an item; None when the text begins with neither."""
    return _BULLET.match(text) or _NUMBER.match(text)


def number_of(text: str) -> int:
    """The number that begins an item, 0 for a bullet or for none."""
    found = _NUMBER.match(text)
    return int(found["number"] or found["chinese"]) if found else 0


def item_of(rows: Sequence[Sequence[TextLine]], box: Box) -> Item:
    """The item that these rows are; the first begins with a marker."""
    text = " ".join(line.text for row in rows for line in row)
    begin = marker(text)
    left = rows[0][0].box.left
    return Item(text[begin.end() :] if begin else text, number_of(text), box, left)


def is_list(items: Sequence[Item]) -> bool:
    """Whether items are one list: a number alone, or out of order, begins no item."""
    numbers = [item.number for item in items if item.number]
    if not numbers:
        return bool(items)
    return any(later == one + 1 for one, later in pairwise(numbers))


def nested(items: Sequence[Item], *, height: float) -> tuple[Item, ...]:
    """The items with their depth, by how far each is indented."""
    steps: list[float] = []
    found = []
    for item in items:
        while steps and item.left < steps[-1] - _INDENT * height:
            steps.pop()
        if not steps or item.left > steps[-1] + _INDENT * height:
            steps.append(item.left)
        found.append(replace(item, depth=len(steps) - 1))
    return tuple(found)
