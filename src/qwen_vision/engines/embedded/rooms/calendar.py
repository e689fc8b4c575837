"""Calendar: when something is on a month's sheet, what is on a day, and which weekday it is."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.calendar import Day, calendar_days
from qwen_vision.engines.embedded.documents.dates import month_of
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_NUMBER: Final = re.compile(
    r"(?<![\d:.])(?P<day>[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d:%])|(?P<han>\d{1,2})[号日]"
)
_WEEKDAY: Final = re.compile(
    r"\b(?:what|which) (?:week)?day\b|\bday of the week\b|星期几|周几", re.I
)
_EVENTS: Final = re.compile(
    r"\b(?:events?|appointments?|entries|plans|schedule|calendar|dates)\b|日程|安排|事件",
    re.IGNORECASE,
)
_ALL: Final = re.compile(r"\b(?:all|list|every|which|what)\b|所有|全部|哪些|列出", re.IGNORECASE)


async def asks_of_calendar(scene: Scene, intent: Intent) -> bool:
    """Whether a question is about a day of a calendar that the only picture shows."""
    if len(scene.images) != 1:
        return False
    sheet = Sheet.of(await scene.eyes.read(scene.images[0][1]))
    return bool(_asked(calendar_days(sheet), intent.text))


async def tell_calendar(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The days asked for, with their weekdays and what is written in them."""
    index, image = scene.images[0]
    sheet = Sheet.of(await scene.eyes.read(image))
    days = _asked(calendar_days(sheet), intent.text)
    month = _month(sheet)
    yield Thought(f"Read picture {index + 1} as a calendar; {len(days)} days answer.")
    for day in days:
        yield Proof(Evidence(str(day.number), index, box=whole_box(day.line.box), text=day.events))
    alone = [_alone(day, intent.text, month) for day in days]
    nothing = scene.say("nothing written", "没有安排")
    told = [f"{_date(day, month)} ({day.weekday}): {day.events or nothing}" for day in days]
    lines = "\n".join(told) if len(told) == 1 else "\n".join(f"- {line}" for line in told)
    yield Say(lines, bare="\n".join(alone))


def _alone(day: Day, question: str, month: str) -> str:
    if _WEEKDAY.search(question):
        return day.weekday
    return day.events if _numbers(question) else _date(day, month)


def _date(day: Day, month: str) -> str:
    return f"{day.number} {month}".strip()


def _month(sheet: Sheet) -> str:
    """The month in the sheet's title, as printed; "" when there is none."""
    for line in sheet.lines[:4]:
        words = re.findall(r"[A-Za-z]{3,}|\d{1,2}月", line.text)
        if any(month_of(word.lower()) for word in words) and len(line.text) <= 24:
            return line.text.strip()
    return ""


def _numbers(question: str) -> set[int]:
    return {int(match["day"] or match["han"]) for match in _NUMBER.finditer(question)}


def _asked(days: Sequence[Day], question: str) -> list[Day]:
    """The days of the numbers asked about, those whose entries are named, or all with one."""
    numbers = _numbers(question)
    if numbers:
        return [day for day in days if day.number in numbers]
    asked = stems(question)
    named = [day for day in days if stems(day.events) & asked]
    if named:
        return named
    lists = _EVENTS.search(question) and _ALL.search(question)
    return [day for day in days if day.events] if lists else []
