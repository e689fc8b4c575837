"""Namer: names things and scenes by what a detector and a classifier say of the pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Protocol

import numpy as np

from qwen_vision.engines.embedded.facts import Box, ObjectSeen, SceneSeen
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.kinds import kinds_of, narrowest, wider_than
from qwen_vision.engines.embedded.perception.sightings import (
    SAME,
    seen_twice,
    shared,
    sightings,
    within,
)
from qwen_vision.engines.embedded.perception.verdict import (
    is_checked,
    name_alone,
    name_checked,
)
from qwen_vision.engines.embedded.perception.wish import step
from qwen_vision.media.items import Size

_INSIDE = 0.8
# At most so many boxes of a picture are shown to the classifier. Each look costs .08 s.
_MOST_LOOKS, _GLANCE_LOOKS = 8, 3
# What one look of the detector must be sure of.
_ONE_LOOK = 0.6
_SMALLEST_PX = 24
_AROUND = 0.08
# A word for many classes of which none is likely must be surer than a class that has such a
# word, and a class that has none surest: it is the wrong one more often than others.
_SCENE_SURE, _KIND_SURE, _CLASS_SURE = 0.5, 0.6, 0.7
# What is cut off each side for the view of the middle.
_MARGIN = 0.075
# A part is named when so many overlapping tiles are so sure of it: fewer are mostly wrong.
_PART_SURE = 0.7
_PART_TILES = 3
# A class without a wider word is the wrong one more often than others.
_ODD_TILES = 6
# The side of a tile as a share of the picture's, and how many go across. Each costs .08 s.
_TILE_SHARE, _TILES_ACROSS = 0.45, 5


class Detects(Protocol):
    """Finds things in pixels."""

    def rows(self, rgb: Raster) -> Scores:
        """A row for each thing: a zero, its class, its chance, its sides as shares (n, 7)."""


class Classifies(Protocol):
    """Tells what pixels show as a whole."""

    labels: list[str]

    def chances(self, rgb: Raster) -> Scores:
        """The chance of each class, 0 to 1, in the order of `labels`."""


class Namer:
    """Names things and scenes. Safe to call from several threads at once."""

    def __init__(self, detector: Detects, classifier: Classifies | None) -> None:
        self._detector = detector
        self._classifier = classifier
        # Neither network may be run twice at the same time; each run takes under .1 s.
        self._running = Lock()

    def objects(self, rgb: Raster, original: Size) -> tuple[ObjectSeen, ...]:
        """Objects that are surely there, the surest first, in pixels of the original."""
        seen = self._look(rgb, original)
        mirrored = self._look(np.ascontiguousarray(rgb[:, ::-1]), original)
        maybe = seen_twice(seen, mirrored, original)
        return self._named(maybe, rgb, original=original, most_looks=_MOST_LOOKS)

    def glance(self, rgb: Raster, original: Size) -> tuple[ObjectSeen, ...]:
        """The same for one of many frames: sooner told, and from one look of the detector."""
        seen = self._look(rgb, original)
        sure = [thing for thing in seen if thing.confidence >= _ONE_LOOK]
        return self._named(sure, rgb, original=original, most_looks=_GLANCE_LOOKS)

    def scene(self, rgb: Raster, _original: Size) -> SceneSeen | None:
        """What the picture shows as a whole; None when that is unsure."""
        if self._classifier is None:
            return None
        chances = np.mean([self._chances(self._classifier, view) for view in _views(rgb)], axis=0)
        return _scene(chances, self._classifier.labels)

    def parts(self, rgb: Raster, _original: Size) -> tuple[SceneSeen, ...]:
        """What parts of the picture look like where several tiles agree, the surest first."""
        if self._classifier is None:
            return ()
        seen: dict[str, list[SceneSeen]] = {}
        for tile in _tiles(rgb):
            chances = self._chances(self._classifier, tile)
            for named in _names_of_part(chances, self._classifier.labels):
                seen.setdefault(named.label, []).append(named)
        parts = [
            max(same, key=lambda part: part.confidence)
            for same in seen.values()
            if len(same) >= (_PART_TILES if same[0].kinds else _ODD_TILES)
        ]
        told = {kind for part in parts for kind in part.kinds if kind != part.label}
        narrow = (part for part in parts if part.label not in told)
        return tuple(sorted(narrow, key=lambda part: -part.confidence))

    def _look(self, rgb: Raster, original: Size) -> list[ObjectSeen]:
        with self._running, step():
            rows = self._detector.rows(rgb)
        return list(sightings(rows, original))

    def _chances(self, classifier: Classifies, rgb: Raster) -> Scores:
        with self._running, step():
            return classifier.chances(rgb)

    def _named(
        self, maybe: Sequence[ObjectSeen], rgb: Raster, *, original: Size, most_looks: int
    ) -> tuple[ObjectSeen, ...]:
        """What may be there by the names that hold, without what is found twice."""
        found: list[ObjectSeen] = []
        looks = 0
        for thing in maybe:
            if any(shared(thing.box, other.box) >= SAME for other in found):
                continue
            crop = _crop(rgb, thing.box, original)
            # Of a box around another thing the classifier may name the other one.
            is_around = any(within(other.box, thing.box) >= _INSIDE for other in found)
            if self._classifier is None or crop is None or is_around or not is_checked(thing.label):
                name = name_alone(thing.label, thing.confidence)
            elif looks < most_looks:
                looks += 1
                name = name_checked(
                    thing.label,
                    thing.confidence,
                    chances=self._chances(self._classifier, crop),
                    names=self._classifier.labels,
                )
            elif thing.label in {other.label for other in found}:
                name = name_alone(thing.label, thing.confidence)
            else:
                name = None
            if name is not None:
                found.append(replace(thing, label=name.label, kinds=name.kinds))
        return tuple(found)


def _scene(chances: Scores, labels: Sequence[str]) -> SceneSeen | None:
    """The class, or the narrowest everyday word, that is likely enough; None when none is."""
    best = int(chances.argmax())
    if chances[best] >= (_SCENE_SURE if kinds_of(best) else _CLASS_SURE):
        return SceneSeen(labels[best], round(float(chances[best]), 4), kinds_of(best))
    kind = narrowest(chances, sure=_KIND_SURE, wide_sure=_CLASS_SURE)
    if kind is None:
        return None
    return SceneSeen(kind.word, round(kind.chance(chances), 4), wider_than(kind))


def _names_of_part(chances: Scores, labels: Sequence[str]) -> Iterator[SceneSeen]:
    """The class and the narrowest word for a thing that a part surely looks like."""
    best = int(chances.argmax())
    if chances[best] >= _PART_SURE:
        yield SceneSeen(labels[best], round(float(chances[best]), 4), kinds_of(best))
    kind = narrowest(chances, sure=_PART_SURE)
    # Parts of an animal look like other animals.
    if kind is not None and not kind.is_animal and kind.word != labels[best]:
        yield SceneSeen(kind.word, round(kind.chance(chances), 4), wider_than(kind))


def _views(rgb: Raster) -> Iterator[Raster]:
    """The picture, its mirror image and its middle."""
    yield rgb
    yield np.ascontiguousarray(rgb[:, ::-1])
    height, width = rgb.shape[:2]
    down, across = int(height * _MARGIN), int(width * _MARGIN)
    yield rgb[down : height - down, across : width - across]


def _crop(rgb: Raster, box: Box, original: Size) -> Raster | None:
    """The pixels of a box and a little around it; None when they are too few to tell anything."""
    across, down = rgb.shape[1] / original.width_px, rgb.shape[0] / original.height_px
    wide, high = (box.right - box.left) * across, (box.bottom - box.top) * down
    if min(wide, high) < _SMALLEST_PX:
        return None
    left, top = int(box.left * across - wide * _AROUND), int(box.top * down - high * _AROUND)
    right, bottom = (
        int(box.right * across + wide * _AROUND),
        int(box.bottom * down + high * _AROUND),
    )
    return rgb[max(0, top) : bottom + 1, max(0, left) : right + 1]


def _tiles(rgb: Raster) -> Iterator[Raster]:
    height, width = rgb.shape[:2]
    starts = np.linspace(0, 1 - _TILE_SHARE, _TILES_ACROSS)
    for top in starts:
        for left in starts:
            yield rgb[
                int(top * height) : int((top + _TILE_SHARE) * height),
                int(left * width) : int((left + _TILE_SHARE) * width),
            ]
