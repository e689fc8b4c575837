"""Compares two pictures: lays the second over the first and finds what changed."""

from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, Difference
from qwen_vision.engines.embedded.perception.arrays import Points, Raster, Scores
from qwen_vision.media.items import Size

_SIDE_PX = 960
# Blurred pictures that differ by less than this are the same but for noise and compression.
_CHANGED = 22
_MIN_AREA = 0.0002
_MIN_INLIERS = 25
_SAME_ASPECT = 0.02
_SPREAD = 0.25
_ALIGNED_LIKENESS = 0.35
_MAX_REGIONS = 40
# Bare paper is like any other: what is drawn on it tells two pages apart.
_NEAR_PX = 9
_STROKE = 24.0
_PLAIN_WEIGHT = 0.02


@dataclass(frozen=True, slots=True)
class View:
    """Pixels (RGB) of a picture and the size of its upright original."""

    rgb: Raster
    original: Size

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the original."""
        return (self.original.width_px, self.original.height_px)


def difference(first: View, second: View) -> Difference:
    """What changed from `first` to `second`, and how alike they are.

    Likeness is the mean structural similarity (Wang et al. 2004) of the pictures laid over
    each other, plain ground counting little beside what is drawn, times the share of colours
    they have in common.
    """
    one, other = _shrunk(first.rgb), _shrunk(second.rgb)
    identical = first.size_px == second.size_px and bool(np.array_equal(first.rgb, second.rgb))
    if identical:
        return Difference(1.0, True, True, first.size_px, second.size_px)  # noqa: FBT003 - facts
    plain = _stretch(other, one)
    found = _laid_over(one, other)
    matrix = plain if found is None else found
    size = (one.shape[1], one.shape[0])
    warped = cv2.warpAffine(other, matrix, size, flags=cv2.INTER_LINEAR)
    covered = cv2.warpAffine(np.full(other.shape[:2], 255, np.uint8), matrix, size)
    likeness = _likeness(one, warped, covered > 250)
    # Two pages of one size lie on each other edge by edge whatever is written on them.
    aligned = likeness >= _ALIGNED_LIKENESS or not np.array_equal(matrix, plain)
    boxes = _changed(one, warped, covered) if aligned else []
    there = cv2.invertAffineTransform(matrix)
    return Difference(
        likeness=round(likeness, 4),
        identical=False,
        aligned=aligned,
        first_px=first.size_px,
        second_px=second.size_px,
        regions=tuple(_in_original(box, np.eye(2, 3), (one, first)) for box in boxes),
        regions_second=tuple(_in_original(box, there, (other, second)) for box in boxes),
    )


def _shrunk(rgb: Raster) -> Raster:
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


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
        if float(np.median(cv2.absdiff(_soft(one), _soft(over)))) < 3:
            moved = _by_features(one, other)
            if moved is None or np.abs(moved - plain).max() < 1.5:
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


def _soft(rgb: Raster) -> Raster:
    return cv2.GaussianBlur(rgb, (5, 5), 0)


def _likeness(one: Raster, other: Raster, covered: Raster) -> float:
    # Softened: the same letters drawn smaller, or half a pixel aside, are the same letters.
    grey = [cv2.cvtColor(_soft(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32) for rgb in (one, other)]
    similar, weight = _similarity(grey[0], grey[1]), _drawn(grey) * covered
    structure = float((similar * weight).sum() / weight.sum()) if covered.any() else 0.0
    colors = [
        cv2.calcHist([rgb], [0, 1, 2], covered.astype(np.uint8), [6, 6, 6], [0, 256] * 3)
        for rgb in (one, other)
    ]
    shares = [histogram / max(1.0, float(histogram.sum())) for histogram in colors]
    common = float(np.minimum(shares[0], shares[1]).sum())
    seen = float(covered.mean()) ** 0.5
    return float(max(0.0, min(1.0, structure)) * common * seen)


def _drawn(greys: list[Scores]) -> Scores:
    """How much each place counts: fully where either picture shows a stroke or a change."""
    window = np.ones((_NEAR_PX, _NEAR_PX), np.uint8)
    strokes = np.zeros(greys[0].shape, np.float32)
    for grey in greys:
        is_drawn = (cv2.dilate(grey, window) - cv2.erode(grey, window)) > _STROKE
        strokes = np.maximum(strokes, is_drawn.astype(np.float32))
    weight: Scores = np.maximum(strokes, _PLAIN_WEIGHT)
    return weight


def _similarity(one: Scores, other: Scores) -> Scores:
    """The structural similarity of two grey pictures at each pixel, -1 to 1."""

    def smooth(values: Scores) -> Scores:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_one, mean_other = smooth(one), smooth(other)
    spread_one = smooth(one * one) - mean_one**2
    spread_other = smooth(other * other) - mean_other**2
    common = smooth(one * other) - mean_one * mean_other
    steady, steadier = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar: Scores = ((2 * mean_one * mean_other + steady) * (2 * common + steadier)) / (
        (mean_one**2 + mean_other**2 + steady) * (spread_one + spread_other + steadier)
    )
    return similar


def _changed(one: Raster, other: Raster, covered: Raster) -> list[Box]:
    apart = cv2.absdiff(_soft(one), _soft(other)).max(axis=2)
    inside = cv2.erode(covered, np.ones((5, 5), np.uint8)) > 250
    mask = ((apart > _CHANGED) & inside).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    # Strokes of one word and parts of one thing belong together.
    reach = max(5, round(max(mask.shape) / 60)) | 1
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    smallest = max(12.0, _MIN_AREA * mask.size)
    found = [
        stats[index] for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] >= smallest
    ]
    found.sort(key=lambda stat: -int(stat[cv2.CC_STAT_AREA]))
    return [
        Box(float(left), float(top), float(left + width), float(top + height))
        for left, top, width, height, _ in found[:_MAX_REGIONS]
    ]


def _in_original(box: Box, matrix: Scores, place: tuple[Raster, View]) -> Box:
    shrunk, view = place
    corners = np.array(
        [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
    )
    moved = corners @ np.asarray(matrix)[:, :2].T + np.asarray(matrix)[:, 2]
    width, height = view.size_px
    scale = np.array([width / shrunk.shape[1], height / shrunk.shape[0]])
    low = np.clip(moved.min(axis=0) * scale, 0, [width, height])
    high = np.clip(moved.max(axis=0) * scale, 0, [width, height])
    return Box(*(round(float(value), 1) for value in (*low, *high)))
