"""Patches: the spots of colour of a legend whose names the reader of lines passed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import (
    Color,
    flat_colors,
    of_color,
    off_ground,
)
from qwen_vision.engines.embedded.perception.plots.words import ReadCrops, Word, reread

_SIDE_PX: Final = (4, 60)
_HEIGHT_PX: Final = (4, 26)
_FILLS: Final = 0.72
_FEWEST: Final = 2
_MOST: Final = 12
_INK: Final = 60
# A name ends where a gap follows that is wider than this, in heights of its patch.
_GAP: Final = 1.0
_LONGEST_PX: Final = 260
_APART: Final = 20


@dataclass(frozen=True, slots=True)
class _Patch:
    left: int
    top: int
    right: int
    bottom: int
    color: Color

    @property
    def y(self) -> float:
        return (self.top + self.bottom) / 2


def unread_names(
    rgb: Raster, ground: Color, words: Sequence[Word], *, read: ReadCrops
) -> list[Word]:
    """The print right of patches of one size and several colours that no word covers."""
    patches = [patch for patch in _lined_up(_patches(rgb, ground)) if not _is_named(patch, words)]
    boxes = [box for patch in patches if (box := _name_box(rgb, ground, patch)) is not None]
    texts = reread(rgb, boxes, read) if 0 < len(boxes) <= _MOST else []
    return [
        Word(text, box[0], box[1], box[2], box[3], 2000 + at)
        for at, (box, text) in enumerate(zip(boxes, texts, strict=False))
        if text
    ]


def _patches(rgb: Raster, ground: Color) -> list[_Patch]:
    found = []
    for color in flat_colors(rgb, ground):
        if max(color) - min(color) < _APART:
            continue
        mask = of_color(rgb, color)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for left, top, width, height, size in stats[1:].tolist():
            fits = _SIDE_PX[0] <= width <= _SIDE_PX[1] and _HEIGHT_PX[0] <= height <= _HEIGHT_PX[1]
            if fits and size >= _FILLS * width * height:
                found.append(_Patch(left, top, left + width, top + height, color))
    return found


def _lined_up(patches: Sequence[_Patch]) -> list[_Patch]:
    """The most patches of one size and several colours in a column or a row."""
    best: list[_Patch] = []
    for patch in patches:
        alike = [
            other
            for other in patches
            if abs((other.right - other.left) - (patch.right - patch.left)) <= 2
            and abs((other.bottom - other.top) - (patch.bottom - patch.top)) <= 2
        ]
        for line in (
            [other for other in alike if abs(other.left - patch.left) <= 2],
            [other for other in alike if abs(other.top - patch.top) <= 2],
        ):
            colors = {other.color for other in line}
            if len(colors) == len(line) >= _FEWEST and len(line) > len(best):
                best = line
    return best


def _is_named(patch: _Patch, words: Sequence[Word]) -> bool:
    high = patch.bottom - patch.top
    return any(
        word.level
        and word.top <= patch.y <= word.bottom
        and word.left - 3 * max(high, 8) <= patch.right <= word.left + 0.3 * word.height
        for word in words
    )


def _name_box(rgb: Raster, ground: Color, patch: _Patch) -> tuple[int, int, int, int] | None:
    """The box around the print right of a patch, up to the next wide gap."""
    high = max(10, patch.bottom - patch.top)
    top, bottom = max(0, int(patch.y - 0.9 * high)), int(patch.y + 0.9 * high) + 1
    right = min(rgb.shape[1], patch.right + _LONGEST_PX)
    ink = off_ground(rgb[top:bottom, patch.right + 1 : right], ground) > _INK
    columns = np.flatnonzero(ink.any(axis=0))
    if not len(columns) or columns[0] > 2.5 * high:
        return None
    breaks = np.flatnonzero(np.diff(columns) > _GAP * high)
    last = int(columns[breaks[0]]) if len(breaks) else int(columns[-1])
    start = patch.right + 1 + int(columns[0])
    return start - 2, top, patch.right + 1 + last + 3, bottom
