"""Slices: the sectors of a pie or a ring, each with its share of the turn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Color, flat_colors, off_ground
from qwen_vision.engines.embedded.perception.plots.words import Word

_LEAST_RADIUS_PX: Final = 24
_SMALL_PX: Final = 300
_ROUND: Final = 0.93
# In a small copy lines that lead to labels may still hang on it.
_ROUNDISH: Final = 0.8
_STEPS: Final = 1440
_RINGS: Final = (0.72, 0.79, 0.86, 0.93)
_NEAR: Final = 24
# The share of the angles at which the rings must show the same colour.
_AGREE: Final = 0.85
_LEAST_TURN: Final = 0.004


@dataclass(frozen=True, slots=True)
class Disc:
    """A round shape in pixels of the picture."""

    x: float
    y: float
    radius: float
    is_ring: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """A sector: angles clockwise from the top in turns, `share` of the whole (0 to 1)."""

    start: float
    share: float
    color: Color

    @property
    def middle(self) -> float:
        """The angle of its middle, in turns clockwise from the top."""
        return (self.start + self.share / 2) % 1.0


def find_disc(rgb: Raster, ground: Color) -> Disc | None:
    """The largest round shape on the ground; None when there is none.

    It is looked for in a small copy first: most pictures hold none.
    """
    step = max(1, max(rgb.shape[:2]) // _SMALL_PX)
    small = _disc(rgb[::step, ::step], ground, least_px=_LEAST_RADIUS_PX / step, fills=_ROUNDISH)
    return _disc(rgb, ground, least_px=_LEAST_RADIUS_PX, fills=_ROUND) if small else None


def _disc(rgb: Raster, ground: Color, *, least_px: float, fills: float) -> Disc | None:
    mask: Raster = (off_ground(rgb, ground) > 12).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    # Lines that lead to labels are cut off.
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:2]:
        hull = cv2.convexHull(outline)
        (x, y), radius = cv2.minEnclosingCircle(hull)
        full = math.pi * radius * radius
        if radius >= least_px and cv2.contourArea(hull) >= fills * full:
            inner = int(max(2, 0.12 * radius))
            heart = rgb[int(y) - inner : int(y) + inner, int(x) - inner : int(x) + inner]
            is_ring = bool(heart.size) and float((off_ground(heart, ground) <= 12).mean()) > 0.55
            return Disc(float(x) + 0.5, float(y) + 0.5, float(radius), is_ring)
    return None


def find_slices(rgb: Raster, ground: Color, disc: Disc) -> list[Slice]:
    """The sectors of a disc, clockwise; empty when it is not cut from its middle outwards."""
    left, top = max(0, int(disc.x - disc.radius)), max(0, int(disc.y - disc.radius))
    inside = rgb[top : int(disc.y + disc.radius) + 1, left : int(disc.x + disc.radius) + 1]
    colors = [
        color
        for color in flat_colors(inside, ground)
        if max(color) > 40 or max(color) - min(color) > 20
    ]
    if len(colors) < 2:
        return []
    turns = np.arange(_STEPS) / _STEPS * 2 * math.pi
    votes = np.full((len(_RINGS), _STEPS), -1)
    for ring, part in enumerate(_RINGS):
        xs = np.clip((disc.x + part * disc.radius * np.sin(turns)).astype(int), 0, rgb.shape[1] - 1)
        ys = np.clip((disc.y - part * disc.radius * np.cos(turns)).astype(int), 0, rgb.shape[0] - 1)
        seen = rgb[ys, xs].astype(np.int32)
        apart = np.stack([np.abs(seen - np.array(color)).max(axis=1) for color in colors], axis=1)
        best = apart.argmin(axis=1)
        votes[ring] = np.where(apart[np.arange(_STEPS), best] <= _NEAR, best, -1)
    winners, agreeing = _elected(votes, len(colors))
    if float((agreeing >= len(_RINGS) - 1).mean()) < _AGREE:
        return []
    return _sectors(winners, colors)


def _elected(votes: Raster, count: int) -> tuple[Raster, Raster]:
    """The colour most rings show at each angle, and how many do; -1 where none does."""
    tallies = np.stack([(votes == at).sum(axis=0) for at in range(count)], axis=1)
    winners = tallies.argmax(axis=1)
    agreeing = tallies.max(axis=1)
    return np.where(agreeing >= 2, winners, -1), agreeing


def _sectors(winners: Raster, colors: Sequence[Color]) -> list[Slice]:
    borders = _borders(winners)
    slices = []
    for place, (start, color) in enumerate(borders):
        end = borders[(place + 1) % len(borders)][0]
        share = (end - start) % 1.0
        if share >= _LEAST_TURN:
            slices.append(Slice(start, share, colors[color]))
    return slices


def _borders(winners: Raster) -> list[tuple[float, int]]:
    """Where each sector begins, in turns, with its colour; gaps are shared by both sides."""
    known = np.flatnonzero(winners >= 0)
    borders: list[tuple[float, int]] = []
    for place, at in enumerate(known):
        last = known[place - 1]
        if winners[at] != winners[last]:
            gap = (int(at) - int(last)) % _STEPS
            borders.append(((int(at) - (gap - 1) / 2) / _STEPS % 1.0, int(winners[at])))
    return borders


def words_at(
    piece: Slice, disc: Disc, *, words: Sequence[Word], slices: Sequence[Slice]
) -> tuple[list[Word], list[Word]]:
    """The words inside a sector and those just outside of it."""
    inside, outside = [], []
    for word in words:
        across, down = word.x - disc.x, word.y - disc.y
        far = math.hypot(across, down) / disc.radius
        if far < 1.0:
            if far > 0.25 and _holds(piece, _turn(across, down)):
                inside.append(word)
            continue
        # A label outside begins at its edge next to the disc.
        edge_x = min(max(disc.x, word.left), word.right)
        edge_y = min(max(disc.y, word.top), word.bottom)
        reach = math.hypot(edge_x - disc.x, edge_y - disc.y) / disc.radius
        turn = _turn(0.7 * edge_x + 0.3 * word.x - disc.x, 0.7 * edge_y + 0.3 * word.y - disc.y)
        if reach <= 1.35 and piece is _closest(slices, turn):
            outside.append(word)
    return inside, outside


def _turn(across: float, down: float) -> float:
    return (math.atan2(across, -down) / (2 * math.pi)) % 1.0


def _holds(piece: Slice, turn: float) -> bool:
    return (turn - piece.start) % 1.0 <= piece.share


def _closest(slices: Sequence[Slice], turn: float) -> Slice:
    def apart(piece: Slice) -> float:
        off = abs(piece.middle - turn) % 1.0
        return min(off, 1.0 - off)

    return min(slices, key=apart)
