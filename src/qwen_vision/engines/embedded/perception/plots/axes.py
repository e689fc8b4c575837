"""Axes: the columns and rows of numbers along the sides of a chart."""

from collections.abc import Callable, Sequence
from typing import Final

from qwen_vision.engines.embedded.perception.plots.scales import Scale, fit_scale
from qwen_vision.engines.embedded.perception.plots.words import Word

# A title, and a line or two of a legend or a note, may stand under an axis.
_LINES_UNDER: Final = 3
_PAIR: Final = 2
Edge = Callable[[Word], float]
_EDGES: Final[tuple[Edge, ...]] = (
    lambda word: word.right,
    lambda word: word.left,
    lambda word: word.x,
)


def upright_axes(words: Sequence[Word], *, least: int = 3) -> list[Scale]:
    """Scales that columns of numbers give, values rising upwards, the longest first."""
    numbers = [(word, value) for word in words if (value := word.number) is not None]
    found: list[Scale] = []
    for edge in _EDGES:
        for word, _ in numbers:
            near = 0.7 * word.height
            column = [
                (other.y, value, other)
                for other, value in numbers
                if abs(edge(other) - edge(word)) <= near
            ]
            scale = fit_scale(column, least=least)
            if scale is not None and scale.slope < 0 and _is_sure(scale) and _is_free(scale, words):
                found.append(scale)
    return _distinct(found)


def level_axes(words: Sequence[Word], *, least: int = 3) -> list[Scale]:
    """Scales that rows of numbers give, values rising to the right, the longest first."""
    numbers = [(word, value) for word in words if (value := word.number) is not None]
    found: list[Scale] = []
    for word, _ in numbers:
        row = [
            (other.x, value, other)
            for other, value in numbers
            if abs(other.y - word.y) <= 0.5 * word.height
        ]
        scale = fit_scale(row, least=least)
        if scale is not None and scale.slope > 0 and _is_sure(scale) and _is_outer(scale, words):
            found.append(scale)
    return _distinct(found)


def _is_free(scale: Scale, words: Sequence[Word]) -> bool:
    """Whether few ticks have words beside them in their row: a table's numbers do."""
    held = sum(
        any(
            other.level
            and other.number is None
            and other.left > tick.right + 2 * tick.height
            and abs(other.y - tick.y) < 0.4 * tick.height
            for other in words
        )
        for _, tick in scale.ticks
    )
    return held * 2 <= len(scale.ticks)


def _is_outer(scale: Scale, words: Sequence[Word]) -> bool:
    """Whether under few ticks there are lines of words: under a table's numbers are more."""
    held = sum(
        len(
            {
                other.line
                for other in words
                if other.level
                and other.top > tick.bottom
                and abs(other.x - tick.x) < 0.5 * scale.gap_px
            }
        )
        > _LINES_UNDER
        for _, tick in scale.ticks
    )
    return held * 2 <= len(scale.ticks)


def _is_sure(scale: Scale) -> bool:
    """Whether a scale of two ticks has a zero, on which bars can be seen to stand."""
    return len(scale.ticks) > _PAIR or any(word.number == 0 for _, word in scale.ticks)


def _distinct(scales: Sequence[Scale]) -> list[Scale]:
    kept: list[Scale] = []
    for scale in sorted(scales, key=lambda scale: -len(scale.ticks)):
        words = {id(word) for _, word in scale.ticks}
        if not any(words & {id(word) for _, word in other.ticks} for other in kept):
            kept.append(scale)
    return kept
