"""Motion: words for how the view moves in a shot, what moves in it, and which way."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from qwen_vision.engines.embedded.facts import Box, Motion, Mover, Shot
from qwen_vision.engines.embedded.language import Language, join_words, pick
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.rooms.describe import color_name
from qwen_vision.engines.embedded.rooms.things import object_name
from qwen_vision.media.items import Size

# Mean change of luma between frames (facts.Motion.amount) for words about it.
_STILL, _LITTLE, _CLEAR = 0.004, 0.02, 0.06
# The view moves when it goes this far in all, in parts of the frame or of its size.
_PAN, _ZOOM = 0.08, 0.08
# A thing travels when it covers this share of the frame, hardly ever going back; it roams when
# it covers this much to and fro.
_FAR, _ROAMS = 0.14, 0.35
_ONWARD: Final = 0.75
# A way that is this much shorter than the other is not worth telling.
_MAINLY: Final = 0.35
# What is seen less often is hardly sure; what stays in place must be this large to be told.
_FEWEST, _LARGE = 3, 0.004
_BRIGHTER: Final = 0.12
_MOST_TOLD, _CROWD, _MOST_LEGS = 4, 7, 4
_THOUSAND: Final = Size(1000, 1000)


def clock(time_s: float) -> str:
    """A time stamp: `3.2 s`, from a minute on `1:03`."""
    if time_s < 60:
        return f"{time_s:.1f} s"
    return f"{int(time_s // 60)}:{int(time_s % 60):02d}"


def upper(words: str) -> str:
    """The words with a capital at their beginning."""
    return words[:1].upper() + words[1:]


def motion_words(shot: Shot, language: Language) -> str:
    """How the view moves and its light changes, or how much movement there is."""
    view = view_words(shot, language)
    light = _light_words(shot, language)
    if view or light:
        return pick(language, ", ", "，").join(word for word in (view, light) if word)
    if told_movers(shot):
        return pick(language, "the view stands still", "画面静止")
    if not shot.motions:
        return ""
    return _amount_words(_amount(shot.motions), language)


def view_words(shot: Shot, language: Language) -> str:
    """Which way the view moves, and when if not all the time; empty when it stands still."""
    moving = [motion for motion in shot.motions if motion.is_of_view]
    ways = _view_ways(shot.motions, language)
    if not ways:
        return ""
    words = pick(language, f"the view {join_words('en', ways)}", f"画面{join_words('zh', ways)}")
    if len(moving) >= 0.8 * len(shot.motions):
        return words
    steps = list(shot.motions)
    first = steps.index(moving[0])
    start = steps[first - 1].time_s if first else shot.start_s
    span = f"{clock(start)}-{clock(moving[-1].time_s)}"
    return pick(language, f"{words} ({span})", f"{words}（{span}）")


def view_is_unclear(shot: Shot) -> bool:
    """Whether so much changes at once that a moving view can't be told from moving things."""
    return not told_movers(shot) and _amount(shot.motions) >= _CLEAR


def view_moves(motions: Sequence[Motion]) -> bool:
    """Whether the view goes anywhere in these steps."""
    return bool(_view_ways(motions, "en"))


def _view_ways(motions: Sequence[Motion], language: Language) -> list[str]:
    """What the camera does: what it shows goes the other way."""
    pairs = list(pairwise(motions))
    usual = sum(b.time_s - a.time_s for a, b in pairs) / len(pairs) if pairs else 0.5
    rights = [-motion.right * usual for motion in motions]
    downs = [-motion.down * usual for motion in motions]
    nearer = [motion.nearer * usual for motion in motions]
    right, down, near = (_net(steps) for steps in (rights, downs, nearer))
    ways = []
    if abs(right) >= _PAN and abs(right) >= _MAINLY * abs(down):
        ways.append(
            pick(language, *(("pans right", "向右移") if right > 0 else ("pans left", "向左移")))
        )
    if abs(down) >= _PAN and abs(down) >= _MAINLY * abs(right):
        ways.append(
            pick(language, *(("tilts down", "向下移") if down > 0 else ("tilts up", "向上移")))
        )
    if abs(near) >= _ZOOM:
        ways.append(
            pick(language, *(("zooms in", "拉近放大") if near > 0 else ("zooms out", "拉远缩小")))
        )
    if not ways and sum(map(abs, rights)) + sum(map(abs, downs)) >= 2 * _PAN:
        ways.append(pick(language, "moves a little to and fro", "略有晃动"))
    return ways


