"""Compares two pictures: lays the second over the first and finds what changed."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, Difference, Region
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.overlay import Laid, lay_over, soft
from qwen_vision.engines.embedded.perception.picture import main_color
from qwen_vision.media.items import Size

_SIDE_PX = 960
# Blurred pictures that differ by less than this are the same but for noise and compression.
_CHANGED = 22
_MIN_AREA = 0.0002
_ALIGNED = 0.35
_MAX_REGIONS = 40
# Bare paper is like any other: what is drawn on it tells two pages apart.
_NEAR_PX = 9
_STROKE = 24.0
_PLAIN_WEIGHT = 0.02
_COVERED, _WHITE, _DARK = 250, 255, 8
# The light changed when it is so much lighter or darker, and that explains what differs.
_SAME_LIGHT, _EXPLAINED = 0.05, 0.6
# Mean distance of the channels: of a picture without colours, and of one that has some.
_GREY, _TINTED = 3.0, 8.0


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
    they have in common. Places count as changed when they differ by more than the light does.
    """
    one, other = _shrunk(first.rgb), _shrunk(second.rgb)
    identical = first.size_px == second.size_px and bool(np.array_equal(first.rgb, second.rgb))
    if identical:
        return Difference(1.0, True, True, first.size_px, second.size_px)  # noqa: FBT003 - facts
    laid = lay_over(one, other)
    drawn = _structure(one, laid)
    # Two pages of one size lie on each other edge by edge whatever is written on them.
    if drawn < _ALIGNED and not laid.is_found:
        likeness = round(drawn * _common(one, laid), 4)
        return Difference(likeness, False, False, first.size_px, second.size_px)  # noqa: FBT003 - facts
    made_grey = _is_made_grey(one, laid)
    if made_grey:
        one = cv2.cvtColor(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    lit, gain = _lit_alike(one, laid)
    return Difference(
        likeness=round(drawn * _common(one, laid), 4),
        identical=False,
        aligned=True,
        first_px=first.size_px,
        second_px=second.size_px,
        regions=tuple(
            replace(region, box=_in_original(region.box, one, first))
            for region in _changed(lit, laid)
        ),
        turn_deg=laid.turn_deg,
        mirrored=laid.is_mirrored,
        shown=laid.shown,
        gain=round(gain, 2),
        made_grey=made_grey,
    )


def _is_made_grey(one: Raster, laid: Laid) -> bool:
    """Whether the second has no colours and the first has some."""
    before, after = (
        float(np.ptp(rgb[laid.covered > _COVERED].astype(np.int16), axis=1).mean())
        for rgb in (one, laid.rgb)
    )
    return after < _GREY < _TINTED < before


def _lit_alike(one: Raster, laid: Laid) -> tuple[Raster, float]:
    """The first picture in the light of the second, and how much lighter that is (1: as light)."""
    before, after = (_luma(rgb)[laid.covered > _COVERED] for rgb in (one, laid.rgb))
    unclipped = (np.minimum(before, after) > _DARK) & (np.maximum(before, after) < _WHITE - _DARK)
    if not unclipped.any():
        return one, 1.0
    gain = float(np.median(after[unclipped] / before[unclipped]))
    lit = np.clip(one.astype(np.float32) * gain, 0, _WHITE).astype(np.uint8)
    apart = np.abs(before - after).mean()
    left = np.abs(_luma(lit)[laid.covered > _COVERED] - after).mean()
    if abs(gain - 1) < _SAME_LIGHT or left >= _EXPLAINED * apart:
        return one, 1.0
    return lit, gain


def _luma(rgb: Raster) -> Scores:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _shrunk(rgb: Raster) -> Raster:
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _structure(one: Raster, laid: Laid) -> float:
    """How alike both are drawn where they cover each other, less where they cover little."""
    covered = laid.covered > _COVERED
    # Softened: the same letters drawn smaller, or half a pixel aside, are the same letters.
    grey = [_luma(soft(rgb)) for rgb in (one, laid.rgb)]
    similar, weight = _similarity(grey[0], grey[1]), _drawn(grey) * covered
    structure = float((similar * weight).sum() / max(1.0, float(weight.sum())))
    seen = float(covered.mean())
    return max(0.0, min(1.0, structure)) * math.sqrt(seen)


def _common(one: Raster, laid: Laid) -> float:
    """The share of the colours that both have."""
    covered = (laid.covered > _COVERED).astype(np.uint8)
    colors = [
        cv2.calcHist([rgb], [0, 1, 2], covered, [6, 6, 6], [0, 256] * 3) for rgb in (one, laid.rgb)
    ]
    shares = [histogram / max(1.0, float(histogram.sum())) for histogram in colors]
    return float(np.minimum(shares[0], shares[1]).sum())


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


def _changed(one: Raster, laid: Laid) -> list[Region]:
    apart = cv2.absdiff(soft(one), soft(laid.rgb)).max(axis=2)
    inside = cv2.erode(laid.covered, np.ones((5, 5), np.uint8)) > _COVERED
    mask = ((apart > _CHANGED) & inside).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    # Strokes of one word and parts of one thing belong together.
    reach = max(5, round(max(mask.shape) / 60)) | 1
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    smallest = max(12.0, _MIN_AREA * mask.size)
    found = [index for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] >= smallest]
    found.sort(key=lambda index: -int(stats[index, cv2.CC_STAT_AREA]))
    regions = []
    for index in found[:_MAX_REGIONS]:
        left, top, width, height = (float(side) for side in stats[index, :4])
        own = (labels == index) & (mask > 0)
        regions.append(
            Region(
                Box(left, top, left + width, top + height),
                main_color(one[own]),
                main_color(laid.rgb[own]),
            )
        )
    return regions


def _in_original(box: Box, shrunk: Raster, view: View) -> Box:
    across, down = view.size_px[0] / shrunk.shape[1], view.size_px[1] / shrunk.shape[0]
    sides = (box.left * across, box.top * down, box.right * across, box.bottom * down)
    return Box(*(round(side, 1) for side in sides))
