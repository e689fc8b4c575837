"""Language of a question, and the choice between two phrasings."""

import re
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_OTHER_EAST_ASIAN: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LATIN_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_WISH: Final[tuple[tuple[re.Pattern[str], Language], ...]] = (
    (re.compile(r"\b(?:in|into|using) chinese\b|用中文|以中文|请用汉语", re.IGNORECASE), "zh"),
    (re.compile(r"\b(?:in|using) english\b|用英文|用英语|以英文", re.IGNORECASE), "en"),
)


def language_of(question: str) -> Language:
    """The language to answer in: Chinese for a Chinese question, otherwise English.

    A wish in the question ("answer in Chinese", "用英文回答") goes before its script.
    """
    for wish, language in _WISH:
        if wish.search(question):
            return language
    han = len(_HAN.findall(question))
    if han == 0 or _OTHER_EAST_ASIAN.search(question):
        return "en"
    # A long English question that quotes one Chinese word stays English.
    return "zh" if han >= len(_LATIN_WORD.findall(question)) else "en"


def pick(language: Language, en: str, zh: str) -> str:
    """One of two phrasings of the same sentence."""
    return zh if language == "zh" else en


def join_words(language: Language, words: list[str]) -> str:
    """Words as a list in running text: `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    if language == "zh":
        return "、".join(words[:-1]) + "和" + words[-1]
    return ", ".join(words[:-1]) + " and " + words[-1]


def bracket(language: Language, text: str) -> str:
    """The text as an aside in brackets of the language, with the space it wants before them."""
    return f"（{text}）" if language == "zh" else f" ({text})"


def shorten(text: str, limit: int = 120) -> str:
    """The text on one line, cut with an ellipsis after `limit` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"
