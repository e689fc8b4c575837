"""Titles: what stands over a chart and along its axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.perception.plots.words import Word

_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Titles:
    """The words over a chart, under its labels and beside its ticks; "" for none."""

    title: str = ""
    under: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The edges of what a chart draws, and of the labels under and left of it."""

    left: float
    top: float
    right: float
    bottom: float
    labels_left: float
    labels_bottom: float


def find_titles(words: Sequence[Word], frame: Frame, used: Sequence[Word]) -> Titles:
    """The titles among the words that name nothing else."""
    taken = {id(word) for word in used}
    free = [word for word in words if id(word) not in taken]
    return Titles(_over(free, frame), _under(free, frame), _beside(free, frame))


def _over(free: Sequence[Word], frame: Frame) -> str:
    above = [
        word for word in free if word.level and word.y < frame.top and word.x > frame.labels_left
    ]
    named = [line for line in _lines(above) if sum(map(str.isalpha, _text(line))) >= _LETTERS]
    if not named:
        return ""
    high = max(line[0].height for line in named)
    # The name of an axis may stand over it, in the size of its labels, at the left.
    return _text(next(line for line in named if line[0].height >= 0.85 * high))


def _under(free: Sequence[Word], frame: Frame) -> str:
    lines = _lines(
        [
            word
            for word in free
            if word.level
            and word.y > frame.labels_bottom - 1
            and word.left > frame.labels_left - 5
            and word.right < frame.right + 0.3 * (frame.right - frame.left)
        ]
    )
    middle = (frame.left + frame.right) / 2
    wide = frame.right - frame.left
    for line in lines:
        if abs((line[0].left + line[-1].right) / 2 - middle) < 0.2 * wide:
            return _text(line)
    return ""


def _beside(free: Sequence[Word], frame: Frame) -> str:
    standing = [
        word
        for word in free
        if word.stands
        and word.right <= frame.labels_left + 4
        and frame.top - 60 <= word.y <= frame.bottom + 60
    ]
    if standing:
        column = max(standing, key=lambda word: len(word.text))
        return " ".join(
            word.text
            for word in sorted(standing, key=lambda word: -word.y)
            if abs(word.x - column.x) < column.height
        )
    short = [
        word
        for word in free
        if word.right <= frame.labels_left + 4 and frame.top <= word.y <= frame.bottom
    ]
    return short[0].text if len(short) == 1 and short[0].text.isalpha() else ""


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """The words line by line from the top, each from left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.left):
        for line in lines:
            last = line[-1]
            level = abs(last.y - word.y) < 0.5 * word.height
            if level and (last.line == word.line or word.left - last.right < 1.2 * word.height):
                line.append(word)
                break
        else:
            lines.append([word])
    return sorted(lines, key=lambda line: line[0].top)


def _text(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line)
