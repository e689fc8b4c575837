"""Follows a video frame by frame: how the view moved, and which frames are worth a closer look."""

from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Motion
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores

_WIDTH_PX = 128
_SHARP_WIDTH_PX = 320
_BLOCKS = (12, 8)
_NEWS = 7.0
# Strokes of letters are finer than this, at the width at which they are looked for.
_STROKE_PX, _STROKE_WIDTH_PX = 9, 480
# A block has strokes when this much of it (grey levels, on average) is darker or lighter
# than all that is around it.
_STROKES = 4.0
# The view moves as a whole when this share of its features agrees, which are not on one thing.
_AGREE, _FEWEST, _SPREAD = 0.6, 12, 0.35
_FEATURES, _MATCH = 400, 0.8
# Less than this (parts of the frame, or of its size) between two frames is no movement.
_STEADY, _STEADY_SIZE = 0.006, 0.012
_QUIET = 0.003


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame, made small: its pixels in colour, its sharper grey, its time in seconds.

    `strokes` says for each block of the frame how much of it looks like letters.
    """

    time_s: float
    rgb: Raster
    grey: Raster
    strokes: Scores


def glance(rgb: Raster, time_s: float) -> Glance:
    """A frame made small enough to be kept and compared."""
    grey = cv2.cvtColor(_narrowed(rgb, _STROKE_WIDTH_PX), cv2.COLOR_RGB2GRAY)
    square = np.ones((_STROKE_PX, _STROKE_PX), np.uint8)
    fine = cv2.max(
        cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, square),
        cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square),
    )
    return Glance(
        time_s,
        _narrowed(rgb, _WIDTH_PX),
        _narrowed(grey, _SHARP_WIDTH_PX),
        _blocks(fine.astype(np.float32)),
    )


def moved(before: Glance, now: Glance) -> Motion:
    """What moved from one frame to the next."""
    if before.rgb.shape != now.rgb.shape:
        return Motion(now.time_s, 1.0)
    old, new = before.grey.astype(np.float32), now.grey.astype(np.float32)
    # A lamp that turns brighter or flickers moves nothing.
    gain = float(np.median((new + 8) / (old + 8)))
    change = np.abs(new - gain * old)
    amount = round(float(change.mean()) / 255, 4)
    seconds = now.time_s - before.time_s
    shift = None if amount < _QUIET or seconds <= 0 else _view_shift(before.grey, now.grey)
    if shift is None:
        return Motion(now.time_s, amount)
    right, down, nearer = (round(part / seconds, 4) for part in shift)
    return Motion(now.time_s, amount, right, down, nearer)


def has_news(seen: Glance, now: Glance, *, text: bool = False) -> bool:
    """Whether some part of the frame changed enough to hold other objects than `seen`.

    With `text` only parts count that look like letters, before or now.
    """
    if seen.rgb.shape != now.rgb.shape:
        return True
    # The channel that changed most: red that turns into a blue as bright is a change.
    change = np.abs(now.rgb.astype(np.int16) - seen.rgb).max(axis=2).astype(np.float32)
    changed = _blocks(change) > _NEWS
    if text:
        changed &= np.maximum(seen.strokes, now.strokes) > _STROKES
    return bool(changed.any())


def _narrowed(pixels: Raster, width: int) -> Raster:
    height = max(16, round(pixels.shape[0] * width / pixels.shape[1]))
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def _blocks(pixels: Scores) -> Scores:
    blocks: Scores = cv2.resize(pixels, _BLOCKS, interpolation=cv2.INTER_AREA)
    return blocks


def _view_shift(before: Raster, now: Raster) -> tuple[float, float, float] | None:
    """Where the middle of the view moved, in parts of width and height, and how much it grew.

    Features of one frame are found again in the other; the one shift and scale that most of
    them share is the view's own. One moving thing before a still ground does not pass.
    """
    pairs = _matched(before, now)
    if pairs is None:
        return None
    old, new = pairs
    model, inliers = cv2.estimateAffinePartial2D(old, new, ransacReprojThreshold=2.5)
    agree = inliers.ravel().astype(bool)
    if agree.mean() < _AGREE or agree.sum() < _FEWEST:
        return None
    height, width = now.shape
    spread = np.ptp(old[agree], axis=0) / (width, height)
    if spread.min() < _SPREAD:
        return None
    middle = np.array([width / 2, height / 2])
    right, down = (model[:, :2] @ middle + model[:, 2] - middle) / (width, height)
    nearer = float(np.hypot(model[0, 0], model[1, 0])) - 1
    if max(abs(right), abs(down)) < _STEADY and abs(nearer) < _STEADY_SIZE:
        return None
    return (
        float(right) if abs(right) >= _STEADY else 0.0,
        float(down) if abs(down) >= _STEADY else 0.0,
        nearer if abs(nearer) >= _STEADY_SIZE else 0.0,
    )


def _matched(before: Raster, now: Raster) -> tuple[Scores, Scores] | None:
    finder = cv2.ORB.create(nfeatures=_FEATURES, fastThreshold=8)
    old, old_marks = finder.detectAndCompute(before, None)
    new, new_marks = finder.detectAndCompute(now, None)
    if min(len(old), len(new)) < _FEWEST:
        return None
    both = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(old_marks, new_marks, k=2)
    sure = [
        pair[0] for pair in both if len(pair) == 2 and pair[0].distance < _MATCH * pair[1].distance
    ]
    if len(sure) < _FEWEST:
        return None
    return (
        np.array([old[match.queryIdx].pt for match in sure], np.float32),
        np.array([new[match.trainIdx].pt for match in sure], np.float32),
    )