def told_movers(shot: Shot) -> tuple[Mover, ...]:
    """The movers of a shot that were seen often enough and did something worth telling."""
    return tuple(
        mover
        for mover in shot.movers
        if len(mover.points) >= _FEWEST and (moves(mover) or _comes_or_goes(mover))
    )


def moves(mover: Mover) -> bool:
    """Whether it goes somewhere, and does not only come and go where it is."""
    middles = _middles(mover)
    return bool(mover_ways(mover, "en")) or sum(_steps(middles)) >= _ROAMS


def mover_ways(mover: Mover, language: Language) -> str:
    """Which way it goes from where it was first seen to where last; empty when nowhere far."""
    return _ways(_middles(mover), language)


def way_at(mover: Mover, time_s: float, language: Language) -> str:
    """Which way it goes at a time; empty when nowhere far."""
    for leg in _legs(mover):
        if time_s <= mover.points[leg.last].time_s:
            return _leg_way(mover, leg, language)
    return ""


@dataclass(frozen=True, slots=True)
class _Leg:
    """The points, first to last, between which a mover does not turn round."""

    first: int
    last: int


def _legs(mover: Mover) -> list[_Leg]:
    """The parts of its way: it turns round where it then goes far back."""
    middles = _middles(mover)
    across, down = ([middle[axis] for middle in middles] for axis in (0, 1))
    along = across if max(across) - min(across) >= max(down) - min(down) else down
    legs: list[_Leg] = []
    first = furthest = 0
    for place, where in enumerate(along):
        gone, back = along[furthest] - along[first], where - along[furthest]
        if gone * back < 0 and min(abs(gone), abs(back)) >= _FAR:
            legs.append(_Leg(first, furthest))
            first, furthest = furthest, place
        elif abs(where - along[first]) > abs(gone):
            furthest = place
    return [*legs, _Leg(first, len(along) - 1)]


def _leg_way(mover: Mover, leg: _Leg, language: Language) -> str:
    return _ways(_middles(mover)[leg.first : leg.last + 1], language)


def _turns(mover: Mover, language: Language) -> str:
    """Which way it goes first, and then, and when it turns; empty when it roams."""
    legs = _legs(mover)
    ways = [_leg_way(mover, leg, language) for leg in legs]
    if not 1 < len(legs) <= _MOST_LEGS or not all(ways):
        return ""
    times = [clock(mover.points[leg.last].time_s) for leg in legs[:-1]]
    first = [
        pick(language, f"{way} until {time}", f"向{way}移动到 {time}")
        for way, time in zip(ways, times, strict=False)
    ]
    return pick(
        language,
        f"moves {', then '.join([*first, ways[-1]])}",
        "，再".join([*first, f"向{ways[-1]}移动"]),
    )


def _ways(middles: Sequence[tuple[float, float]], language: Language) -> str:
    right = _net([b[0] - a[0] for a, b in pairwise(middles)])
    down = _net([b[1] - a[1] for a, b in pairwise(middles)])
    ways = []
    if abs(right) >= _FAR and abs(right) >= _MAINLY * abs(down):
        ways.append(pick(language, *(("right", "右") if right > 0 else ("left", "左"))))
    if abs(down) >= _FAR and abs(down) >= _MAINLY * abs(right):
        ways.append(pick(language, *(("down", "下") if down > 0 else ("up", "上"))))
    return join_words(language, ways) if ways else ""


def mover_name(mover: Mover, language: Language) -> str:
    """What it is, or something of its colour."""
    if mover.label:
        return pick(language, f"a {mover.label}", object_name(mover.label, language))
    if not mover.color:
        return pick(language, "something", "某个东西")
    color = color_name(mover.color, language)
    return pick(language, f"something {color}", f"{color}的东西")


