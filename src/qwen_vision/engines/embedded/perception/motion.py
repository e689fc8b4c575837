"""Follows a video frame by frame: cuts, motion, and which frames are worth a closer look."""

from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, Motion
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores

_WIDTH_PX = 128
_BLOCKS = (12, 8)
# Bhattacharyya distance of the colours: frames of one shot stay under .3 even when all moves.
_CUT_COLORS = 0.42
_CUT_CHANGE = 0.06
_CUT_BOTH_COLORS = 0.25
_CUT_BOTH_CHANGE = 0.16
_NEWS = 7.0
# A block with less contrast than this (grey levels) looks the same wherever it moves.
_TEXTURE = 5.0
# The view moves as a whole when this share of the textured blocks is explained by it,
# and these blocks are not the few that one moving thing covers.
_AGREE = 0.75
_MIN_TEXTURED = 0.2
_BETTER = 0.7
_MOVED = 12.0
_AS_LARGE = 0.5


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame, made small: its pixels in colour and grey, its colours, its time in seconds."""

    time_s: float
    rgb: Scores
    grey: Scores
    colors: Scores


@dataclass(frozen=True, slots=True)
class Step:
    """What happened from one frame to the next."""

    motion: Motion
    is_cut: bool


def glance(rgb: Raster, time_s: float) -> Glance:
    """A frame made small enough to be kept and compared."""
    height = max(16, round(rgb.shape[0] * _WIDTH_PX / rgb.shape[1]))
    small = cv2.resize(rgb, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    colors = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 6], [0, 180, 0, 256, 0, 256])
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    shares = (colors / colors.sum()).astype(np.float32)
    return Glance(time_s, small.astype(np.float32), grey, shares)


def step(before: Glance, now: Glance) -> Step:
    """Motion and cuts between two frames that follow each other."""
    if before.grey.shape != now.grey.shape:
        return Step(Motion(now.time_s, 1.0), is_cut=True)
    amount = round(float(np.abs(now.grey - before.grey).mean()) / 255, 4)
    if _is_cut(before, now):
        return Step(Motion(now.time_s, amount), is_cut=True)
    right, down = _view_shift(before, now)
    area = None if right or down else _moved_area(before, now)
    return Step(Motion(now.time_s, amount, right, down, area), is_cut=False)


def has_news(seen: Glance, now: Glance) -> bool:
    """Whether some part of the frame changed enough to hold other text or objects than `seen`."""
    if seen.grey.shape != now.grey.shape:
        return True
    return bool(_blocks(_change(seen, now)).max() > _NEWS)


def _change(before: Glance, now: Glance) -> Scores:
    """How much each pixel changed, 0 to 255, in the channel that changed most.

    Red that turns into a blue of the same brightness is a change; in grey it would be none.
    """
    change: Scores = np.abs(now.rgb - before.rgb).max(axis=2)
    return change


def _is_cut(before: Glance, now: Glance) -> bool:
    change = float(_change(before, now).mean()) / 255
    colors = float(cv2.compareHist(before.colors, now.colors, cv2.HISTCMP_BHATTACHARYYA))
    sudden = colors > _CUT_COLORS and change > _CUT_CHANGE
    return sudden or (colors > _CUT_BOTH_COLORS and change > _CUT_BOTH_CHANGE)


def _blocks(pixels: Scores) -> Scores:
    blocks: Scores = cv2.resize(pixels, _BLOCKS, interpolation=cv2.INTER_AREA)
    return blocks


def _view_shift(before: Glance, now: Glance) -> tuple[float, float]:
    """Where the whole view moved, in parts of its width and height per second.

    The shift that phase correlation proposes must explain most of the frame's texture better
    than standing still does: one moving thing before a still ground does not pass.
    """
    height, width = now.grey.shape
    seconds = now.time_s - before.time_s
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    # Copies: phaseCorrelate lays the window over the arrays it is given.
    (right, down), _ = cv2.phaseCorrelate(before.grey.copy(), now.grey.copy(), window)
    if seconds <= 0 or max(abs(right), abs(down)) < 0.25:
        return (0.0, 0.0)
    if not _explains(before.grey, now.grey, (right, down)):
        return (0.0, 0.0)
    return (round(right / width / seconds, 4), round(down / height / seconds, 4))


def _explains(before: Scores, now: Scores, way: tuple[float, float]) -> bool:
    """Whether most textured blocks of `now` are those of `before`, shifted."""
    height, width = now.shape
    shift = np.array([[1, 0, way[0]], [0, 1, way[1]]], np.float32)
    moved = cv2.warpAffine(before, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones_like(before), shift, (width, height))
    mean = _blocks(now)
    spread = np.sqrt(np.maximum(_blocks(now * now) - mean * mean, 0))
    textured = (spread > _TEXTURE) & (_blocks(inside) > 0.99)
    if textured.mean() < _MIN_TEXTURED:
        return False
    error_moved, error_still = _blocks(np.abs(now - moved)), _blocks(np.abs(now - before))
    agrees = error_moved < _BETTER * error_still
    return bool(agrees[textured].mean() >= _AGREE)


def _moved_area(before: Glance, now: Glance) -> Box | None:
    """Where most moved before a still ground, in parts of width and height."""
    height, width = now.grey.shape
    changed = (_change(before, now) > _MOVED).astype(np.uint8)
    solid = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    dilated = cv2.dilate(solid, np.ones((5, 5), np.uint8))
    parts = cv2.connectedComponentsWithStats(dilated)[2][1:]
    if not len(parts):
        return None
    # The place a thing left and the one it went to are about as large; other changes do not count.
    sizes = parts[:, cv2.CC_STAT_AREA]
    large = parts[sizes >= _AS_LARGE * sizes.max()]
    lefts, tops = large[:, cv2.CC_STAT_LEFT], large[:, cv2.CC_STAT_TOP]
    rights = lefts + large[:, cv2.CC_STAT_WIDTH]
    bottoms = tops + large[:, cv2.CC_STAT_HEIGHT]
    return Box(
        round(float(lefts.min() / width), 4),
        round(float(tops.min() / height), 4),
        round(float(rights.max() / width), 4),
        round(float(bottoms.max() / height), 4),
    )
