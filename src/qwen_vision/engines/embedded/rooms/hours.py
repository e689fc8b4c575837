"""Hours: when a place opens and closes, and whether it is open on a weekday."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.hours import Opening, openings, weekdays
from qwen_vision.engines.embedded.documents.sheet import Sheet, around
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_OPENS: Final = re.compile(
    r"\b(?:when|what time|how early)\b.{0,40}\b(?:opens?|opening)\b|"
    r"\bfrom (?:when|what time)\b.{0,30}\b(?:open|serv\w+|available)\b|"
    r"(?:几点|什么时候|何时).{0,4}(?:开门|开馆|开放|营业|上班)|从几点",
    re.IGNORECASE,
)
_CLOSES: Final = re.compile(
    r"\b(?:when|what time|how late)\b.{0,40}\b(?:closes?|closing|shuts?|open (?:until|till))\b|"
    r"\b(?:until|till) (?:when|what time)\b.{0,30}\b(?:open|serv\w+|available)\b|"
    r"\bhow late\b.{0,30}\b(?:open|serv\w+|available)\b|"
    r"(?:几点|什么时候|何时).{0,4}(?:关门|打烊|闭馆|关闭|下班)|[到至]几点",
    re.IGNORECASE,
)
_BOTH: Final = re.compile(r"\bopens?\b.{0,8}\b(?:and|or)\b.{0,8}\bclos|开.{0,4}关", re.IGNORECASE)
_HOURS: Final = re.compile(
    r"\bopening (?:hours|times)\b|\b(?:business|office|store|shop) hours\b|营业时间|开放时间",
    re.IGNORECASE,
)
_WHETHER: Final = re.compile(
    r"^\W*(?:and |so |but )?(?:is|are|was|were|do|does|will)\b.{0,40}\b(?:open|closed?)\b|"
    r"(?:开门|营业|开放|开馆|休息|关门)吗|是否(?:开门|营业|开放|休息)",
    re.IGNORECASE,
)
_SHUT: Final = re.compile(r"\bclosed?\b|休息|关门", re.IGNORECASE)
_VERBS: Final = re.compile(r"(?i)\b(?:open|clos|shut)\w*")
# Words of such questions that name nothing else than the place.
_ASKING: Final = stems(
    "open opens opening close closes closing shut shuts hours times time late early today until "
    "till usually morning evening night shop store place business office"
)


@dataclass(frozen=True, slots=True)
class _Told:
    answer: str
    said: tuple[Opening, ...]


async def _tell(scene: Scene, told: _Told) -> AsyncIterator[Step]:
    """The time, or yes or no, and the words that say so."""
    index = scene.images[0][0]
    yield Thought(f"Read the hours of opening in picture {index + 1}: {told.answer}.")
    for one in told.said:
        box = whole_box(around(one.lines))
        yield Proof(Evidence("opening hours", index, box=box, text=one.quote))
    if not told.said:
        yield Say(scene.say(f"It says “{told.answer}”.", f"图中写着“{told.answer}”。"))
        return
    quotes = list(dict.fromkeys(one.quote for one in told.said))
    listed = scene.say("; ", "；").join(f"“{quote}”" for quote in quotes)
    mark = scene.say(": ", "：")
    yield Say(f"{told.answer}{mark}{listed}{scene.say('.', '。')}", bare=told.answer)


async def _told(scene: Scene, intent: Intent) -> _Told | None:
    question = intent.text
    wanted = weekdays(question)
    closes = _CLOSES.search(question) is not None
    opens = _OPENS.search(question) is not None and (not closes or bool(_BOTH.search(question)))
    whether = bool(wanted and _WHETHER.search(question))
    if not (opens or closes or whether or _HOURS.search(question)):
        return None
    sheet = Sheet.of(await scene.eyes.read(scene.images[0][1]))
    found = openings(sheet)
    if not any(one.first for one in found):
        return None
    other = _of_another(sheet, found, question)
    if other:
        return _Told(other, ())
    if whether:
        return _whether(scene, found, question, wanted=wanted)
    meant = [one for one in found if wanted <= one.days or not one.days] if wanted else found
    times = [one for one in meant if one.first]
    if not times:
        said = tuple(meant or found)
        return _Told(_closed(scene, meant), said)
    several = len(times) > 1
    told = [_time(one, opens=opens, closes=closes) for one in times]
    alone = [f"{one.quote}: {time}" for one, time in zip(times, told, strict=True)]
    return _Told("; ".join(alone if several else told), tuple(times))


def _closed(scene: Scene, meant: list[Opening]) -> str:
    if meant:
        return scene.say("It is closed then", "那天休息")
    return scene.say("No hours are printed for that day", "没有写明那天的时间")


def _time(one: Opening, *, opens: bool, closes: bool) -> str:
    if opens == closes:
        return f"{one.first} – {one.last}"
    return one.first if opens else one.last


def _whether(
    scene: Scene, found: list[Opening], question: str, *, wanted: frozenset[int]
) -> _Told | None:
    """Yes or no for the weekdays asked about; a page that names days names all of them."""
    said = tuple(one for one in found if one.days & wanted)
    if not said and not any(one.days for one in found):
        return None
    is_open = any(one.first for one in said)
    holds = is_open is not bool(_SHUT.search(question))
    return _Told(scene.say("Yes", "是") if holds else scene.say("No", "否"), said or tuple(found))


def _of_another(sheet: Sheet, found: list[Opening], question: str) -> str:
    """Another line that says when what the question names opens or closes, such as the gate."""
    named = stems(_weekday_less(question)) - _ASKING
    told = {id(line) for one in found for line in one.lines}
    return next(
        (
            line.text
            for line in sheet.lines
            if id(line) not in told
            and _VERBS.search(line.text)
            and named & (stems(line.text) - _ASKING)
        ),
        "",
    )


def _weekday_less(question: str) -> str:
    """The question without the day it asks about."""
    return re.sub(r"(?i)\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", " ", question)


HOURS: Final = Finding(_told, _tell)