def mover_words(mover: Mover, language: Language) -> str:
    """What it is, when it comes, which way and from where to where it moves, when it is gone."""
    name = mover_name(mover, language)
    way = mover_ways(mover, language)
    start, end = (_place(mover.points[place].box, language) for place in (0, -1))
    if way and start != end:
        does = pick(
            language,
            f"moves {way}, from the {start} to the {end}",
            f"向{way}移动，从{start}到{end}",
        )
    elif way:
        does = pick(language, f"moves {way} at the {start}", f"在{start}向{way}移动")
    elif moves(mover):
        does = _turns(mover, language) or pick(language, "moves here and there", "来回移动")
    else:
        does = pick(language, f"stands at the {start}", f"在{start}")
    came = (
        pick(language, f"comes at {clock(mover.start_s)}, ", f"{clock(mover.start_s)} 出现，")
        if mover.came
        else ""
    )
    gone = ""
    if mover.gone_s is not None:
        gone = pick(
            language, f", and is gone at {clock(mover.gone_s)}", f"，{clock(mover.gone_s)} 已消失"
        )
    return pick(language, f"{name} {came}{does}{gone}", f"{name}{came}{does}{gone}")


def crowd_words(movers: Sequence[Mover], language: Language) -> str:
    """How many things move, when they are too many to be told one by one."""
    most, time_s = at_once(movers)
    return pick(
        language,
        f"many things move; at most {most} at once, at {clock(time_s)}",
        f"有许多东西在动；{clock(time_s)} 时最多，同时 {most} 个",
    )


def movers_words(shot: Shot, language: Language) -> list[str]:
    """What moves in a shot, one sentence each, the most striking first."""
    movers = told_movers(shot)
    if len([mover for mover in movers if moves(mover)]) >= _CROWD:
        return [crowd_words([mover for mover in movers if moves(mover)], language)]
    return [mover_words(mover, language) for mover in movers[:_MOST_TOLD]]


def at_once(movers: Sequence[Mover]) -> tuple[int, float]:
    """How many things were seen at most in one frame, and when."""
    times = sorted({point.time_s for mover in movers for point in mover.points})
    counts = [
        (sum(mover.start_s <= time_s <= mover.end_s for mover in movers), -time_s)
        for time_s in times
    ]
    most, negative = max(counts, default=(0, 0.0))
    return most, -negative


def place_at(mover: Mover, time_s: float, language: Language) -> str:
    """Where it is at a time."""
    point = min(mover.points, key=lambda point: abs(point.time_s - time_s))
    return _place(point.box, language)


def _comes_or_goes(mover: Mover) -> bool:
    box = mover.points[0].box
    area = (box.right - box.left) * (box.bottom - box.top)
    return area >= _LARGE and (mover.came or mover.gone_s is not None)


def _middles(mover: Mover) -> list[tuple[float, float]]:
    return [
        ((point.box.left + point.box.right) / 2, (point.box.top + point.box.bottom) / 2)
        for point in mover.points
    ]


def _steps(middles: Sequence[tuple[float, float]]) -> list[float]:
    return [abs(b[0] - a[0]) + abs(b[1] - a[1]) for a, b in pairwise(middles)]


def _net(steps: Sequence[float]) -> float:
    """How far it got in all; 0 when it went to and fro."""
    travelled = sum(steps)
    covered = sum(abs(step) for step in steps)
    return travelled if abs(travelled) >= _ONWARD * covered else 0.0


def _place(box: Box, language: Language) -> str:
    sides = (1000 * side for side in (box.left, box.top, box.right, box.bottom))
    return place_words(Box(*sides), _THOUSAND, language)


def _light_words(shot: Shot, language: Language) -> str:
    if abs(shot.brighter) < _BRIGHTER:
        return ""
    words = (
        ("becomes brighter", "逐渐变亮") if shot.brighter > 0 else ("becomes darker", "逐渐变暗")
    )
    return pick(language, f"the picture {words[0]}", f"画面{words[1]}")


def is_still(motions: Sequence[Motion]) -> bool:
    """Whether hardly anything changes in these steps."""
    return _amount(motions) < _STILL


def stands_still(shot: Shot) -> bool:
    """Whether hardly anything changes in a shot but its light."""
    lit = abs(shot.brighter) >= _BRIGHTER
    return _amount(shot.motions) < (_LITTLE if lit else _STILL)


def _amount(motions: Sequence[Motion]) -> float:
    return sum(motion.amount for motion in motions) / max(1, len(motions))


def _amount_words(amount: float, language: Language) -> str:
    if amount < _STILL:
        return pick(language, "hardly anything moves", "画面几乎静止")
    if amount < _LITTLE:
        return pick(language, "little movement", "略有动静")
    if amount < _CLEAR:
        return pick(language, "clear movement", "有明显的运动")
    return pick(language, "strong movement", "运动剧烈")
