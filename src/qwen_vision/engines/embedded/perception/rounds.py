"""Rounds: separate round shapes on an even ground, such as coins, buttons, pills or cells.

Shapes are what differs from the ground around it (a wide median), lighter or darker. They are
told only when nearly all of them are round: in other pictures hardly one is.
"""

from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, Rounds
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.media.items import Size

_SIDE_PX: Final = 480
# Wider than any shape that is looked for, in pixels of the small picture.
_GROUND_PX: Final = 151
_SMALLEST_PX: Final = 150
_FAINTEST: Final = 12
# How much of the circle around it a shape fills, and of its own hull.
_FILLS: Final = 0.8
_FEWEST: Final = 4
_MOST_ROUND: Final = 0.8


def find_rounds(rgb: Raster, original: Size) -> Rounds | None:
    """The shapes of a picture, in pixels of its original; None unless nearly all are round."""
    height, width = rgb.shape[:2]
    scale = _SIDE_PX / max(height, width)
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (0, 0), 1.2)
    ground = cv2.medianBlur(grey, _GROUND_PX)
    for mask in (cv2.subtract(grey, ground), cv2.subtract(ground, grey)):
        shapes = _shapes(mask)
        round_ones = sum(map(_is_round, shapes))
        if round_ones >= max(_FEWEST, _MOST_ROUND * len(shapes)):
            across, down = original.width_px / small.shape[1], original.height_px / small.shape[0]
            boxes = (cv2.boundingRect(shape) for shape in shapes)
            return Rounds(
                tuple(
                    Box(
                        round(left * across, 1),
                        round(top * down, 1),
                        round((left + wide) * across, 1),
                        round((top + high) * down, 1),
                    )
                    for left, top, wide, high in boxes
                ),
                round_ones,
            )
    return None


def _shapes(mask: Raster) -> list[Raster]:
    threshold, cut = cv2.threshold(mask, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if threshold < _FAINTEST:
        return []
    whole = cv2.morphologyEx(cut, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [shape for shape in outlines if cv2.contourArea(cv2.convexHull(shape)) >= _SMALLEST_PX]


def _is_round(shape: Raster) -> bool:
    hull_px = cv2.contourArea(cv2.convexHull(shape))
    _, radius_px = cv2.minEnclosingCircle(shape)
    fills = hull_px / (np.pi * radius_px * radius_px)
    return bool(min(fills, cv2.contourArea(shape) / hull_px) > _FILLS)
