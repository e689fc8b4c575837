"""Motion: words for what moves in a shot, and which way."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from qwen_vision.engines.embedded.facts import Box, Shot
from qwen_vision.engines.embedded.language import Language, join_words, pick
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.media.items import Size

# Mean change of luma between frames (facts.Motion.amount) for words about it.
_STILL, _LITTLE, _CLEAR = 0.004, 0.02, 0.06
_PAN: Final = 0.03
# A thing travels when it covers this share of the frame, hardly ever going back.
_FAR: Final = 0.2
_ONWARD: Final = 0.8
# What moves over more of the frame than this is not one thing in one place.
_LARGE: Final = 0.5
_NEARLY_ALL: Final = 0.8
_THOUSAND: Final = Size(1000, 1000)


def motion_words(shot: Shot, language: Language) -> str:
    """What moves: the whole view, something that travels, something at a place; or how much."""
    view = _ways(shot.motion_right, shot.motion_down, least=_PAN, language=language)
    if view:
        return pick(language, f"the whole view moves {view}", f"整个画面向{view}移动")
    local = [area for area in shot.areas if _size(area) < _LARGE]
    if local and len(local) >= _NEARLY_ALL * len(shot.areas):
        return _thing_words(local, language)
    return _amount_words(shot.motion, language)


def _thing_words(areas: Sequence[Box], language: Language) -> str:
    right = _travel([(area.left + area.right) / 2 for area in areas])
    down = _travel([(area.top + area.bottom) / 2 for area in areas])
    way = _ways(right, down, least=_FAR, language=language)
    if way:
        return pick(
            language,
            f"something moves {way} while the view stands still",
            f"画面静止，有东西向{way}移动",
        )
    around = Box(
        1000 * min(area.left for area in areas),
        1000 * min(area.top for area in areas),
        1000 * max(area.right for area in areas),
        1000 * max(area.bottom for area in areas),
    )
    if _size(around) > _LARGE * 1000**2:
        return pick(
            language,
            "something moves here and there while the view stands still",
            "画面静止，有东西在各处移动",
        )
    place = place_words(around, _THOUSAND, language)
    return pick(
        language,
        f"something moves at the {place} while the view stands still",
        f"画面静止，{place}有东西在动",
    )


def _travel(places: Sequence[float]) -> float:
    """How far a thing got, in parts of the frame; 0 when it went to and fro."""
    steps = [after - before for before, after in pairwise(places)]
    covered = sum(abs(step) for step in steps)
    travelled = sum(steps)
    return travelled if abs(travelled) >= _ONWARD * covered else 0.0


def _ways(right: float, down: float, *, least: float, language: Language) -> str:
    ways = []
    if abs(right) > least:
        ways.append(pick(language, *(("right", "右") if right > 0 else ("left", "左"))))
    if abs(down) > least:
        ways.append(pick(language, *(("down", "下") if down > 0 else ("up", "上"))))
    return join_words(language, ways) if ways else ""


def _amount_words(amount: float, language: Language) -> str:
    if amount < _STILL:
        return pick(language, "hardly anything moves", "画面几乎静止")
    if amount < _LITTLE:
        return pick(language, "little movement", "略有动静")
    if amount < _CLEAR:
        return pick(language, "clear movement", "有明显的运动")
    return pick(language, "strong movement", "运动剧烈")


def _size(area: Box) -> float:
    return (area.right - area.left) * (area.bottom - area.top)
