"""Follows what moves before a still ground: where each thing was, when it came and went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, Mover, Point
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.picture import main_color

_FEWEST_FRAMES: Final = 3
_GROUND_FRAMES: Final = 60
# How far (of 255, in the channel that differs most) a pixel is from the ground to be in front.
_DIFFERS: Final = 24
_SMALLEST: Final = 0.0015
# When more of the frame than this differs, the ground itself changed.
_MOST: Final = 0.5
# A thing goes at most this far, in frame widths, beyond where it is expected.
_REACH_FIRST: Final = 0.4
_REACH: Final = 0.22
_GREYS: Final = 60.0
_MISSED_S: Final = 1.1
# What moves less than this, in parts of the frame, stays where it is.
_STAYS: Final = 0.06
_KEPT_PIXELS: Final = 60
_MOST_MOVERS: Final = 40
# When less of what differs than this can be followed over a few frames, nothing is told of it:
# the view itself changes, and what comes and goes are parts of it.
_FOLLOWED, _EXPLAINED = 3, 0.7


@dataclass(frozen=True, slots=True)
class Still:
    """What is kept of each frame: its time, few pixels, and how light it is, 0 to 1."""

    time_s: float
    rgb: Raster
    light: float


@dataclass(slots=True)
class _Blob:
    box: Box
    size: float
    middle: Scores
    tint: Scores
    pixels: Raster


@dataclass(slots=True)
class _Track:
    points: list[Point]
    middles: list[Scores]
    blob: _Blob
    pixels: list[Raster] = field(default_factory=list)
    seen: float = 0.0

    def expected(self, time_s: float) -> Scores:
        """Where it is, going on as it went."""
        if len(self.middles) < 2:
            return self.middles[-1]
        step_s = self.points[-1].time_s - self.points[-2].time_s
        ahead = min(2.0, (time_s - self.points[-1].time_s) / step_s) if step_s > 0 else 1.0
        there: Scores = self.middles[-1] + ahead * (self.middles[-1] - self.middles[-2])
        return there


def find_movers(seen: Sequence[Still]) -> tuple[Mover, ...]:
    """The things that moved, came or went in these frames of one shot, largest first.

    The view must stand still in them.
    """
    frames = [still.rgb for still in seen]
    if len(frames) < _FEWEST_FRAMES or len({frame.shape for frame in frames}) > 1:
        return ()
    ground = _ground(frames)
    going: list[_Track] = []
    done: list[_Track] = []
    for still in seen:
        blobs = _blobs(still.rgb, ground)
        late = [t for t in going if still.time_s - t.points[-1].time_s > _MISSED_S]
        done += late
        going = [track for track in going if not any(track is other for other in late)]
        for blob in _matched(going, blobs, still.time_s):
            point = Point(still.time_s, blob.box)
            going.append(_Track([point], [blob.middle], blob, [blob.pixels], blob.size))
    times = [still.time_s for still in seen]
    tracks = [track for track in done + going if len(track.points) >= 2]
    followed = sum(track.seen for track in tracks if len(track.points) >= _FOLLOWED)
    if followed < _EXPLAINED * sum(track.seen for track in done + going):
        return ()
    tracks.sort(key=lambda track: -_weight(track))
    found = (_mover(track, times, ground) for track in tracks[:_MOST_MOVERS])
    return tuple(mover for mover in found if mover is not None)


def brightening(seen: Sequence[Still]) -> float:
    """How much lighter the frames become from the first to the last, steadily; else 0."""
    light = [still.light for still in seen]
    whole = light[-1] - light[0] if light else 0.0
    covered = sum(abs(after - before) for before, after in pairwise(light))
    return round(whole, 3) if abs(whole) >= 0.8 * covered else 0.0


def _ground(frames: Sequence[Raster]) -> Scores:
    """What stands behind all that moves: the middle of what each pixel ever was."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), _GROUND_FRAMES)).round().astype(int)
    ground: Scores = np.median(np.stack([frames[place] for place in chosen]), axis=0)
    return ground.astype(np.float32)


