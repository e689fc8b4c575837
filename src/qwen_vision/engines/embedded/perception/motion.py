"""Follows a video frame by frame: cuts, motion, and which frames are worth a closer look."""

from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Motion
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores

_WIDTH_PX = 128
_BLOCKS = (12, 8)
# Bhattacharyya distance of the colours: frames of one shot stay under .3 even when all moves.
_CUT_COLORS = 0.42
_CUT_LUMA = 0.06
_CUT_BOTH_COLORS = 0.25
_CUT_BOTH_LUMA = 0.16
_NEWS = 7.0
_SURE_SHIFT = 0.12


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame, made small: its grey pixels, its colours, its time in seconds."""

    time_s: float
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
    return Glance(time_s, grey, (colors / colors.sum()).astype(np.float32))


def step(before: Glance, now: Glance) -> Step:
    """Motion and cuts between two frames that follow each other."""
    if before.grey.shape != now.grey.shape:
        return Step(Motion(now.time_s, 1.0), is_cut=True)
    amount = float(np.abs(now.grey - before.grey).mean()) / 255
    colors = float(cv2.compareHist(before.colors, now.colors, cv2.HISTCMP_BHATTACHARYYA))
    sudden = colors > _CUT_COLORS and amount > _CUT_LUMA
    is_cut = sudden or (colors > _CUT_BOTH_COLORS and amount > _CUT_BOTH_LUMA)
    if is_cut:
        return Step(Motion(now.time_s, round(amount, 4)), is_cut=True)
    right, down = _shift(before, now)
    return Step(Motion(now.time_s, round(amount, 4), right, down), is_cut=False)


def has_news(seen: Glance, now: Glance) -> bool:
    """Whether some part of the frame changed enough to hold other text or objects than `seen`."""
    if seen.grey.shape != now.grey.shape:
        return True
    apart = np.abs(now.grey - seen.grey)
    blocks = cv2.resize(apart, _BLOCKS, interpolation=cv2.INTER_AREA)
    return bool(blocks.max() > _NEWS)


def _shift(before: Glance, now: Glance) -> tuple[float, float]:
    """Where the whole view moved, in parts of its width and height per second."""
    height, width = now.grey.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    # Copies: phaseCorrelate lays the window over the arrays it is given.
    (right, down), sure = cv2.phaseCorrelate(before.grey.copy(), now.grey.copy(), window)
    seconds = now.time_s - before.time_s
    if sure < _SURE_SHIFT or seconds <= 0:
        return (0.0, 0.0)
    return (round(right / width / seconds, 4), round(down / height / seconds, 4))
