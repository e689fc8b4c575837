"""Words: what a question or a label says, free of endings, accents and small words."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import fold

_HAN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_WORD: Final = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:[.,][^\W_]+)*")
_ENDING: Final = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|y|ing|ed|e)$")
# Words of questions that say nothing about what is looked for.
SMALL: Final = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "from", "with", "and", "or",
    "is", "are", "was", "were", "be", "been", "do", "does", "did", "has", "have", "had", "it",
    "its", "this", "that", "these", "those", "there", "their", "my", "your", "our", "me", "i",
    "we", "you", "he", "she", "his", "her", "what", "when", "where", "which", "who", "whom",
    "whose", "why", "how", "much", "many", "please", "tell", "show", "give", "find", "read",
    "get", "list", "name", "can", "could", "would", "should", "will", "may", "about", "into",
    "than", "then", "any", "some", "all", "each", "every", "as", "if", "so", "not", "no",
    "image", "picture", "photo", "page", "document", "screenshot", "scan", "file", "text",
    "shown", "written", "printed", "listed", "visible", "mentioned", "say", "says", "said",
    "mean", "value", "exactly", "here", "cost",
})  # fmt: skip
_NUMBER: Final = frozenset({"no", "nr", "num", "number", "nummer", "numero", "n", "id"})


def stems(text: str) -> frozenset[str]:
    """The words of a text without small ones: `Ticket no.` and `ticket number` are alike.

    A run of Chinese or Japanese stays whole.
    """
    folded = fold(text)
    words = [word for word in _WORD.findall(folded) if word not in SMALL or word in _NUMBER]
    return frozenset(stem(word) for word in words) | frozenset(_HAN.findall(folded))


def stem(word: str) -> str:
    """A word without its ending; the ways to write "number" are one."""
    return "number" if word in _NUMBER else _ENDING.sub("", word)


def names(label: str, question: str) -> bool:
    """Whether a question says all the words of a label."""
    wanted = stems(label)
    folded = fold(question)
    latin = {word for word in wanted if not _HAN.fullmatch(word)}
    return (
        bool(wanted) and latin <= stems(question) and all(word in folded for word in wanted - latin)
    )


def shared(label: str, question: str) -> float:
    """The part of a label's words, 0 to 1, that a question says."""
    wanted = stems(re.sub(r"[(（].*?[)）]", " ", label))
    if not wanted:
        return 0.0
    folded, asked = fold(question), stems(question)
    said = [word for word in wanted if (word in folded if _HAN.fullmatch(word) else word in asked)]
    return len(said) / len(wanted)
