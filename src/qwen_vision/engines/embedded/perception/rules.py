"""Finds the ruled lines of a page: horizontal and vertical strokes longer than any letter."""

from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster

_MAX_AREA_PX = 2_500_000
_MIN_LENGTH_PX = 24
_MAX_THICKNESS_PX = 8
_WINDOW_PX = 25
_DARKER_BY = 12


@dataclass(frozen=True, slots=True)
class Rule:
    """A stroke: `at` is its place across its direction, `start` and `end` along it, in pixels."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        """How long the stroke is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Rules:
    """The strokes of a page: horizontal ones by height, vertical ones by place from the left."""

    horizontal: tuple[Rule, ...] = ()
    vertical: tuple[Rule, ...] = ()


def find_rules(bgr: Raster) -> Rules:
    """The ruled lines of a picture, in its pixels; on dark ground light ones as well."""
    height, width = bgr.shape[:2]
    scale = min(1.0, (_MAX_AREA_PX / (height * width)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    if float(np.median(grey)) < 100:
        grey = 255 - grey
    # A frame of paper lets strokes at the very edge stand out as well.
    paper = int(np.percentile(grey, 90))
    framed = cv2.copyMakeBorder(grey, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=[paper])
    ink = cv2.adaptiveThreshold(
        framed, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _WINDOW_PX, _DARKER_BY
    )
    length = max(_MIN_LENGTH_PX, min(size) // 24)
    return Rules(
        horizontal=_strokes(ink, length, scale),
        vertical=_strokes(np.ascontiguousarray(ink.T), length, scale),
    )


def _strokes(ink: Raster, length: int, scale: float) -> tuple[Rule, ...]:
    lying = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    # Gaps of a dotted or scanned line.
    lying = cv2.morphologyEx(lying, cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(lying)
    rules = []
    for left, top, width, height, _ in stats[1:count]:
        if height <= max(_MAX_THICKNESS_PX, width // 60) and width >= 5 * height:
            at, start = top + height / 2 - 2, left - 2
            rules.append(Rule(at / scale, start / scale, (start + width) / scale))
    return tuple(sorted(rules, key=lambda rule: (rule.at, rule.start)))
