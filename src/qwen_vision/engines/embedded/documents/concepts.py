"""Concepts: what people ask of documents, and the labels documents print for it."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal[
    "amount", "date", "time", "id", "text", "phone", "email", "url", "party", "address", "currency",
    "percent", "count", "iban", "bic",
]  # fmt: skip

# "number" as labels abbreviate it.
_NUMBER_WORDS: Final = r"(?:no|nr|num|number|nummer|numero|id|code|#|№|n[°.]?o?)\.?"
# Past these characters a mark belongs to its letter, as in Japanese, and says what it is.
_LAST_LATIN: Final = "\u024f"


class _Entry(msgspec.Struct):
    name: str
    kind: Kind
    en: str
    zh: str
    asks: list[str]
    labels: list[list[str]]
    never: list[str] = []


class _Vocabulary(msgspec.Struct):
    concept: list[_Entry]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a document says about itself.

    `asks` matches the ways questions and schemas name it, `labels` the ways documents print
    it, best first (all on lower-case text); a line that matches `never` is another thing.
    """

    name: str
    kind: Kind
    en: str
    zh: str
    asks: re.Pattern[str]
    labels: tuple[re.Pattern[str], ...]
    never: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named in a text, with the words that named it."""

    concept: Concept
    words: str
    start: int


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by name, from `vocabulary.toml`."""
    text = resources.files(__package__).joinpath("vocabulary.toml").read_text("utf-8")
    vocabulary = msgspec.convert(tomllib.loads(text), _Vocabulary)
    return {
        entry.name: Concept(
            name=entry.name,
            kind=entry.kind,
            en=entry.en,
            zh=entry.zh,
            asks=_words(entry.asks),
            labels=tuple(_words(label) for label in entry.labels),
            never=_words(entry.never) if entry.never else None,
        )
        for entry in vocabulary.concept
    }


def mentions(text: str) -> list[Mention]:
    """Concepts a question or a property name mentions, in order; of two that overlap the longer."""
    lowered = fold(text)
    found = [
        Mention(concept, match[0], match.start())
        for concept in concepts().values()
        for match in concept.asks.finditer(lowered)
    ]
    chosen: list[Mention] = []
    for mention in sorted(found, key=lambda mention: -len(mention.words)):
        end = mention.start + len(mention.words)
        taken = any(
            mention.start < other.start + len(other.words) and other.start < end for other in chosen
        )
        if not taken and all(other.concept is not mention.concept for other in chosen):
            chosen.append(mention)
    return sorted(chosen, key=lambda mention: mention.start)


@lru_cache(maxsize=4096)
def is_label(text: str, *, sums: bool = True) -> bool:
    """Whether a text is nothing but a label that documents print, such as CASH or Due date.

    Without `sums` the labels of amounts do not count.
    """
    bare = fold(text.strip(" :：*-"))
    return any(
        label.fullmatch(bare)
        for concept in concepts().values()
        if sums or concept.kind != "amount"
        for label in concept.labels
    )


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text in lower case without the accents of Latin letters, which print often loses.

    Every character stays at its place: a place in the folded text is one in the text.
    """
    return "".join(_bare(char) for char in text)


def _bare(char: str) -> str:
    lowered = char.lower()
    if len(lowered) != 1:
        return char
    if not "\x7f" < lowered <= _LAST_LATIN:
        return lowered
    base = unicodedata.normalize("NFKD", lowered)[0]
    return base if base.isalpha() else lowered


def _words(alternatives: list[str]) -> re.Pattern[str]:
    joined = "|".join(_accentless(words) for words in alternatives)
    joined = joined.replace("{NO}", _NUMBER_WORDS)
    # Letters beside a Latin label would make it another word; Chinese knows no such border.
    return re.compile(rf"(?<![a-z])(?:{joined})(?![a-z])")


def _accentless(pattern: str) -> str:
    r"""A pattern that fits folded text; letter case is kept, for it tells `\s` from `\S`."""
    return "".join(_bare(char) if char > "\x7f" else char for char in pattern)
