"""Leafy: how much of a picture has the green and the texture of leaves or grass.

Leaves reflect the least blue: their green lies between 50 and 120 degrees of hue, with more green
than red and more red than blue. Painted or printed green is mostly even, leaves are not.
"""

from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster

_SIDE_PX: Final = 240
# Hues of OpenCV, in steps of two degrees.
_FIRST_HUE, _LAST_HUE = 25, 60
_PALE, _DARK = 60, 35
_EVEN: Final = 4.0
_AROUND_PX: Final = 7
# A drawing has few greens, leaves in light and shade have many.
_FEWEST_GREENS: Final = 60


def leafy_share(rgb: Raster) -> float:
    """The share, 0 to 1, of pixels that could be leaves or grass; 0 for drawings."""
    scale = _SIDE_PX / max(rgb.shape[:2])
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    red, green, blue = cv2.split(small)
    leafy = (hue >= _FIRST_HUE) & (hue <= _LAST_HUE) & (saturation > _PALE) & (value > _DARK)
    leafy &= (green >= red) & (red >= blue) & (_roughness(small) > _EVEN)
    if len(np.unique(small[leafy] // 8, axis=0)) < _FEWEST_GREENS:
        return 0.0
    return round(float(leafy.mean()), 4)


def _roughness(rgb: Raster) -> Raster:
    """The standard deviation of the light around each pixel."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    around = (_AROUND_PX, _AROUND_PX)
    variance = cv2.blur(grey * grey, around) - cv2.blur(grey, around) ** 2
    rough: Raster = np.sqrt(np.maximum(variance, 0))
    return rough
