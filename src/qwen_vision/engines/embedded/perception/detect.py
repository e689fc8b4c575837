"""Finds where text stands: quadrilaterals from the PP-OCR detection model.

The model gives for each pixel the chance that it lies in the shrunken core of a text line
(differentiable binarization, Liao et al. 2020); a line is the rectangle around a core,
grown again by area x 1.6 / perimeter.
"""

import math
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Points, Raster, Scores
from qwen_vision.engines.embedded.perception.weights import Network, at_once

_CORE = 0.3
_SURE = 0.5
# Print under a pen stroke or after a row of dots: worth reading, not worth believing unread.
_FAINT = 0.35
_MAX_FAINT = 12
# A faint spot shorter than two letters is dirt.
_FAINT_SHAPE = 1.8
_GROW = 1.6
_MIN_SIDE_PX = 736
_MAX_SIDE_PX = 1984
# Activations of the first layers dominate memory: 2.2 MP stays well under 900 MB.
_MAX_AREA_PX = 2_200_000
_LARGE_AREA_PX = 1_400_000
_MAX_ENLARGE = 4.0
_MAX_LINES = 2000
_LARGE_LETTERS_PX = 120
_GOOD_LETTERS_PX = 60
_AFAR = 0.5
# A glimpse at a frame of a film: so wide, and so little chance of a letter is enough.
_GLIMPSE_PX = (480, 960)
_HINT = _CORE


@dataclass(frozen=True, slots=True)
class Spots:
    """Corners (4, 2) of lines: those that surely hold text, and faint ones that may."""

    sure: list[Points]
    faint: list[Points]


class TextDetector:
    """Detects text lines. Safe to call from several threads at once."""

    def __init__(self, weights: Path, *, threads: int | None = None) -> None:
        self._network = Network(weights, threads=threads)
        self._large = Lock()
        self._turns = BoundedSemaphore(at_once(threads))

    def find(self, bgr: Raster, *, is_afar: bool = False) -> Spots:
        """Corners (4, 2) in pixels of `bgr`: top left, top right, bottom right, bottom left.

        From afar the dots of a printer run together into letters.
        """
        scale = _scale_for(bgr.shape[1], bgr.shape[0])
        if is_afar:
            return self._find_at(bgr, scale * _AFAR)
        spots = self._find_at(bgr, scale)
        heights = [_height(quad) for quad in spots.sure]
        letters = scale * float(np.median(heights)) if heights else 0.0
        if letters > _LARGE_LETTERS_PX:
            # The network takes the strokes of huge letters apart: look again from afar.
            afar = self._find_at(bgr, scale * _GOOD_LETTERS_PX / letters)
            return afar if afar.sure else spots
        return spots

    def may_find(self, bgr: Raster) -> bool:
        """Whether a look at the picture made small leaves any chance of text."""
        height, width = bgr.shape[:2]
        least, most = (side / max(height, width) for side in _GLIMPSE_PX)
        scale = min(max(1.0, least), most)
        small = cv2.resize(bgr, _grid(width, height, scale), interpolation=_filter(scale))
        return bool((self._chance(small) > _HINT).any())

    def _find_at(self, bgr: Raster, scale: float) -> Spots:
        height, width = bgr.shape[:2]
        small = cv2.resize(bgr, _grid(width, height, scale), interpolation=_filter(scale))
        factors = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
        limit = np.array([width - 1, height - 1], np.float32)
        spots = _spots(self._chance(small))
        return Spots(
            [np.clip(quad * factors, 0, limit) for quad in spots.sure],
            [np.clip(quad * factors, 0, limit) for quad in spots.faint],
        )

    def _chance(self, bgr: Raster) -> Scores:
        tensor = cv2.dnn.blobFromImage(bgr, scalefactor=1 / 127.5, mean=(127.5, 127.5, 127.5))
        # Two at once on the same cores take longer than one after the other, and two large
        # pages twice the memory.
        is_large = bgr.shape[0] * bgr.shape[1] > _LARGE_AREA_PX
        with self._large if is_large else nullcontext(), self._turns:
            chance: Scores = self._network.run(tensor)[0, 0]
        return chance


def _scale_for(width: int, height: int) -> float:
    """How much to resize: small pictures grow until the short side holds readable letters."""
    short, long = min(width, height), max(width, height)
    scale = min(_MAX_ENLARGE, max(1.0, _MIN_SIDE_PX / short), max(1.0, _MAX_SIDE_PX / long))
    return min(scale, _MAX_SIDE_PX / long, math.sqrt(_MAX_AREA_PX / (width * height)))


def _grid(width: int, height: int, scale: float) -> tuple[int, int]:
    # The network halves its input five times: sides must be multiples of 32.
    return (max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32))


def _filter(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def _height(quad: Points) -> float:
    sides = np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[0] - quad[3])
    return float(min(sides))


def _spots(chance: Scores) -> Spots:
    mask = cv2.dilate((chance > _CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    sure: list[Points] = []
    faint: list[tuple[float, Points]] = []
    for contour in contours[:_MAX_LINES]:
        center, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < 3:
            continue
        mean = _mean_inside(chance, contour)
        if mean < _FAINT:
            continue
        grow = 2 * _GROW * width * height / (2 * (width + height))
        corners = cv2.boxPoints((center, (width + grow, height + grow), angle))
        if mean >= _SURE:
            sure.append(corners_in_order(corners))
        elif max(width, height) > _FAINT_SHAPE * min(width, height):
            faint.append((width * height, corners_in_order(corners)))
    faint.sort(key=lambda item: -item[0])
    return Spots(sure, [quad for _, quad in faint[:_MAX_FAINT]])


def _mean_inside(chance: Scores, contour: Points) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    box = cv2.boxPoints(cv2.minAreaRect(contour)) - np.array([left, top], np.float32)
    cv2.fillPoly(mask, [box.astype(np.int32)], 1)
    return float(cv2.mean(chance[top : top + height, left : left + width], mask)[0])


def corners_in_order(corners: Points) -> Points:
    """The corners from top left, clockwise, of a line that runs from left to right."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    top_left, bottom_left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    top_right, bottom_right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)
