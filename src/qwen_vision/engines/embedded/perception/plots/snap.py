"""Snap: the lines of a plot pull a scale into place, as print stands a pixel off its tick."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Color, off_ground
from qwen_vision.engines.embedded.perception.plots.rects import Rect
from qwen_vision.engines.embedded.perception.plots.scales import Scale

_STRIP_PX: Final = 14
_SEEN: Final = 6
_MOST_TICKS: Final = 0.6
_LINE_PX: Final = 5


def snapped(rgb: Raster, ground: Color, scale: Scale) -> Scale:
    """The scale through the marks or grid lines next to its ticks, where most have one."""
    if scale.is_log:
        # Its smaller lines crowd around the ticks.
        return scale
    right = max(word.right for _, word in scale.ticks)
    start = int(right) + 1
    strip = off_ground(rgb[:, start : start + _STRIP_PX], ground)
    if strip.shape[1] < _STRIP_PX:
        return scale
    rows = (strip > _SEEN).mean(axis=1)
    rows = np.clip(rows - np.median(rows), 0, None)
    reach = min(4.0, 0.2 * scale.gap_px)
    moved = [
        (place, number)
        for px, word in scale.ticks
        if (number := word.number) is not None
        and (place := _peak(rows, px, reach=reach)) is not None
    ]
    if len(moved) < max(2, _MOST_TICKS * len(scale.ticks)):
        return scale
    slope, offset = np.polyfit([place for place, _ in moved], [value for _, value in moved], 1)
    return replace(scale, slope=float(slope), offset=float(offset))


def _peak(rows: Raster, px: float, *, reach: float) -> float | None:
    """The middle of the line nearest to a row."""
    first = max(0, int(px - reach))
    near = rows[first : int(px + reach) + 2]
    if not len(near) or float(near.max()) < 0.15:
        return None
    strong = np.flatnonzero(near >= 0.6 * near.max())
    if strong[-1] - strong[0] >= _LINE_PX:
        return None
    weights = near[strong]
    return float((strong * weights).sum() / weights.sum()) + first + 0.5


def foot_line(rgb: Raster, ground: Color, rects: Sequence[Rect], *, foot: float) -> float:
    """The middle of the line that bars stand on, seen between them; the foot without one."""
    ordered = sorted(rects, key=lambda rect: rect.left)
    gaps = [
        (int(one.right) + 2, int(other.left) - 2)
        for one, other in pairwise(ordered)
        if other.left - one.right >= 6
    ]
    if not gaps:
        return foot
    columns = np.concatenate([np.arange(left, right + 1) for left, right in gaps])
    first = max(0, round(foot) - 3)
    band = off_ground(rgb[first : round(foot) + 4, :][:, columns], ground) > _SEEN
    lined = np.flatnonzero(band.mean(axis=1) > 0.9)
    if not 0 < len(lined) < _LINE_PX:
        return foot
    return float(first + (lined[0] + lined[-1] + 1) / 2)
