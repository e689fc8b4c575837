"""Dots: the separate marks of a scatter plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.plots.strokes import Stroke

_FEWEST: Final = 4
_LEAST_PX: Final = 3
_INK: Final = 0.4
_LIKE: Final = (0.4, 1.7)
_MOST_LIKE: Final = 0.6
_TALLEST: Final = 0.12


@dataclass(frozen=True, slots=True)
class _Shape:
    x: float
    y: float
    width: int
    height: int
    filled: float


def find_dots(strokes: Sequence[Stroke]) -> list[tuple[float, float, float]]:
    """The middle (x, y) and the half width of each dot; empty unless most are of one size.

    A shape as large as several dots that lie on one another counts as that many.
    """
    shapes = [shape for stroke in strokes for shape in _shapes(stroke)]
    if len(shapes) < _FEWEST:
        return []
    usual = median(shape.filled for shape in shapes)
    alike = [shape for shape in shapes if _LIKE[0] * usual <= shape.filled <= _LIKE[1] * usual]
    limit = _TALLEST * max(strokes[0].cover.shape)
    round_ones = sum(0.6 < shape.width / shape.height < 1.6 for shape in alike)
    if len(alike) < max(_FEWEST, _MOST_LIKE * len(shapes)) or usual**0.5 > limit:
        return []
    if round_ones * 2 < len(alike):
        return []
    dots: list[tuple[float, float, float]] = []
    for shape in shapes:
        if shape.filled >= _LIKE[0] * usual:
            dots += [(shape.x, shape.y, shape.width / 2)] * max(1, round(shape.filled / usual))
    return dots


def _shapes(stroke: Stroke) -> list[_Shape]:
    mask = (stroke.cover >= _INK).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shapes = []
    for outline in outlines:
        left, top, width, height = cv2.boundingRect(outline)
        if min(width, height) >= _LEAST_PX:
            # The outline runs through the middle of the pixels at the edge.
            filled = cv2.contourArea(outline) + len(outline) / 2 + 1
            shapes.append(_Shape(left + width / 2, top + height / 2, width, height, filled))
    return shapes