def _blobs(frame: Raster, ground: Scores) -> list[_Blob]:
    """What stands before the ground, in parts that hang together."""
    shown = frame.astype(np.float32)
    # A lamp that turns brighter makes all of the ground brighter by the same factor.
    gain = float(np.median((shown + 8) / (ground + 8)))
    differs = np.abs(shown - gain * ground).max(axis=2) > _DIFFERS
    if differs.mean() > _MOST:
        return []
    mask = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(mask)
    height, width = mask.shape
    blobs = []
    for number in range(1, count):
        left, top, wide, high, area = sizes[number]
        if area < _SMALLEST * height * width:
            continue
        box = Box(left / width, top / height, (left + wide) / width, (top + high) / height)
        inside = labels == number
        core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        pixels = frame[core if core.sum() >= 4 else inside]
        blobs.append(
            _Blob(
                Box(
                    *(round(float(side), 4) for side in (box.left, box.top, box.right, box.bottom))
                ),
                area / (height * width),
                np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2]),
                np.median(pixels, axis=0).astype(np.float32),
                pixels[:: max(1, len(pixels) // _KEPT_PIXELS)],
            )
        )
    return blobs


def _matched(going: list[_Track], blobs: Sequence[_Blob], time_s: float) -> list[_Blob]:
    """Lengthen each track by the blob that fits it best; the blobs left over."""
    fits = sorted(
        (
            (cost, number, place)
            for number, track in enumerate(going)
            for place, blob in enumerate(blobs)
            if (cost := _misfit(track, blob, time_s)) < 1
        ),
        key=lambda fit: fit[0],
    )
    taken_tracks: set[int] = set()
    taken: set[int] = set()
    for _, number, place in fits:
        if number in taken_tracks or place in taken:
            continue
        taken_tracks.add(number)
        taken.add(place)
        track, blob = going[number], blobs[place]
        track.points.append(Point(time_s, blob.box))
        track.middles.append(blob.middle)
        track.blob = blob
        track.pixels.append(blob.pixels)
        track.seen += blob.size
    return [blob for place, blob in enumerate(blobs) if place not in taken]


def _misfit(track: _Track, blob: _Blob, time_s: float) -> float:
    """How badly a blob continues a track: 0 perfectly, from 1 on not at all."""
    reach = _REACH_FIRST if len(track.points) < 2 else _REACH
    away = float(np.linalg.norm(track.expected(time_s) - blob.middle)) / reach
    tint = float(np.abs(track.blob.tint - blob.tint).max()) / _GREYS
    size = abs(float(np.log2(track.blob.size / blob.size))) / 2.5
    return max(away, tint * 0.8, size * 0.8) + 0.1 * (away + tint + size) / 3


def _weight(track: _Track) -> float:
    """How much of the picture a thing takes and crosses."""
    steps = (float(np.linalg.norm(b - a)) for a, b in pairwise(track.middles))
    return (0.1 + sum(steps)) * track.blob.size * len(track.points)


def _mover(track: _Track, times: Sequence[float], ground: Scores) -> Mover | None:
    first_s, last_s = track.points[0].time_s, track.points[-1].time_s
    seen = Mover(
        points=tuple(track.points),
        gone_s=next((time_s for time_s in times if time_s > last_s), None),
        came=first_s > times[0],
        color=main_color(np.concatenate(track.pixels)),
    )
    under, around = _ground_at(track.points[0].box, ground)
    is_gap = np.abs(track.blob.tint - around).max() < np.abs(under - around).max()
    moves = np.ptp(np.array(track.middles), axis=0).max() > _STAYS
    return seen if moves or not is_gap else _other_way(seen, times, under)


def _other_way(gap: Mover, times: Sequence[float], under: Scores) -> Mover | None:
    """What stood where a gap is at other times, before it or after it; None when both."""
    if gap.came == (gap.gone_s is not None):
        return None
    there = [
        time_s for time_s in times if (time_s < gap.start_s if gap.came else time_s > gap.end_s)
    ]
    if len(there) < 2:
        return None
    return Mover(
        points=tuple(Point(time_s, gap.points[0].box) for time_s in there),
        gone_s=gap.start_s if gap.came else None,
        came=not gap.came,
        color=main_color(np.tile(under, (4, 1)).astype(np.uint8)),
    )


def _ground_at(box: Box, ground: Scores) -> tuple[Scores, Scores]:
    """The colour of the ground inside a box and in a rim around it."""
    height, width = ground.shape[:2]
    left, right = int(box.left * width), max(int(box.left * width) + 1, int(box.right * width))
    top, bottom = int(box.top * height), max(int(box.top * height) + 1, int(box.bottom * height))
    rim = np.zeros((height, width), bool)
    rim[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3] = True
    rim[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = False
    inside = ground[top:bottom, left:right].reshape(-1, 3)
    around = ground[rim] if rim.any() else inside
    return np.median(inside, axis=0), np.median(around, axis=0)
