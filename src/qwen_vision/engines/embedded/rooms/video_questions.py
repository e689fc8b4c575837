"""What is asked of a video in particular: times, the view, what moves, cuts, first and last."""

import re
import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

import msgspec


class Ask(Enum):
    """Questions that only a video can be asked."""

    VIEW = "does the view move"
    FADES = "fades and cuts"
    CUTS = "how many shots"
    NTH = "one shot"
    SLIDES = "how many slides"
    FRAMES = "how many frames"
    SIZE = "length and size"
    HOW_MANY_MOVE = "how many things move"
    WHICH_WAY = "which way something moves"
    WHAT_MOVES = "what moves"
    WHEN_MOVES = "when it begins or ends to move"
    FIRST_TEXT = "the first text"
    LAST_TEXT = "the last text"
    TEXT_CHANGES = "when the text changes"
    HOW_MANY_TEXTS = "how many texts"
    TEXT = "is there text"
    HOW_OFTEN = "how often something appears"
    HOW_LONG = "how long something is seen"
    RANGE = "what happens from one time to another"
    HOW_MANY = "how many there are"
    WHEN = "when something comes or goes"
    OTHER = "something else"


class _Rule(msgspec.Struct):
    ask: str
    patterns: list[str]


class _Questions(msgspec.Struct):
    words: str
    numbers: str
    rule: list[_Rule]


@cache
def _questions() -> _Questions:
    text = resources.files(__package__).joinpath("video_questions.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Questions)


@cache
def _rules() -> tuple[tuple[Ask, re.Pattern[str]], ...]:
    known = _questions()
    return tuple((Ask[rule.ask.upper()], _pattern(rule.patterns, known)) for rule in known.rule)


@cache
def _numbers() -> re.Pattern[str]:
    return _pattern([r"(?<![a-z])(?:{numbers})(?![a-z])"], _questions())


def _pattern(patterns: list[str], known: _Questions) -> re.Pattern[str]:
    written = "|".join(patterns)
    written = written.replace("{words}", known.words).replace("{numbers}", known.numbers)
    return re.compile(written, re.IGNORECASE)


_NUMBER: Final = r"(?:\d+:\d{2}(?:\.\d+)?|\d+(?:\.\d+)?)"
_UNIT: Final = r"(?: ?(?:seconds?|secs?|s|秒)(?![a-z]))?"
_RANGE: Final = re.compile(
    rf"(?:\b(?:between|from)|从|在|第)? ?(?P<a>{_NUMBER}){_UNIT} ?"
    r"(?:and|to|until|-|–|—|到|至|和|~) ?第?"
    rf"(?P<b>{_NUMBER})(?P<unit> ?(?:seconds?|secs?|s|秒)(?![a-z]))?",
    re.IGNORECASE,
)
_SPAN_WORD: Final = re.compile(r"\b(?:between|from)\b|从|之间|到|至", re.IGNORECASE)
_MINUTES: Final = re.compile(r"(?P<m>\d+):(?P<s>\d{2}(?:\.\d+)?)")
_MINUTE: Final = re.compile(r"(?P<m>\d+(?:\.\d+)?) ?(?:minutes?|mins?\b|分钟?)", re.IGNORECASE)
_SECONDS: Final = re.compile(
    r"(?P<s>\d+(?:\.\d+)?) ?(?:seconds?|secs?|s\b|秒)|second (?P<n>\d+(?:\.\d+)?)", re.IGNORECASE
)
_WORDS: Final = {
    word: place + 1
    for place, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"))
}
_FRAME: Final = re.compile(
    r"(?:\b(?:first|second|third|fourth|fifth|sixth|last)|\b\d+(?:st|nd|rd|th)) frame\b|"
    r"\bframe (?:no\.? ?)?\d+|第 ?[一二三四五六七八九十\d]+ ?帧|最后一帧",
    re.IGNORECASE,
)
_HAN: Final = {char: place + 1 for place, char in enumerate("一二三四五六七八九十")}
_NTH: Final = re.compile(
    r"(?P<word>first|second|third|fourth|fifth|sixth|last|最后)|"
    r"(?P<number>\d+)(?=st|nd|rd|th| ?个)|"
    r"(?:shot|scene|cut|frame) (?:no\.? ?)?(?P<after>\d+)|第 ?(?P<han>[一二三四五六七八九十]|\d+)",
    re.IGNORECASE,
)
# A colour in a question; what is named so may be shown darker or lighter.
_COLORS: Final = {
    "red": "red|红", "orange": "orange|橙|橘", "yellow": "yellow|黄", "green": "green|绿",
    "cyan": "cyan|青", "blue": "blue|蓝", "purple": "purple|violet|紫", "pink": "pink|粉",
    "brown": "brown|棕|褐", "black": "black|黑", "white": "white|白", "grey": "gr[ea]y|灰",
    "magenta": "magenta|品红", "beige": "beige|米色",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """The times a question names, in seconds; `end_s` is None when it names one only."""

    start_s: float
    end_s: float | None = None


def asked_of(text: str) -> Ask:
    """What a question asks of a video."""
    if times_in(text) is not None and _range_in(text) is not None:
        return Ask.RANGE
    return next((ask for ask, pattern in _rules() if pattern.search(text)), Ask.OTHER)


def times_in(text: str) -> Times | None:
    """The time or the two times that a question names."""
    span = _range_in(text)
    if span is not None:
        return span
    match = _MINUTES.search(text)
    if match:
        return Times(int(match["m"]) * 60 + float(match["s"]))
    minutes, seconds = _MINUTE.search(text), _SECONDS.search(text)
    if not minutes and not seconds:
        return None
    total = float(minutes["m"]) * 60 if minutes else 0.0
    return Times(total + (float(seconds["s"] or seconds["n"]) if seconds else 0.0))


def number_in(text: str) -> int | None:
    """Which one a question names: 1 for the first, -1 for the last."""
    match = _NTH.search(text)
    if match is None:
        return None
    if match["word"]:
        return _WORDS.get(match["word"].lower(), -1)
    digits = match["number"] or match["after"] or match["han"]
    return _HAN.get(digits) or int(digits)


def frame_in(text: str) -> int | None:
    """Which frame a question names: 1 for the first, -1 for the last."""
    match = _FRAME.search(text)
    return number_in(match.group()) if match else None


def is_of_numbers(text: str) -> bool:
    """Whether a question is about what is shown as a number: a score, a clock, a price."""
    return (
        _pattern([rf"(?<![a-z])(?:{_questions().numbers})"], _questions()).search(text) is not None
    )


def color_in(text: str) -> str | None:
    """The colour a question names."""
    return next(
        (
            name
            for name, words in _COLORS.items()
            if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", text, re.IGNORECASE)
        ),
        None,
    )


def _range_in(text: str) -> Times | None:
    for match in _RANGE.finditer(text):
        timed = match["unit"] or ":" in match["a"] + match["b"]
        if timed or _SPAN_WORD.search(text):
            start_s, end_s = _seconds(match["a"]), _seconds(match["b"])
            if start_s < end_s:
                return Times(start_s, end_s)
    return None


def _seconds(number: str) -> float:
    minutes, _, seconds = number.rpartition(":")
    return (60 * int(minutes) if minutes else 0) + float(seconds)
