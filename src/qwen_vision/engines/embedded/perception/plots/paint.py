"""Paint: the ground of a chart and the flat colours drawn on it."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster

Color: TypeAlias = tuple[int, int, int]

_SAMPLE_PX: Final = 400
_SAME: Final = 6
_LEAST_FLAT: Final = 0.55
_MOST_COLORS: Final = 24
_MERGE: Final = 14
_OFF_GROUND: Final = 18
_PANEL_LINE: Final = 0.25
_PANEL_SIDE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a picture: pixels from left to right and top to bottom, ends left out."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, rgb: Raster) -> Raster:
        """The pixels inside."""
        return rgb[self.top : self.bottom, self.left : self.right]


def is_flat(rgb: Raster) -> bool:
    """Whether most pixels are like their neighbours, as in what was drawn by a program.

    Photographs and scans are not: a cheap first test, on every so many rows.
    """
    step = max(1, rgb.shape[0] // _SAMPLE_PX)
    rows = np.ascontiguousarray(rgb[::step])
    apart = most(cv2.absdiff(rows[:, :-1], rows[:, 1:]))
    return float((apart <= _SAME).mean()) >= _LEAST_FLAT


def page_ground(rgb: Raster) -> Color:
    """The colour a picture stands on: the one most pixels along its sides have."""
    edge = np.concatenate([rgb[:2], rgb[-2:]], axis=1).reshape(-1, 3)
    sides = np.concatenate([rgb[:, :2], rgb[:, -2:]], axis=0).reshape(-1, 3)
    return ground_of(np.concatenate([edge, sides])[None])


def ground_of(rgb: Raster) -> Color:
    """The colour most pixels have."""
    red, green, blue = (int(value) for value in _common(rgb.reshape(-1, 3))[0])
    return red, green, blue


def is_panel(rgb: Raster, color: Color) -> bool:
    """Whether a colour fills a rectangle to all of its four sides, as the ground of a plot."""
    mask = off_ground(rgb, color) <= 4
    columns = np.flatnonzero(mask.mean(axis=0) > _PANEL_LINE)
    rows = np.flatnonzero(mask.mean(axis=1) > _PANEL_LINE)
    if len(columns) < 8 or len(rows) < 8:
        return False
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # What stands on a panel covers its foot, or its left side where bars lie.
    top, right, foot, left = (
        float(side.mean()) > _PANEL_SIDE
        for side in (inside[0], inside[:, -1], inside[-1], inside[:, 0])
    )
    return top and right and (foot or left)


def _common(pixels: Raster) -> Raster:
    """The colours of the pixels, the most frequent first."""
    coarse = pixels.astype(np.int32) >> 2
    codes = (coarse[:, 0] << 12) | (coarse[:, 1] << 6) | coarse[:, 2]
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    order = np.argsort(-counts)
    common: Raster = pixels[first[order]][: 4 * _MOST_COLORS]
    return common


def off_ground(rgb: Raster, ground: Color) -> Raster:
    """How far each pixel is from the ground: the largest difference of a channel, uint8."""
    return most(cv2.absdiff(rgb, np.broadcast_to(np.array(ground, np.uint8), rgb.shape)))


def most(channels: Raster) -> Raster:
    """The largest of three channels, much faster than along an axis."""
    largest: Raster = np.maximum(np.maximum(channels[..., 0], channels[..., 1]), channels[..., 2])
    return largest


def flat_colors(rgb: Raster, ground: Color) -> list[Color]:
    """The colours of what is filled in the pixels, without the ground, the most used first."""
    if min(rgb.shape[:2]) < 3:
        return []
    here = rgb[:-1, :-1]
    flat = (most(cv2.absdiff(here, rgb[:-1, 1:])) <= 2) & (
        most(cv2.absdiff(here, rgb[1:, :-1])) <= 2
    )
    flat &= off_ground(rgb[:-1, :-1], ground) > _OFF_GROUND
    pixels = rgb[:-1, :-1][flat]
    if not len(pixels):
        return []
    coarse = pixels.astype(np.int32) >> 2
    codes = (coarse[:, 0] << 12) | (coarse[:, 1] << 6) | coarse[:, 2]
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    least = max(8, 0.0002 * rgb.shape[0] * rgb.shape[1])
    kept: list[Color] = []
    for place in np.argsort(-counts):
        if counts[place] < least or len(kept) >= _MOST_COLORS:
            break
        red, green, blue = (int(value) for value in pixels[first[place]])
        if all(distance((red, green, blue), other) > _MERGE for other in kept):
            kept.append((red, green, blue))
    return kept


def distance(one: Color, other: Color) -> int:
    """The largest difference of a channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def of_color(rgb: Raster, color: Color, *, within: int = 10) -> Raster:
    """Where the pixels have a colour: 1 there, 0 elsewhere."""
    low = [max(0, value - within) for value in color]
    high = [min(255, value + within) for value in color]
    mask: Raster = cv2.inRange(rgb, np.array(low, np.uint8), np.array(high, np.uint8))
    return mask // 255
