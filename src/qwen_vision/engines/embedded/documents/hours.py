"""Hours: when a place is open, by the times and weekdays that a page prints together."""

import re
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import TextLine

_CLOCK: Final = (
    r"(?:上午|下午|早上|晚上|中午)?(?:[01]?\d|2[0-4])(?:[:：.][0-5]\d)?"
    r"(?:\s?(?:[ap]\.?m\b\.?|uhr|点|时))?"
)
_RANGE: Final = (
    rf"(?<![\d:.,/])(?P<first>{_CLOCK})\s?(?:[-–—~\uff5e]|to|until|till|bis|至|到)\s?"
    rf"(?P<last>{_CLOCK})(?![\d:/%]|\.\d)"
)
# A range of bare numbers may be anything: 9 to 17 pages.
_OF_CLOCK: Final = re.compile(r"(?i)\d[:：]\d|[ap]\.?m|uhr|点|时|\d\.(?:00|15|30|45)")
_ENGLISH: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN: Final = "一二三四五六日"
_DAY: Final = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:r?s)?|fri|sat(?:ur)?|sun)(?:days?)?\b\.?|"
    r"(?:周|星期|礼拜)[一二三四五六日天末]"
)
_DAYS: Final = (
    rf"(?P<days>(?:{_DAY})(?:\s?(?:[-–—~\uff5e]|to|through|until|bis|至|到)\s?(?P<end>{_DAY}))?)|"
    r"(?P<daily>\bdaily\b|\bevery day\b|\b7 days\b|每天|每日|全天)|(?P<week>\bweekdays?\b|工作日)|"
    r"(?P<weekend>\bweekends?\b)"
)
_CLOSED: Final = r"(?P<closed>\bclosed\b|休息|闭馆|不营业|geschlossen)"
_TOKENS: Final = re.compile(rf"{_RANGE}|{_DAYS}|{_CLOSED}", re.IGNORECASE)
_EVERY_DAY: Final = frozenset(range(7))
_WEEKEND: Final = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Opening:
    """From when to when it is open, as printed; both are "" where it is closed.

    `days` are counted from Monday, 0; empty when the page names none. `lines` say so.
    """

    days: frozenset[int]
    first: str
    last: str
    lines: tuple[TextLine, ...]

    @property
    def quote(self) -> str:
        """The words of the page."""
        return " ".join(line.text for line in self.lines)


def openings(sheet: Sheet) -> list[Opening]:
    """The times of opening and the closed days of a page, from top to bottom.

    Days that end one row hold for the times that begin the next.
    """
    found: list[Opening] = []
    days: frozenset[int] = frozenset()
    before: tuple[TextLine, ...] = ()
    for row in sheet.rows:
        text = " ".join(line.text for line in row)
        days = days if before else frozenset()
        closed = False
        for token in _TOKENS.finditer(text):
            if token["first"]:
                if _OF_CLOCK.search(token[0]):
                    clock = (token["first"].strip(), token["last"].strip())
                    found.append(Opening(days, *clock, (*before, *row)))
                days, before = frozenset(), ()
            elif token["closed"] and days:
                found.append(Opening(days, "", "", (*before, *row)))
                days, before = frozenset(), ()
            elif token["closed"]:
                closed = True
            elif closed:
                found.append(Opening(_days_of(token), "", "", row))
            else:
                days |= _days_of(token)
        before = row if days and not before else ()
    return found


def weekdays(text: str) -> frozenset[int]:
    """The weekdays that a text names, counted from Monday, 0."""
    return frozenset().union(
        *(_days_of(token) for token in re.finditer(_DAYS, text, re.IGNORECASE))
    )


def _days_of(token: re.Match[str]) -> frozenset[int]:
    if token["daily"]:
        return _EVERY_DAY
    if token["week"]:
        return _EVERY_DAY - _WEEKEND
    if token["weekend"] or "末" in token["days"]:
        return _WEEKEND
    first = _day(token["days"])
    last = _day(token["end"]) if token["end"] else first
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


def _day(word: str) -> int:
    han = re.match(r"(?:周|星期|礼拜)(.)", word)
    if han:
        return _HAN.index(han[1].replace("天", "日"))
    return _ENGLISH.index(word[:3].lower())
