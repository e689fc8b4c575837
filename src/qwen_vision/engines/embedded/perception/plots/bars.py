"""Bars: rectangles that stand on one line, single, side by side or on top of one another.

All here is for bars that stand upright; those that lie are read in the picture with its sides
swapped. The value of a bar is where its free end stands on the scale.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from qwen_vision.engines.embedded.perception.plots.rects import Rect, gaps_are_even
from qwen_vision.engines.embedded.perception.plots.scales import Scale

_FEWEST: Final = 2
_NEAR_PX: Final = 3.0
# So few ticks are believed only where bars stand on their zero.
_PAIR: Final = 2
# How many ticks beyond the last one read a bar may end.
_FAR: Final = 8.0
_SAME_WIDTH: Final = 0.2
# A scale whose zero stands this near the foot of the bars, in ticks, is moved onto it.
_ZERO_OFF: Final = 0.2


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar or a part of one; `slot` counts the places along the axis from the left."""

    rect: Rect
    value: float
    slot: int


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a chart, the middle of each slot, and the scale moved onto their foot."""

    bars: tuple[Bar, ...]
    slots: tuple[float, ...]
    scale: Scale
    foot: float
    is_stacked: bool


def find_bars(
    rects: Sequence[Rect], scale: Scale, settle: Callable[[Sequence[Rect], float], float]
) -> Bars | None:
    """The bars among the rectangles; None when fewer than two share a foot.

    `settle` moves the foot of bars onto the line drawn there.
    """
    foot = _foot(rects, scale)
    if foot is None:
        return None
    standing = [rect for rect in rects if _stands(rect, foot)]
    if len(standing) < _FEWEST:
        return None
    wide = median(rect.width for rect in standing)
    near = max(2.0, _SAME_WIDTH * wide)
    standing = [rect for rect in standing if abs(rect.width - wide) <= near]
    upper = [rect for rect in rects if abs(rect.width - wide) <= near and rect not in standing]
    piles = [[rect, *_pile(rect, upper, foot)] for rect in standing]
    if len(piles) < _FEWEST or not all(_is_within(rect, scale) for rect in standing):
        return None
    if len(scale.ticks) <= _PAIR and abs(foot - scale.px(0.0)) > _NEAR_PX:
        return None
    foot = settle(standing, foot)
    moved = _onto(scale, foot)
    is_stacked = any(len(pile) > 1 for pile in piles)
    slots = _slots(piles, is_stacked=is_stacked)
    bars = tuple(
        bar
        for slot, (_, members) in enumerate(slots)
        for pile in members
        for bar in _measured(moved, pile, foot, slot=slot, is_stacked=is_stacked)
    )
    return Bars(bars, tuple(middle for middle, _ in slots), moved, foot, is_stacked)


def _foot(rects: Sequence[Rect], scale: Scale) -> float | None:
    """The line most bars stand on or hang from: zero, else where most of them end."""
    zero = scale.px(0.0)
    ends = [end for rect in rects for end in (rect.top, rect.bottom)]
    near = _NEAR_PX + 0.06 * scale.gap_px
    at_zero = [end for end in ends if abs(end - zero) <= near]
    if len(at_zero) >= _FEWEST:
        return median(at_zero)
    if not rects:
        return None
    counted = Counter(round(rect.bottom if scale.slope < 0 else rect.top) for rect in rects)
    place, count = max(
        ((place, sum(counted[place + off] for off in (-1, 0, 1))) for place in counted),
        key=lambda pair: pair[1],
    )
    # Without a zero on the scale, bars end at the edge of the plot.
    edge = scale.high_px if scale.slope < 0 else scale.low_px
    is_edge = (place >= edge - near) if scale.slope < 0 else (place <= edge + near)
    return float(place) if count >= _FEWEST and is_edge else None


def _is_within(rect: Rect, scale: Scale) -> bool:
    """Whether a bar ends where the scale runs, or a tick beyond."""
    reach = scale.beyond_px + 2 if len(scale.ticks) <= _PAIR else _FAR * scale.gap_px
    return rect.top >= scale.low_px - reach and rect.bottom <= scale.high_px + reach


def _stands(rect: Rect, foot: float) -> bool:
    return min(abs(rect.bottom - foot), abs(rect.top - foot)) <= _NEAR_PX


def _pile(base: Rect, upper: Sequence[Rect], foot: float) -> list[Rect]:
    """What stands on a bar, piece by piece, away from the foot."""
    up = abs(base.bottom - foot) <= abs(base.top - foot)
    pile: list[Rect] = []
    last = base
    for rect in sorted(upper, key=lambda rect: -rect.bottom if up else rect.top):
        if abs(rect.x - base.x) > _NEAR_PX:
            continue
        gap = last.top - rect.bottom if up else rect.top - last.bottom
        if abs(gap) <= _NEAR_PX:
            pile.append(rect)
            last = rect
    return pile


def _onto(scale: Scale, foot: float) -> Scale:
    """The scale with its zero on the foot, where it stood nearly there."""
    off = foot - scale.px(0.0)
    near = max(2.5, _ZERO_OFF * scale.gap_px)
    return scale.moved(off) if not scale.is_log and abs(off) <= min(near, 6.0) else scale


def _measured(
    scale: Scale, pile: Sequence[Rect], foot: float, *, slot: int, is_stacked: bool
) -> list[Bar]:
    """The values of a pile: of its parts when it is one of several, else of each free end."""
    bars = []
    for up in (True, False):
        side = [rect for rect in pile if _rises(rect, foot) is up]
        side.sort(key=lambda rect: -rect.bottom if up else rect.top)
        held = foot
        for place, rect in enumerate(side):
            free = rect.top if up else rect.bottom
            if place + 1 < len(side):
                # Between two parts runs a blended row, or a thin line: half to each.
                following = side[place + 1]
                free = (free + (following.bottom if up else following.top)) / 2
            value = scale.value(free)
            if is_stacked and not scale.is_log and held != foot:
                value -= scale.value(held)
            bars.append(Bar(rect, scale.rounded(value, free), slot))
            held = free
    return bars


def _rises(rect: Rect, foot: float) -> bool:
    return (rect.top + rect.bottom) / 2 < foot


def _slots(
    piles: Sequence[list[Rect]], *, is_stacked: bool
) -> list[tuple[float, list[list[Rect]]]]:
    """The piles by their place along the axis: each alone, or groups of several colours."""
    ordered = sorted(piles, key=lambda pile: pile[0].x)
    merged: list[list[Rect]] = []
    for pile in ordered:
        # A bar above zero and one below may share a place.
        if merged and abs(merged[-1][0].x - pile[0].x) <= _NEAR_PX:
            merged[-1] += pile
        else:
            merged.append(list(pile))
    places = [pile[0].x for pile in merged]
    colors = {pile[0].color for pile in merged}
    if is_stacked or len(colors) == 1 or _stand_alone(places, merged):
        return [(pile[0].x, [pile]) for pile in merged]
    return _groups(merged)


def _stand_alone(places: Sequence[float], merged: Sequence[list[Rect]]) -> bool:
    """Whether bars of several colours are one series: even gaps, as wide as half a bar or so."""
    if not gaps_are_even(places):
        return False
    counted = Counter(pile[0].color for pile in merged)
    return len(counted) == len(merged) or _is_spaced(merged)


def _is_spaced(merged: Sequence[list[Rect]]) -> bool:
    clear = [right[0].left - left[0].right for left, right in pairwise(merged)]
    return min(clear) > 0.15 * merged[0][0].width


def _groups(merged: Sequence[list[Rect]]) -> list[tuple[float, list[list[Rect]]]]:
    wide = median(pile[0].width for pile in merged)
    steps = [right[0].x - left[0].x for left, right in pairwise(merged)]
    least = min(steps, default=wide)
    groups: list[list[list[Rect]]] = []
    seen: set[tuple[int, int, int]] = set()
    last = 0.0
    for pile in merged:
        color = pile[0].color
        if not groups or color in seen or pile[0].x - last > 1.35 * least + 2:
            # A bar too low to be seen leaves a gap inside its group: colours tell.
            groups.append([])
            seen = set()
        groups[-1].append(pile)
        seen.add(color)
        last = pile[0].x
    return [
        ((min(p[0].left for p in group) + max(p[0].right for p in group)) / 2, group)
        for group in groups
    ]
