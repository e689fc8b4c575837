"""Strokes: the coloured things of a plot told apart by the way they differ from the ground.

A thin line is blended with its ground: its pixels lie between two colours. What they share is
the direction away from the ground, so that is what they are sorted by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Color

_LEAST_OFF: Final = 45.0
_LEAST_CHROMA: Final = 30
_ALIKE: Final = 0.985
# A colour that a legend names is told from less like ones; one it does not name is far off.
_NAMED: Final = 0.95
_OWN: Final = 0.93
_LEAST_SHARE: Final = 0.04
_LEAST_PX: Final = 24
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Stroke:
    """One colour's pixels in an area: how strongly each has it (0 to 1), and its full tone."""

    cover: Raster
    color: Color


def find_strokes(pixels: Raster, ground: Color, *, hints: Sequence[Color] = ()) -> list[Stroke]:
    """The colours in the pixels, the most used first, or those of a legend (`hints`)."""
    off = np.array(ground, np.float32) - pixels.astype(np.float32)
    length = np.linalg.norm(off, axis=2)
    chroma = off.max(axis=2) - off.min(axis=2)
    strong = (length > _LEAST_OFF) & (chroma > _LEAST_CHROMA)
    if int(strong.sum()) < _LEAST_PX:
        return []
    ways = off / np.maximum(length, 1.0)[..., None]
    aims = _hinted(hints, ground)
    known = len(aims)
    # A legend may be read in part: what it does not name is a colour of its own.
    aims += [
        aim
        for aim in _aims(ways[strong], length[strong])
        if all(float(aim @ other) < _OWN for other in aims)
    ]
    if not aims:
        return []
    likeness = np.stack([ways @ aim for aim in aims], axis=-1)
    nearest = likeness.argmax(axis=-1)
    strokes = []
    for at in range(len(aims)):
        least = _NAMED if at < known else _ALIKE
        mine = (
            (nearest == at)
            & (likeness[..., at] >= least)
            & (length > _LEAST_OFF * 0.6)
            & (chroma > _LEAST_CHROMA * 0.6)
        )
        if int(mine.sum()) < _LEAST_PX:
            continue
        full = float(np.percentile(length[mine], 85))
        strongest = pixels[mine & (length >= full)]
        red, green, blue = (int(value) for value in np.median(strongest, axis=0))
        cover = np.where(mine, np.clip(length / full, 0, 1), 0).astype(np.float32)
        strokes.append(Stroke(cover, (red, green, blue)))
    return strokes


def _hinted(hints: Sequence[Color], ground: Color) -> list[Raster]:
    aims = []
    for color in hints:
        way = np.array(ground, np.float32) - np.array(color, np.float32)
        aims.append(way / max(1.0, float(np.linalg.norm(way))))
    return aims


def _aims(ways: Raster, weights: Raster) -> list[Raster]:
    """The directions most pixels share, the heaviest first."""
    aims: list[Raster] = []
    left = np.ones(len(ways), bool)
    whole = float(weights.sum())
    while len(aims) < _MOST and left.any():
        coarse = np.round(ways[left] * 8).astype(np.int32) + 8
        codes = (coarse[:, 0] * 17 + coarse[:, 1]) * 17 + coarse[:, 2]
        heavy = np.bincount(codes, weights=weights[left])
        seeds = ways[left][codes == heavy.argmax()]
        aim = seeds.mean(axis=0)
        aim = aim / max(1e-6, float(np.linalg.norm(aim)))
        mine = left & (ways @ aim >= _ALIKE)
        if float(weights[mine].sum()) < _LEAST_SHARE * whole or int(mine.sum()) < _LEAST_PX:
            break
        aims.append(aim)
        left &= ways @ aim < _ALIKE - 0.02
    return aims
