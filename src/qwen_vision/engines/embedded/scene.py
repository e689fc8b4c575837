"""Scene: the question of a conversation and the pictures and videos it is about."""

import re
from dataclasses import dataclass
from typing import Final

from qwen_vision.catalogue.model import Model
from qwen_vision.engines.base import Prompt, Text, Turn
from qwen_vision.engines.embedded.language import Language, language_of, pick
from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.media.items import Image, MediaItem, Video

_ALL: Final = re.compile(
    r"\b(?:both|compare|all (?:the )?(?:pictures|images|photos)|each (?:picture|image|photo)|"
    r"previous|earlier|differen\w+|first and (?:the )?second)\b|两张|对比|比较|之前|所有图|每张|区别",
    re.IGNORECASE,
)
_NTH: Final = re.compile(
    r"\b(?P<word>first|second|third|fourth|fifth|last) (?:picture|image|photo|page|one|video|receipt|invoice)\b"
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
    """What one run is about: the question, its language, what it is asked of, and the eyes."""

    question: str
    language: Language
    items: tuple[Seen, ...]
    model: Model
    eyes: Eyes

    def say(self, en: str, zh: str) -> str:
        """One of two phrasings, in the language of the question."""
        return pick(self.language, en, zh)

    @property
    def images(self) -> tuple[tuple[int, Image], ...]:
        """The pictures asked about, with their place in the conversation."""
        return tuple(
            (seen.index, seen.item) for seen in self.items if not isinstance_video(seen.item)
        )

    @property
    def videos(self) -> tuple[tuple[int, Video], ...]:
        """The videos asked about, with their place in the conversation."""
        return tuple((seen.index, seen.item) for seen in self.items if isinstance_video(seen.item))
