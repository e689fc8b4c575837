"""Lays one picture over another: turned, mirrored, scaled and shifted as it must be."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Shown
from qwen_vision.engines.embedded.perception.arrays import Points, Raster, Scores

_MIN_INLIERS: Final = 25
_SAME_ASPECT: Final = 0.02
_SPREAD: Final = 0.25
_EXACT_PX: Final = 1.5
# One picture is a part of the other when this much of it lies inside, and covers less of it.
_INSIDE, _PART = 0.97, 0.93


@dataclass(frozen=True, slots=True)
class Laid:
    """A picture laid over another: its pixels there and where it covers it (255).

    `turn_deg` is how far it stands turned clockwise, in quarters; mirrored comes before. It is
    found when features of both agree; else it is only stretched to the same size.
    """

    rgb: Raster
    covered: Raster
    is_found: bool
    turn_deg: int = 0
    is_mirrored: bool = False
    shown: Shown = "all"


def lay_over(one: Raster, other: Raster) -> Laid:
    """`other` (RGB) laid over `one`, as it is or mirrored."""
    plain = _stretch(other, one)
    for is_mirrored in (False, True):
        posed = np.ascontiguousarray(other[:, ::-1]) if is_mirrored else other
        matrix = _laid_over(one, posed)
        if matrix is None:
            continue
        quarters = _quarters(matrix)
        if quarters:
            # Turned by a quarter it may lie exactly.
            posed = np.ascontiguousarray(np.rot90(posed, quarters))
            again = _laid_over(one, posed)
            matrix = _stretch(posed, one) if again is None else again
        is_found = bool(quarters or is_mirrored) or not np.array_equal(matrix, plain)
        return _laid(
            one, posed, matrix, is_found=is_found, turn_deg=90 * quarters, is_mirrored=is_mirrored
        )
    return _laid(one, other, plain, is_found=False, turn_deg=0, is_mirrored=False)


def _laid(
    one: Raster, posed: Raster, matrix: Scores, *, is_found: bool, turn_deg: int, is_mirrored: bool
) -> Laid:
    size = (one.shape[1], one.shape[0])
    covered = cv2.warpAffine(np.full(posed.shape[:2], 255, np.uint8), matrix, size)
    return Laid(
        cv2.warpAffine(posed, matrix, size, flags=cv2.INTER_LINEAR),
        covered,
        is_found=is_found,
        turn_deg=turn_deg,
        is_mirrored=is_mirrored,
        shown=_shown(posed, matrix, covered),
    )


def _quarters(matrix: Scores) -> int:
    """How many quarters anticlockwise `matrix` turns."""
    return round(-math.degrees(math.atan2(matrix[1, 0], matrix[0, 0])) / 90) % 4


def _shown(posed: Raster, matrix: Scores, covered: Raster) -> Shown:
    """Whether a picture shows all of the one it is laid over, a part, more, or something beside."""
    share = float((covered > 0).mean())
    whole = abs(float(np.linalg.det(matrix[:, :2]))) * posed.shape[0] * posed.shape[1]
    inside = share * covered.size / max(1.0, whole)
    if share >= _PART:
        return "more" if inside < _PART else "all"
    return "part" if inside >= _INSIDE else "beside"


def _stretch(source: Raster, target: Raster) -> Scores:
    across, down = target.shape[1] / source.shape[1], target.shape[0] / source.shape[0]
    return np.array([[across, 0, 0], [0, down, 0]], np.float64)


def _laid_over(one: Raster, other: Raster) -> Scores | None:
    """The affine map that lays `other` over `one`, or None when they share too little."""
    plain = _stretch(other, one)
    same_aspect = abs(plain[0, 0] / plain[1, 1] - 1) < _SAME_ASPECT
    if same_aspect:
        size = (one.shape[1], one.shape[0])
        over = cv2.resize(other, size, interpolation=cv2.INTER_AREA)
        # Most pictures that are compared come from one source and lie exactly.
        if float(np.median(cv2.absdiff(soft(one), soft(over)))) < 3:
            moved = _by_features(one, other)
            if moved is None or np.abs(moved - plain).max() < _EXACT_PX:
                return plain
            return moved
    return _by_features(one, other)


def _by_features(one: Raster, other: Raster) -> Scores | None:
    finder = cv2.ORB.create(nfeatures=1500)
    places, marks = finder.detectAndCompute(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), None)
    others, other_marks = finder.detectAndCompute(cv2.cvtColor(other, cv2.COLOR_RGB2GRAY), None)
    if len(places) < _MIN_INLIERS or len(others) < _MIN_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(other_marks, marks)
    if len(pairs) < _MIN_INLIERS:
        return None
    source = np.array([others[pair.queryIdx].pt for pair in pairs], np.float32)
    target = np.array([places[pair.trainIdx].pt for pair in pairs], np.float32)
    estimate: tuple[Scores | None, Raster] = cv2.estimateAffinePartial2D(
        source, target, ransacReprojThreshold=3.0
    )
    matrix, inliers = estimate
    if matrix is None or int(inliers.sum()) < max(_MIN_INLIERS, 0.2 * len(pairs)):
        return None
    # Points of one printed line tell nothing of the rest: two receipts may share a heading.
    agree, everywhere = _reach(target[inliers.ravel() > 0]), _reach(target)
    if (agree < _SPREAD * everywhere).any():
        return None
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return matrix if 0.3 < scale < 3.0 else None


def _reach(points: Points) -> Scores:
    """How wide and how high most points lie apart."""
    reach: Scores = np.ptp(np.percentile(points, (10, 90), axis=0), axis=0)
    return reach


def soft(rgb: Raster) -> Raster:
    """The picture without noise and the edges that compression leaves."""
    return cv2.GaussianBlur(rgb, (5, 5), 0)
