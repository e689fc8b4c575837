"""Finds where a video changes as a whole: cuts, dissolves and fades, told from flashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Change
from qwen_vision.engines.embedded.perception.arrays import Scores
from qwen_vision.engines.embedded.perception.motion import Glance

_TINY: Final = (32, 18)
# Bhattacharyya distance of the colours: frames of one shot stay under .3 even when all moves.
_CUT_COLORS, _CUT_CHANGE = 0.42, 0.06
_BOTH_COLORS, _BOTH_CHANGE = 0.25, 0.16
# Frames whose light and dark lie alike show one scene, whatever the lamp does.
_ALIKE: Final = 0.8
_RELIT: Final = 0.06
_SAME_CHANGE: Final = 0.05
# Grey levels: a frame with less spread than this shows nothing.
_EMPTY: Final = 3.0
_BRIEF_S: Final = 1.1
# A dissolve: at most so long, each frame between a mixture of both ends.
_GRADUAL_S: Final = 3.3
# A fade: one scene that loses at least this share of its light, in at most so long.
_FADE_S, _FADED, _BLACK = 4.0, 0.4, 8.0
_FADE_STEP: Final = 0.93
_MIXED: Final = 0.2
# A single frame between proves less: it must be nearly a mixture, and of both.
_MIXED_ONE, _BOTH = 0.12, 0.25
_STEP: Final = 0.04
_OTHER: Final = 0.06


_Span: TypeAlias = tuple[int, int, Literal["dissolve", "fade in", "fade out"]]


@dataclass(frozen=True, slots=True)
class Look:
    """A frame as cuts are found by: its time, very few pixels, its colours; nothing shown?"""

    time_s: float
    tiny: Scores
    colors: Scores
    is_empty: bool

    @property
    def light(self) -> float:
        """How light it is on average, 0 to 255."""
        return float(self.tiny.mean())


@dataclass(frozen=True, slots=True)
class Stretch:
    """The frames `first` to `last` of one shot; the change before it ends at the first."""

    first: int
    last: int
    start_s: float


def look_of(seen: Glance) -> Look:
    """What is kept of a frame to find cuts by."""
    hsv = cv2.cvtColor(seen.rgb, cv2.COLOR_RGB2HSV)
    colors = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 6], [0, 180, 0, 256, 0, 256])
    tiny = cv2.resize(seen.rgb, _TINY, interpolation=cv2.INTER_AREA).astype(np.float32)
    spread = float(seen.rgb.reshape(-1, 3).std(axis=0).max())
    return Look(seen.time_s, tiny, (colors / colors.sum()).astype(np.float32), spread < _EMPTY)


def is_cut(before: Look, now: Look) -> bool:
    """Whether two frames that follow each other show different scenes."""
    change = _differ(before, now)
    colors = float(cv2.compareHist(before.colors, now.colors, cv2.HISTCMP_BHATTACHARYYA))
    sudden = colors > _CUT_COLORS and change > _CUT_CHANGE
    if not (sudden or (colors > _BOTH_COLORS and change > _BOTH_CHANGE)):
        return False
    return not _is_relit(before, now)


def stretches(looks: Sequence[Look]) -> tuple[tuple[Stretch, ...], tuple[Change, ...]]:
    """The shots of a video and the changes between, before and after them."""
    if not looks:
        return (), ()
    fades = _fades(looks)
    faded = {place for start, end, _ in fades for place in range(start, end + 1)}
    gradual = [span for span in _dissolves(looks) if not faded & set(range(span[0] + 1, span[1]))]
    within = {place for start, end, _ in gradual for place in range(start + 1, end + 1)}
    within |= {place for start, end, _ in fades for place in range(start + 1, end + 1)}
    # From one scene through black to another.
    through = [
        (out[0], back[1])
        for out, back in pairwise(fades)
        if (out[2], back[2]) == ("fade out", "fade in")
        and looks[back[0]].time_s - looks[out[1]].time_s <= _BRIEF_S
        and not _is_same(looks[out[0]], looks[back[1]])
    ]
    within |= {place for start, end in through for place in range(start + 1, end + 1)}
    cuts = [
        place
        for place in range(1, len(looks))
        if place not in within and is_cut(looks[place - 1], looks[place])
    ]
    cuts = _without_flashes(looks, cuts)
    breaks = [(place, place) for place in cuts]
    breaks += [(start + 1, end) for start, end, _ in gradual]
    breaks += [(start + 1, end) for start, end in through]
    found = _shots(looks, sorted(breaks))
    changes = [
        Change(kind, looks[start].time_s, looks[end].time_s) for start, end, kind in gradual + fades
    ]
    starts = {shot.start_s for shot in found[1:]}
    changes += [
        Change("cut", looks[place].time_s, looks[place].time_s)
        for place in cuts
        if looks[place].time_s in starts
    ]
    return tuple(found), tuple(sorted(changes, key=lambda change: change.start_s))


def _shots(looks: Sequence[Look], breaks: Sequence[tuple[int, int]]) -> list[Stretch]:
    """The stretches between breaks; what is empty and brief belongs to the change around it."""
    shots: list[Stretch] = []
    first, since_s = 0, looks[0].time_s
    for begin, after in [*breaks, (len(looks), len(looks))]:
        last = begin - 1
        if last >= first:
            end_s = looks[last + 1].time_s if last + 1 < len(looks) else looks[last].time_s
            brief = end_s - looks[first].time_s < _BRIEF_S and len(breaks) > 0
            if not (brief and all(seen.is_empty for seen in looks[first : last + 1])):
                shots.append(Stretch(first, last, since_s if shots else looks[0].time_s))
        if after < len(looks):
            first = after
            since_s = (looks[max(begin - 1, 0)].time_s + looks[after].time_s) / 2
            since_s = looks[after].time_s if begin == after else since_s
    return shots or [Stretch(0, len(looks) - 1, looks[0].time_s)]


def _without_flashes(looks: Sequence[Look], cuts: Sequence[int]) -> list[int]:
    """The cuts, without those that soon lead back to the same picture."""
    kept: list[int] = []
    for place in cuts:
        back = kept and looks[place].time_s - looks[kept[-1]].time_s <= _BRIEF_S
        if back and _is_same(looks[kept[-1] - 1], looks[place]):
            kept.pop()
        else:
            kept.append(place)
    return kept


def _dissolves(looks: Sequence[Look]) -> list[_Span]:
    """Where one picture turns into another step by step: first and last frame."""
    found: list[_Span] = []
    start = 0
    while start < len(looks) - 2:
        end = _longest(looks, start)
        if end is not None:
            found.append((start, end, "dissolve"))
        start = start + 1 if end is None else end
    return found


def _fades(looks: Sequence[Look]) -> list[_Span]:
    """Where one scene goes dark or comes out of the dark: first and last frame, and how."""
    count = len(looks)
    found: list[_Span] = [(start, end, "fade out") for start, end in _darkenings(looks)]
    found += [
        (count - 1 - end, count - 1 - start, "fade in") for start, end in _darkenings(looks[::-1])
    ]
    return sorted(found)


def _darkenings(looks: Sequence[Look]) -> list[tuple[int, int]]:
    """Where a scene goes dark in the order given, over three frames or more."""
    found = []
    start = 0
    while start < len(looks) - 2:
        end = start
        while end + 1 < len(looks) and _is_darker(looks[start], looks[end], looks[end + 1]):
            end += 1
        is_fade = end >= start + 2 and looks[end].light < _FADED * looks[start].light
        if is_fade and abs(looks[end].time_s - looks[start].time_s) <= _FADE_S:
            found.append((start, end))
        start = max(end, start + 1)
    return found


def _is_darker(first: Look, before: Look, now: Look) -> bool:
    if now.light >= _FADE_STEP * before.light:
        return False
    return now.light < _BLACK or now.is_empty or _likeness(first, now) >= _ALIKE


def _longest(looks: Sequence[Look], start: int) -> int | None:
    best = None
    for end in range(start + 2, len(looks)):
        if looks[end].time_s - looks[start].time_s > _GRADUAL_S:
            break
        if _is_mixture(looks, start, end):
            best = end
    return best


def _is_mixture(looks: Sequence[Look], start: int, end: int) -> bool:
    """Whether each frame between is made of the first and the last, ever more of the last."""
    first, last = looks[start], looks[end]
    if first.is_empty or last.is_empty or _differ(first, last) < _OTHER:
        return False
    if _likeness(first, last) >= _ALIKE:
        return False
    way = last.tiny - first.tiny
    length = float((way * way).sum())
    one = end == start + 2
    mixed = _MIXED_ONE if one else _MIXED
    before, least = 0.0, _BOTH if one else _STEP
    for seen in looks[start + 1 : end]:
        gone = seen.tiny - first.tiny
        share = float((gone * way).sum()) / length
        rest = gone - share * way
        if not before + least < share < 1 - least:
            return False
        if float((rest * rest).sum()) > mixed**2 * length:
            return False
        before = share
    return True


def _is_same(one: Look, other: Look) -> bool:
    return _differ(one, other) < _SAME_CHANGE or (
        not one.is_empty and not other.is_empty and _likeness(one, other) >= _ALIKE
    )


def _is_relit(before: Look, now: Look) -> bool:
    """Whether the same scene is shown in another light: every colour as much lighter."""
    if _likeness(before, now) < _ALIKE:
        return False
    gain = float((now.tiny * before.tiny).sum() / max(1.0, (before.tiny * before.tiny).sum()))
    return float(np.abs(now.tiny - gain * before.tiny).mean()) / 255 < _RELIT


def _differ(one: Look, other: Look) -> float:
    return float(np.abs(one.tiny - other.tiny).max(axis=2).mean()) / 255


def _likeness(one: Look, other: Look) -> float:
    """Correlation of light and dark, -1 to 1; 0 where one of both shows nothing."""
    if one.is_empty or other.is_empty:
        return 0.0
    first, second = (seen.tiny.mean(axis=2).ravel() for seen in (one, other))
    first, second = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0
