"""Watches a video: gathers shots, movement, text over time and objects over time.

Frames come one by one and are let go; what is kept of each is small.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qwen_vision.engines.embedded.facts import (
    Box,
    Motion,
    Mover,
    ObjectSeen,
    PictureFacts,
    Reading,
    Rounds,
    SceneSeen,
    Shot,
    Sighting,
    TextLine,
    VideoFacts,
)
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.cuts import (
    Look,
    Stretch,
    is_cut,
    look_of,
    stretches,
)
from qwen_vision.engines.embedded.perception.motion import Glance, glance, has_news, moved
from qwen_vision.engines.embedded.perception.spans import text_spans
from qwen_vision.engines.embedded.perception.tracks import Still, brightening, find_movers
from qwen_vision.media.items import Frame, Size

_MIN_CONFIDENCE = 0.7
# Reading a frame takes about a second of a core, naming its objects a fifth. What may be spent
# grows with the length, so that the end of a video is looked at as well as its beginning.
_MOST_READ, _MOST_NAMED = 24, 32
_AT_ONCE = 8
# After so many readings of a shot without any text it is read this seldom.
_VAIN, _SELDOM_S = 4, 2.0
# A name is sure when it was given twice, in this share of the looks, and once this surely; given
# in the only look, it must be surer.
_TWICE, _SHARE, _SURE_TWICE, _SURE_ONCE = 2, 0.34, 0.7, 0.8
_ON_IT = 0.5
# How often it is asked what a shot looks like as a whole: each costs a fifth of a second.
_MOST_SCENES = 3


@dataclass(frozen=True, slots=True)
class Senses:
    """What a frame is looked at with; a sense that is None is not used.

    `may_read` says quickly whether a frame can hold text at all.
    """

    picture: Callable[[Raster, Size], PictureFacts]
    read: Callable[[Raster, Size], Reading] | None = None
    may_read: Callable[[Raster], bool] = lambda _: True
    objects: Callable[[Raster, Size], tuple[ObjectSeen, ...]] | None = None
    scene: Callable[[Raster, Size], SceneSeen | None] | None = None
    rounds: Callable[[Raster, Size], Rounds | None] | None = None


class Watcher:
    """Takes the frames of one video in order, then says what was seen."""

    def __init__(self, senses: Senses, original: Size, *, duration_s: float) -> None:
        self._senses = senses
        self._original = original
        self._duration_s = duration_s
        self._last: Glance | None = None
        self._read: Glance | None = None
        self._named: Glance | None = None
        self._vain = 0
        self._is_bare = True
        self._scene_looks = 0
        self._looks: list[Look] = []
        self._stills: list[Still] = []
        self._motions: list[Motion] = []
        self._readings: list[tuple[float, tuple[TextLine, ...]]] = []
        self._sightings: list[Sighting] = []
        self._scenes: list[tuple[float, SceneSeen]] = []

    def take(self, frame: Frame, rgb: Raster) -> None:
        """Look at the next frame; `rgb` are its pixels."""
        now = glance(rgb, frame.time_s)
        look = look_of(now)
        if self._last is not None:
            self._motions.append(moved(self._last, now))
        if self._looks and is_cut(self._looks[-1], look):
            self._read = self._named = None
            self._vain = self._scene_looks = 0
            self._is_bare = True
        self._looks.append(look)
        self._stills.append(Still(now.time_s, now.rgb, float(now.grey.mean()) / 255))
        self._last = now
        self._read_text(now, rgb)
        self._name_things(now, rgb)

    def facts(self) -> VideoFacts:
        """All that was seen, up to the last frame taken."""
        shots, changes = stretches(self._looks)
        last_s = self._looks[-1].time_s if self._looks else 0.0
        ends = [*(shot.start_s for shot in shots[1:]), max(self._duration_s, last_s)]
        return VideoFacts(
            duration_s=self._duration_s,
            width_px=self._original.width_px,
            height_px=self._original.height_px,
            frames_seen=len(self._looks),
            shots=tuple(self._shot(shot, end) for shot, end in zip(shots, ends, strict=True)),
            motions=tuple(self._motions),
            changes=changes,
            texts=text_spans(self._readings, ends[-1]),
            sightings=tuple(self._sightings),
            sees_objects=self._senses.objects is not None,
        )

    def _read_text(self, now: Glance, rgb: Raster) -> None:
        if self._senses.read is None or not self._may(len(self._readings), _MOST_READ, now):
            return
        if self._read is not None:
            early = now.time_s - self._read.time_s < _SELDOM_S and self._vain >= _VAIN
            if early or not has_news(self._read, now, text=True):
                return
        self._read = now
        # Most shots hold no text; one that may is looked at quickly no more.
        self._is_bare = self._is_bare and not self._senses.may_read(rgb)
        lines = () if self._is_bare else self._senses.read(rgb, self._original).lines
        sure = tuple(line for line in lines if line.confidence >= _MIN_CONFIDENCE)
        self._vain = 0 if sure else self._vain + 1
        self._readings.append((now.time_s, sure))

    def _name_things(self, now: Glance, rgb: Raster) -> None:
        if self._named is not None and not has_news(self._named, now):
            return
        if not self._may(len(self._sightings), _MOST_NAMED, now):
            return
        self._named = now
        objects = self._senses.objects(rgb, self._original) if self._senses.objects else ()
        rounds = self._senses.rounds(rgb, self._original) if self._senses.rounds else None
        circles = rounds.round_ones if rounds else 0
        self._sightings.append(Sighting(now.time_s, objects, circles))
        if self._senses.scene is None or self._scene_looks >= _MOST_SCENES:
            return
        self._scene_looks += 1
        whole = self._senses.scene(rgb, self._original)
        if whole is not None:
            self._scenes.append((now.time_s, whole))

    def _may(self, done: int, most: int, now: Glance) -> bool:
        """Whether a closer look may be spent now, some kept for what is still to come."""
        share = now.time_s / self._duration_s if self._duration_s > 0 else 1.0
        return done < _AT_ONCE + (most - _AT_ONCE) * min(1.0, share)

    def _shot(self, shot: Stretch, end_s: float) -> Shot:
        stills = self._stills[shot.first : shot.last + 1]
        motions = self._motions[shot.first : shot.last]
        middle = stills[len(stills) // 2]
        seen = [one for one in self._sightings if shot.start_s <= one.time_s < end_s]
        named = _sure_labels(seen)
        movers = [
            mover
            for first, last in _steady(motions)
            for mover in find_movers(stills[first : last + 1])
        ]
        return Shot(
            start_s=shot.start_s,
            end_s=end_s,
            frame_time_s=middle.time_s,
            picture=self._senses.picture(middle.rgb, self._original),
            motions=tuple(motions),
            movers=tuple(
                _labelled(mover, seen, named=named, original=self._original) for mover in movers
            ),
            brighter=brightening(stills),
            objects=named if self._senses.objects else None,
            scene=_sure_scene([s for time_s, s in self._scenes if shot.start_s <= time_s < end_s]),
        )


def _steady(motions: Sequence[Motion]) -> list[tuple[int, int]]:
    """The runs of frames, first and last, between which the view stands still."""
    runs, first = [], 0
    for place, motion in enumerate(motions):
        if motion.is_of_view:
            runs.append((first, place))
            first = place + 1
    return [*runs, (first, len(motions))]


def _sure_labels(seen: Sequence[Sighting]) -> tuple[str, ...]:
    """Names given in several looks, or very surely in the only one; the most frequent first."""
    counts: Counter[str] = Counter()
    best: dict[str, float] = {}
    for sighting in seen:
        for thing in sighting.objects or ():
            best[thing.label] = max(best.get(thing.label, 0.0), thing.confidence)
        counts.update({thing.label for thing in sighting.objects or ()})
    several = len(seen) > 1
    fewest = max(_TWICE, _SHARE * len(seen)) if several else 1
    least = _SURE_TWICE if several else _SURE_ONCE
    return tuple(
        label for label, count in counts.most_common() if count >= fewest and best[label] >= least
    )


def _sure_scene(seen: Sequence[SceneSeen]) -> SceneSeen | None:
    """What most looks agree the shot shows, or one is very sure of."""
    if not seen:
        return None
    label, count = Counter(scene.label for scene in seen).most_common(1)[0]
    best = max((s for s in seen if s.label == label), key=lambda scene: scene.confidence)
    return best if count >= _TWICE or best.confidence >= _SURE_ONCE else None


def _labelled(
    mover: Mover, seen: Sequence[Sighting], *, named: Sequence[str], original: Size
) -> Mover:
    """The mover with the name of the object that was seen where it was in half the looks."""
    where = {point.time_s: point.box for point in mover.points}
    looks = sum(sighting.time_s in where for sighting in seen)
    names = Counter(
        thing.label
        for sighting in seen
        if sighting.time_s in where
        for thing in sighting.objects or ()
        if thing.label in named and _is_on(thing.box, where[sighting.time_s], original)
    )
    label, count = names.most_common(1)[0] if names else ("", 0)
    return replace(mover, label=label) if 2 * count >= looks > 0 else mover


def _is_on(thing: Box, box: Box, original: Size) -> bool:
    """Whether an object fills much of a mover's box, and the other way round."""
    across = min(thing.right / original.width_px, box.right)
    across -= max(thing.left / original.width_px, box.left)
    down = min(thing.bottom / original.height_px, box.bottom)
    down -= max(thing.top / original.height_px, box.top)
    if across <= 0 or down <= 0:
        return False
    own = (box.right - box.left) * (box.bottom - box.top)
    its = (thing.right - thing.left) * (thing.bottom - thing.top)
    its /= original.width_px * original.height_px
    return across * down >= _ON_IT * max(own, its)
