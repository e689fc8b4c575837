"""Scene: the question of a conversation and the pictures and videos it is about."""

import re
from dataclasses import dataclass, field
from typing import Final

from qwen_vision.catalogue.model import Model
from qwen_vision.engines.base import Prompt, Text, Turn
from qwen_vision.engines.embedded.language import Language, language_of, pick
from qwen_vision.engines.embedded.manner import Manner, manner_of, without_manner
from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.media.items import Image, MediaItem, Video

_ALL: Final = re.compile(
    r"\b(?:both|compare|all (?:the )?(?:pictures|images|photos)|each (?:picture|image|photo)|"
    r"previous|earlier|differen\w+|first and (?:the )?second)\b|两张|对比|比较|之前|所有图|"
    r"每张|区别",
    re.IGNORECASE,
)
# What relates pictures to each other, whatever one of them is called.
RELATES: Final = re.compile(
    r"\b(?:identical|alike|brighter|darker|mirror\w*|flipp?ed|rotated|turned|"
    r"cropp?(?:ed)?|missing|removed|odd one|"
    r"(?:places?|anything|something) (?:has |have )?(?:been )?(?:changed|added)|"
    r"(?:are|is|do|does|show|shows|look|looks) .{0,40}\bthe same\b)|"
    r"一样|相同|更亮|更暗|旋转|镜像|翻转|裁剪|多了|少了|缺少",
    re.IGNORECASE,
)
_NTH: Final = re.compile(
    r"\b(?P<word>first|second|third|fourth|fifth|last) (?:picture|image|photo|page|one|video|"
    r"receipt|invoice)\b"
    r"|\b(?:picture|image|photo|page|figure) ?#?(?P<number>\d+)\b"
    r"|第 ?(?P<han>[一二三四五六七八九十]|\d+) ?(?:张|幅|个(?:图|视频)|页)|(?P<lasthan>最后一张)",
    re.IGNORECASE,
)
_WORDS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_HAN: Final = {char: number for number, char in enumerate("一二三四五六七八九十", start=1)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture or video with its place in the conversation, counted from 0."""

    index: int
    item: MediaItem


@dataclass(frozen=True, slots=True)
class Scene:
    """What one run is about: the question, its language, what it is asked of, and the eyes.

    `instructions` is what the system said: some clients put the schema they want there.
    `manner` is how the answer is wanted; the question is told without it. `earlier` are the
    questions asked before, the latest last.
    """

    question: str
    language: Language
    items: tuple[Seen, ...]
    model: Model
    eyes: Eyes
    instructions: str = ""
    manner: Manner = field(default_factory=Manner)
    earlier: tuple[str, ...] = ()

    def say(self, en: str, zh: str) -> str:
        """One of two phrasings, in the language of the question."""
        return pick(self.language, en, zh)

    @property
    def images(self) -> tuple[tuple[int, Image], ...]:
        """The pictures asked about, with their place in the conversation."""
        return tuple((seen.index, seen.item) for seen in self.items if seen.item.kind == "image")

    @property
    def videos(self) -> tuple[tuple[int, Video], ...]:
        """The videos asked about, with their place in the conversation."""
        return tuple((seen.index, seen.item) for seen in self.items if seen.item.kind == "video")


def set_scene(prompt: Prompt, eyes: Eyes) -> Scene:
    """The question of the last user turn and the media it is about.

    Media of the same turn come first; a question without any is about the latest turn that
    had some, or about all of them when it compares. "the second picture" picks one.
    """
    asked = max((i for i, turn in enumerate(prompt.turns) if turn.role == "user"), default=-1)
    said = "\n".join(_texts(prompt.turns[asked])) if asked >= 0 else ""
    instructions = "\n".join(
        text for turn in prompt.turns if turn.role == "system" for text in _texts(turn)
    )
    question = without_manner(said)
    turns = [_media(turn) for turn in prompt.turns[: asked + 1]]
    numbered: list[list[Seen]] = []
    count = 0
    for media in turns:
        numbered.append([Seen(count + place, item) for place, item in enumerate(media)])
        count += len(media)
    latest = next((group for group in reversed(numbered) if group), [])
    everything = [seen for group in numbered for seen in group]
    own = numbered[-1] if numbered else []
    items = everything if _ALL.search(question) and len(own) < 2 else latest
    return Scene(
        question=question,
        language=language_of(said),
        items=tuple(
            items
            if len(items) > 1 and RELATES.search(question)
            else _nth(question, items if len(items) > 1 else everything, items)
        ),
        model=prompt.model,
        eyes=eyes,
        instructions=instructions,
        manner=manner_of(said, instructions),
        earlier=tuple(
            "\n".join(_texts(turn)) for turn in prompt.turns[: max(asked, 0)] if turn.role == "user"
        ),
    )


def _texts(turn: Turn) -> list[str]:
    return [part.text for part in turn.parts if isinstance(part, Text)]


def _media(turn: Turn) -> list[MediaItem]:
    return [part for part in turn.parts if not isinstance(part, Text)]


def _nth(question: str, choices: list[Seen], default: list[Seen]) -> list[Seen]:
    """The items the question names by number, else the default ones."""
    chosen: list[Seen] = []
    for match in _NTH.finditer(question):
        number = _number(match)
        if number == -1 and choices:
            chosen.append(choices[-1])
        elif 1 <= number <= len(choices):
            chosen.append(choices[number - 1])
    return chosen or default


def _number(match: re.Match[str]) -> int:
    if match["word"]:
        return _WORDS[match["word"].lower()]
    if match["number"]:
        return int(match["number"])
    if match["lasthan"]:
        return -1
    return _HAN.get(match["han"], 0) or (int(match["han"]) if match["han"].isdigit() else 0)
