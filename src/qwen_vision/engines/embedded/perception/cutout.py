"""Cutout: the pixels of a thing, told from the ground around it within its box.

What lies in the box and looks unlike what lies around it is the thing (GrabCut, Rother et al.
2004).
"""

from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.media.items import Size

# How much of the ground is looked at, as a share of the box, and how large the view is.
_AROUND: Final = 0.25
_SIDE_PX: Final = 160
_ROUNDS: Final = 3
# So often it is tried, each with another first guess: most must tell the thing from the ground.
_LOTS: Final = 3
# A thing fills so much of its box; of less too little was told from the ground.
_LEAST: Final = 0.1


def cut_out(rgb: Raster, box: Box, original: Size) -> Raster | None:
    """The pixels of the thing in a box as a square (n, n, 3); None when they can not be told.

    The box is in pixels of the original.
    """
    high, wide = rgb.shape[:2]
    across, down = wide / original.width_px, high / original.height_px
    left, right = box.left * across, box.right * across
    top, bottom = box.top * down, box.bottom * down
    aside, above = _AROUND * (right - left), _AROUND * (bottom - top)
    first_x, first_y = int(max(0, left - aside)), int(max(0, top - above))
    view = rgb[first_y : int(bottom + above) + 1, first_x : int(right + aside) + 1]
    scale = min(1.0, _SIDE_PX / max(view.shape[:2]))
    small = (max(1, round(view.shape[1] * scale)), max(1, round(view.shape[0] * scale)))
    view = cv2.resize(view, small, interpolation=cv2.INTER_AREA)
    inner = (
        slice(int((top - first_y) * scale), int((bottom - first_y) * scale)),
        slice(int((left - first_x) * scale), int((right - first_x) * scale)),
    )
    mask = np.full(view.shape[:2], cv2.GC_BGD, np.uint8)
    mask[inner] = cv2.GC_PR_FGD
    if not (mask == cv2.GC_BGD).any() or not (mask == cv2.GC_PR_FGD).any():
        return None
    least = _LEAST * mask[inner].size
    things = [thing for lot in range(_LOTS) if len(thing := _thing(view, mask, lot)) >= least]
    if len(things) <= _LOTS // 2:
        return None
    side = int(len(things[0]) ** 0.5)
    square: Raster = things[0][: side * side].reshape(side, side, 3)
    return square


def _thing(view: Raster, mask: Raster, lot: int) -> Raster:
    """The pixels (n, 3) of the thing, by a first guess for which lots are drawn."""
    cv2.setRNGSeed(lot)
    models, found = (np.zeros((1, 65)), np.zeros((1, 65))), mask.copy()
    cv2.grabCut(view, found, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    thing: Raster = view[found == cv2.GC_PR_FGD]
    return thing
