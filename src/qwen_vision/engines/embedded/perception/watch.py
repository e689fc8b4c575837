"""Watches a video: gathers shots, motion, text over time and objects over time.

Frames come one by one and are let go; what is kept of each is small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from qwen_vision.engines.embedded.facts import (
    Motion,
    ObjectSeen,
    PictureFacts,
    Reading,
    SceneSeen,
    Shot,
    Sighting,
    TextLine,
    TextSpan,
    VideoFacts,
)
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.motion import Glance, glance, has_news, step
from qwen_vision.media.items import Frame, Size

_SAME_TEXT = 0.8
# Reading a frame takes about half a second: a long video is read where it changes most often.
_MAX_READ = 24
_MIN_CONFIDENCE = 0.7


@dataclass(frozen=True, slots=True)
class Senses:
    """What a frame is looked at with; a sense that is None is not used."""

    picture: Callable[[Raster, Size], PictureFacts]
    read: Callable[[Raster, Size], Reading] | None = None
    objects: Callable[[Raster, Size], tuple[ObjectSeen, ...]] | None = None
    scene: Callable[[Raster, Size], SceneSeen | None] | None = None


@dataclass(slots=True)
class _OpenShot:
    start_s: float
    frame_time_s: float
    picture: PictureFacts
    motions: list[Motion] = field(default_factory=list)
    objects: tuple[ObjectSeen, ...] | None = None
    scene: SceneSeen | None = None


class Watcher:
    """Takes the frames of one video in order, then says what was seen."""

    def __init__(self, senses: Senses, original: Size) -> None:
        self._senses = senses
        self._original = original
        self._last: Glance | None = None
        self._studied: Glance | None = None
        self._shots: list[_OpenShot] = []
        self._motions: list[Motion] = []
        self._readings: list[tuple[float, tuple[TextLine, ...]]] = []
        self._sightings: list[Sighting] = []
        self._times_s: list[float] = []

    def take(self, frame: Frame, rgb: Raster) -> None:
        """Look at the next frame; `rgb` are its pixels."""
        now = glance(rgb, frame.time_s)
        happened = step(self._last, now) if self._last else None
        if happened:
            self._motions.append(happened.motion)
        if happened is None or happened.is_cut:
            picture = self._senses.picture(rgb, self._original)
            self._shots.append(_OpenShot(frame.time_s, frame.time_s, picture))
            self._studied = None
        else:
            self._shots[-1].motions.append(happened.motion)
        self._study(now, rgb)
        self._times_s.append(frame.time_s)
        self._last = now

    def facts(self, duration_s: float) -> VideoFacts:
        """All that was seen, up to the last frame taken."""
        starts = [shot.start_s for shot in self._shots]
        ends = [*starts[1:], max(duration_s, self._times_s[-1] if self._times_s else 0.0)]
        return VideoFacts(
            duration_s=duration_s,
            width_px=self._original.width_px,
            height_px=self._original.height_px,
            frames_seen=len(self._times_s),
            shots=tuple(_closed(shot, end) for shot, end in zip(self._shots, ends, strict=True)),
            motions=tuple(self._motions),
            texts=text_spans(self._readings, ends[-1]),
            sightings=tuple(self._sightings),
        )

    def _study(self, now: Glance, rgb: Raster) -> None:
        """Read the frame and name its objects, unless it looks like the last one studied."""
        if self._studied is not None and not has_news(self._studied, now):
            return
        if len(self._readings) >= _MAX_READ and self._studied is not None:
            return
        self._studied = now
        if self._senses.read:
            reading = self._senses.read(rgb, self._original)
            sure = tuple(line for line in reading.lines if line.confidence >= _MIN_CONFIDENCE)
            self._readings.append((now.time_s, sure))
        if self._senses.objects:
            objects = self._senses.objects(rgb, self._original)
            self._sightings.append(Sighting(now.time_s, objects))
            shot = self._shots[-1]
            if shot.objects is None:
                shot.objects = objects
                shot.scene = self._senses.scene(rgb, self._original) if self._senses.scene else None


def _closed(shot: _OpenShot, end_s: float) -> Shot:
    count = max(1, len(shot.motions))
    return Shot(
        start_s=shot.start_s,
        end_s=end_s,
        frame_time_s=shot.frame_time_s,
        picture=shot.picture,
        motion=round(sum(motion.amount for motion in shot.motions) / count, 4),
        motion_right=round(sum(motion.right for motion in shot.motions) / count, 4),
        motion_down=round(sum(motion.down for motion in shot.motions) / count, 4),
        areas=tuple(motion.area for motion in shot.motions if motion.area is not None),
        objects=shot.objects,
        scene=shot.scene,
    )


def text_spans(
    readings: Sequence[tuple[float, tuple[TextLine, ...]]], end_s: float
) -> tuple[TextSpan, ...]:
    """When each text could be seen: from the reading that found it until one without it.

    `readings` holds the times at which the picture was read anew and what it said; between
    two of them nothing changed. Of spellings that differ a little the surest is kept.
    """
    ends = [*(time_s for time_s, _ in readings), end_s][1:]
    spans: list[TextSpan] = []
    showing: list[int] = []
    for (time_s, lines), end in zip(readings, ends, strict=True):
        still: list[int] = []
        for line in lines:
            index = next(
                (
                    index
                    for index in showing
                    if index not in still and _same(spans[index].text, line.text)
                ),
                None,
            )
            if index is None:
                spans.append(TextSpan(line.text, time_s, end, line))
                still.append(len(spans) - 1)
            else:
                spans[index] = _longer(spans[index], line, end)
                still.append(index)
        showing = still
    return tuple(spans)


def _longer(span: TextSpan, line: TextLine, end_s: float) -> TextSpan:
    if line.confidence > span.line.confidence:
        return TextSpan(line.text, span.start_s, end_s, line)
    return replace(span, end_s=end_s)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if any(char.isdigit() for char in one + other):
        # A counter or a clock that runs is another text each time.
        return False
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio() >= _SAME_TEXT
