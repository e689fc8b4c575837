"""Letters: how large the type of a line is, by how wide its letters run."""

from collections.abc import Iterable, Sequence
from functools import cache
from math import dist
from typing import Final

from qwen_vision.engines.embedded.documents.sheet import height
from qwen_vision.engines.embedded.facts import TextLine

# Widths of letters in parts of the type size, as the common text faces have them.
_THIN: Final = frozenset("ijl|.,:;'!I ·•")
_SLIM: Final = frozenset('ftr()[]{}-"/\\')
_BROAD: Final = frozenset("mwMW@%—…")
# The ends of a line of few letters weigh too much for its width to say its size.
_FEW: Final = 6
_SHORT: Final = 12


def type_size(line: TextLine) -> float:
    """The type size of a line in pixels, by the width of its letters; bold counts as larger.

    The box of a line is as tall as its tallest letters happen to be; its width says more.
    """
    width = dist(line.quad[0], line.quad[1])
    return width / max(0.5, sum(_width(char) for char in line.text))


class Type:
    """The usual type of a page, which most of its letters have, and lines measured by it."""

    def __init__(self, lines: Sequence[TextLine]) -> None:
        self.height = _usual((height(line), len(line.text)) for line in lines)
        self._size = _usual((type_size(line), len(line.text)) for line in lines)

    def times(self, line: TextLine) -> float:
        """How many times the usual size a line is set in."""
        wide, tall = type_size(line) / self._size, height(line) / self.height
        if len(line.text) >= _SHORT:
            return wide
        return min(wide, tall if len(line.text) < _FEW else 1.12 * tall)

    def is_tall(self, line: TextLine) -> bool:
        """Whether the line is not lower than most: typewriter faces are only wider."""
        return height(line) > 1.03 * self.height


@cache
def _width(char: str) -> float:
    if char >= "\u2e80":
        return 1.0
    if char in _THIN:
        return 0.27
    if char in _SLIM:
        return 0.35
    if char in _BROAD:
        return 0.85
    return 0.68 if char.isupper() else 0.55


def _usual(weighted: Iterable[tuple[float, int]]) -> float:
    """The middle value, each counting by its weight; 1 where there is none."""
    values = sorted(weighted)
    half = sum(weight for _, weight in values) / 2
    for value, weight in values:
        half -= weight
        if half <= 0:
            return value or 1.0
    return 1.0
