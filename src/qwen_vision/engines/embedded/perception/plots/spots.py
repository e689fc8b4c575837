"""Spots: short words around a disc, too small for the reader of lines, read one by one."""

import math
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.plots.paint import off_ground
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.slices import Disc
from qwen_vision.engines.embedded.perception.plots.words import Word, reread

_MOST: Final = 40
_HEIGHT_PX: Final = (5, 40)
_REACH: Final = 2.6


def find_spots(sheet: Sheet, disc: Disc) -> list[Word]:
    """Words around the disc that are not among those of the sheet."""
    ink = (off_ground(sheet.rgb, sheet.ground) > 60).astype(np.uint8)
    # Letters of a word are joined, the disc itself is taken out.
    cv2.circle(ink, (round(disc.x), round(disc.y)), round(disc.radius) + 2, 0, -1)
    joined = cv2.dilate(ink, np.ones((1, 7), np.uint8))
    _, _, stats, middles = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = []
    for (left, top, width, height, _), (x, y) in zip(stats[1:], middles[1:], strict=True):
        far = math.hypot(x - disc.x, y - disc.y) / disc.radius
        if (
            _HEIGHT_PX[0] <= height <= _HEIGHT_PX[1]
            and far <= _REACH
            and not _is_known(sheet, x, y)
        ):
            boxes.append(
                (
                    max(0, int(left)),
                    max(0, int(top) - 3),
                    min(sheet.rgb.shape[1], int(left + width)),
                    min(sheet.rgb.shape[0], int(top + height) + 3),
                )
            )
    if not boxes or len(boxes) > _MOST:
        return []
    texts = reread(sheet.rgb, boxes, sheet.read)
    return [
        Word(text, box[0], box[1], box[2], box[3], 1000 + at)
        for at, (box, text) in enumerate(zip(boxes, texts, strict=True))
        if text
    ]


def _is_known(sheet: Sheet, x: float, y: float) -> bool:
    return any(
        word.left <= x <= word.right and word.top <= y <= word.bottom for word in sheet.words
    )
