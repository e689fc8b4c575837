"""Scales: numbers along an axis and the straight line from pixels to values that they fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Final

from qwen_vision.engines.embedded.perception.plots.words import Word

_MIN_TICKS: Final = 3
_MIN_SHARE: Final = 0.6
# How far a tick may stand off the line, in parts of the gap between two, and at least in px.
_OFF: Final = 0.07
_OFF_PX: Final = 1.6
_EVEN: Final = 0.12
_EVEN_END: Final = 0.25
_HALF: Final = 0.7
_LEAST_GAP_PX: Final = 4.0
_OFF_LINE_PX: Final = 2.5
_ROUND_STEPS: Final = (1, 1.2, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)


@dataclass(frozen=True, slots=True)
class Scale:
    """value = slope * px + offset, or ten to the power of that; `ticks` are what it is from."""

    slope: float
    offset: float
    is_log: bool
    ticks: tuple[tuple[float, Word], ...]

    def value(self, px: float) -> float:
        """The value at a pixel."""
        plain = self.slope * px + self.offset
        return float(10.0**plain) if self.is_log else plain

    def px(self, value: float) -> float:
        """The pixel of a value; -inf for one that a log scale does not hold."""
        if self.is_log:
            if value <= 0:
                return -math.inf
            value = math.log10(value)
        return (value - self.offset) / self.slope

    @property
    def gap_px(self) -> float:
        """The smallest gap between two ticks."""
        places = sorted(px for px, _ in self.ticks)
        return min(right - left for left, right in pairwise(places))

    @property
    def beyond_px(self) -> float:
        """How far beyond its last ticks a plot may reach: a log scale names few of them."""
        return (3.3 if self.is_log else 1.1) * self.gap_px

    @property
    def low_px(self) -> float:
        """The first pixel with a tick."""
        return min(px for px, _ in self.ticks)

    @property
    def high_px(self) -> float:
        """The last pixel with a tick."""
        return max(px for px, _ in self.ticks)

    def moved(self, by_px: float) -> "Scale":
        """The scale when each value lies `by_px` further on."""
        return replace(self, offset=self.offset - self.slope * by_px)

    def rounded(self, value: float, px: float) -> float:
        """The value to as many places as one pixel there tells apart."""
        step = abs(self.value(px + 0.5) - self.value(px - 0.5))
        places = math.ceil(-math.log10(step))
        return round(value, places) + 0.0


def fit_scale(
    marks: Sequence[tuple[float, float, Word]], *, least: int = _MIN_TICKS
) -> Scale | None:
    """The scale that most marks (pixel, value, word) lie on; None when it is not most of them."""
    if len(marks) < least:
        return None
    best = _fit(marks, is_log=False)
    if all(value > 0 for _, value, _ in marks) and len(best) < len(marks):
        logged = [(px, math.log10(value), word) for px, value, word in marks]
        other = _fit(logged, is_log=True)
        if len(other) > len(best):
            return _scale(other, is_log=True, total=len(marks), least=least)
    return _scale(best, is_log=False, total=len(marks), least=least)


def _fit(
    marks: Sequence[tuple[float, float, Word]], *, is_log: bool
) -> list[tuple[float, float, Word]]:
    best: list[tuple[float, float, Word]] = []
    off = _OFF_PX + _OFF * _gap(marks) if not is_log else _OFF_PX + 0.04 * _gap(marks)
    for first, second in combinations(marks, 2):
        if first[1] == second[1] or abs(first[0] - second[0]) < 3:
            continue
        slope = (second[0] - first[0]) / (second[1] - first[1])
        kept = [
            mark for mark in marks if abs(first[0] + slope * (mark[1] - first[1]) - mark[0]) < off
        ]
        if len(kept) > len(best):
            best = kept
    return best


def _gap(marks: Sequence[tuple[float, float, Word]]) -> float:
    places = sorted(px for px, _, _ in marks)
    gaps = sorted(right - left for left, right in pairwise(places))
    return gaps[len(gaps) // 2] if gaps else 0.0


def _scale(
    kept: Sequence[tuple[float, float, Word]], *, is_log: bool, total: int, least: int
) -> Scale | None:
    values = {value for _, value, _ in kept}
    if len(kept) < max(least, _MIN_SHARE * total) or len(values) < len(kept):
        return None
    if not is_log and not (_is_even(kept) and _is_round([value for _, value, _ in kept])):
        return None
    slope, offset = _line(kept)
    near = [mark for mark in kept if abs((mark[1] - offset) / slope - mark[0]) <= _OFF_LINE_PX]
    if not is_log and len(near) >= max(least, 2):
        slope, offset = _line(near)
    return Scale(slope, offset, is_log, tuple((px, word) for px, _, word in kept))


def _line(marks: Sequence[tuple[float, float, Word]]) -> tuple[float, float]:
    """Slope and offset of the line nearest to all marks (least squares)."""
    mean_px = sum(px for px, _, _ in marks) / len(marks)
    mean = sum(value for _, value, _ in marks) / len(marks)
    spread = sum((px - mean_px) ** 2 for px, _, _ in marks)
    slope = sum((px - mean_px) * (value - mean) for px, value, _ in marks) / spread
    return slope, mean - slope * mean_px


def _is_round(values: Sequence[float]) -> bool:
    """Whether values are whole multiples of a round step, as programs label their axes."""
    ordered = sorted(values)
    step = min(right - left for left, right in pairwise(ordered))
    # A step that is left out between two labels must not hide the true one.
    first = step / 10.0 ** math.floor(math.log10(step))
    if not any(abs(first - plain) < 1e-6 * first for plain in _ROUND_STEPS):
        return False
    parts = [value / step for value in ordered]
    return all(abs(part - round(part)) < 0.01 for part in parts) or all(
        abs(2 * part - round(2 * part)) < 0.01 for part in parts
    )


def _is_even(kept: Sequence[tuple[float, float, Word]]) -> bool:
    """Whether the ticks stand at even gaps, some left out perhaps.

    The print of the first and the last may be moved inwards, to stay in the picture.
    """
    places = sorted(px for px, _, _ in kept)
    gaps = [right - left for left, right in pairwise(places)]
    inner = gaps[1:-1] or gaps
    least = max(_LEAST_GAP_PX, min(inner))
    if min(gaps) < _HALF * least:
        least = max(_LEAST_GAP_PX, min(gaps))
    parts = [(gap / least, _EVEN if gap in inner else _EVEN_END) for gap in gaps]
    return all(
        abs(part - round(part)) < off * max(1, round(part)) + 2 / least for part, off in parts
    )
