"""Legend: names beside small patches of colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Area, Color, off_ground
from qwen_vision.engines.embedded.perception.plots.words import Word

_FEWEST: Final = 2
_OFF: Final = 50
# How far left of its name a patch may begin, in heights of the letters.
_REACH: Final = 4.5
# Less between its channels than this is a grey.
_GREY: Final = 25


@dataclass(frozen=True, slots=True)
class Key:
    """A name of the legend with its colour; `box` holds patch and name."""

    name: str
    color: Color
    box: tuple[float, float, float, float]
    patch: tuple[float, float, float, float]
    words: tuple[Word, ...]


def find_legend(rgb: Raster, ground: Color, words: Sequence[Word]) -> list[Key]:
    """The entries of the legend; empty unless at least two stand in a column or a row."""
    keys: list[Key] = []
    level = [word for word in words if word.level]
    for word in level:
        patch = _patch(word, level, rgb=rgb, ground=ground)
        if patch is not None:
            color, box = patch
            tail = _tail(word, level, rgb=rgb, ground=ground)
            names = [word, *tail]
            keys.append(
                Key(
                    " ".join(item.text for item in names),
                    color,
                    (box[0], min(box[1], word.top), names[-1].right, max(box[3], word.bottom)),
                    box,
                    tuple(names),
                )
            )
    return _lined_up(keys)


def _patch(
    word: Word, words: Sequence[Word], *, rgb: Raster, ground: Color
) -> tuple[Color, tuple[float, float, float, float]] | None:
    """The one patch of colour just left of a word, and nothing else beside it."""
    high = word.bottom - word.top
    before = [
        other.right
        for other in words
        if other is not word and other.right <= word.left + 2 and abs(other.y - word.y) < 0.6 * high
    ]
    start = max([word.left - _REACH * high, 0.0, *[right - 1 for right in before]])
    area = Area(
        int(start),
        max(0, int(word.y - high)),
        max(0, int(word.left + 0.1 * high)),
        int(word.y + high) + 1,
    )
    pixels = area.of(rgb)
    if min(pixels.shape[:2]) < 3:
        return None
    mask = (off_ground(pixels, ground) > _OFF).astype(np.uint8)
    _, marks, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in 1 + np.argsort(-(stats[1:, 0] + stats[1:, 2])):
        left, top, width, height, size = (int(value) for value in stats[label])
        if size < 6 or width < 4 or abs(area.top + top + height / 2 - word.y) > 0.4 * high:
            continue
        if height > 1.3 * high and size < 0.25 * width * height:
            # The frame around the legend.
            continue
        # What is cut by the window's side runs on: a line, a frame or a bar.
        if (left == 0 and start > 0) or height > 1.3 * high:
            return None
        shape = marks[top : top + height, left : left + width] == label
        color = _strongest(pixels[marks == label], ground)
        if left + width == pixels.shape[1] and (_is_grey(color) or not _is_patch(shape, color)):
            # The first letter of the word itself, where its place is not known to the pixel.
            continue
        if not _is_patch(shape, color):
            return None
        box = (area.left + left, area.top + top, area.left + left + width, area.top + top + height)
        return color, (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    return None


def _is_patch(shape: Raster, color: Color) -> bool:
    """Whether a shape is a bar, a disc, or a stroke with or without a dot: no letter is."""
    height, width = shape.shape
    filled = float(shape.mean())
    if _is_grey(color):
        return bool(height > 3 and filled >= 0.9)
    if height <= 3:
        return bool(width >= 3 * height)
    spine = _solid(shape)[height // 2 - (height > 3) : height // 2 + 1 + (height > 3)]
    return bool(filled >= 0.72) or (
        width >= 1.6 * height and bool(spine.any(axis=0).mean() >= 0.95)
    )


def _solid(shape: Raster) -> Raster:
    """The shape with its holes filled: a ring on a stroke becomes a dot."""
    outlines, _ = cv2.findContours(shape.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(shape.shape, np.uint8), outlines, -1, 1, cv2.FILLED)


def _is_grey(color: Color) -> bool:
    return max(color) - min(color) < _GREY


def _strongest(pixels: Raster, ground: Color) -> Color:
    """The colour farthest from the ground that a fair part of the pixels have."""
    off = np.abs(pixels.astype(np.int16) - np.array(ground, np.int16)).max(axis=1)
    top = pixels[off >= np.percentile(off, 80)]
    red, green, blue = (int(value) for value in np.median(top, axis=0))
    return red, green, blue


def _tail(word: Word, words: Sequence[Word], *, rgb: Raster, ground: Color) -> list[Word]:
    """The words that go on a name: near it, without a patch of their own."""
    high = word.bottom - word.top
    tail: list[Word] = []
    last = word
    following = [
        other for other in words if other.left > word.left and abs(other.y - word.y) < 0.5 * high
    ]
    for other in sorted(following, key=lambda other: other.left):
        if (
            other.left - last.right > 0.9 * high
            or _patch(other, words, rgb=rgb, ground=ground) is not None
        ):
            break
        tail.append(other)
        last = other
    return tail


def _lined_up(keys: Sequence[Key]) -> list[Key]:
    """The most keys whose patches stand one under another or beside one another."""
    best: list[Key] = []
    for key in keys:
        high = key.box[3] - key.box[1]
        column = [other for other in keys if abs(other.patch[0] - key.patch[0]) <= 3]
        row = [other for other in keys if abs(_middle(other) - _middle(key)) <= 0.35 * high]
        rows = [
            other
            for other in keys
            if other in row
            or any(
                abs(_middle(other) - _middle(key) - step) <= 2 * high
                for step in (-1.5 * high, 1.5 * high)
            )
        ]
        best = max(best, column, rows if len(row) > 1 else [], key=len)
    return best if len(best) >= _FEWEST else []


def _middle(key: Key) -> float:
    return (key.patch[1] + key.patch[3]) / 2
