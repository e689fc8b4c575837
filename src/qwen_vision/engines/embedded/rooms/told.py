"""Told: when something was done, or who did it, by the sentence of the page that says so."""

import re
from collections.abc import Iterator
from typing import Final

from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import stem, stems
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.rooms.finding import Finding, Quote, tell_quote
from qwen_vision.engines.embedded.scene import Scene

_WHEN: Final = re.compile(
    r"^\W*(?:and )?(?:when|in (?:what|which) year|what year|since when) "
    r"(?:was|were|did|has|have)\b",
    re.IGNORECASE,
)
_WHO: Final = re.compile(
    r"^\W*(?:and )?(?:by whom (?:was|were)\b|who (?:was|were)\b(?=.* by\W*$)|"
    r"who (?!(?:is|are|was|were|do|does|did|has|have|can|will|should|must)\b)[a-z]+)",
    re.IGNORECASE,
)
_YEAR: Final = r"(?:1\d|20)\d{2}"
_YEARS: Final = re.compile(
    rf"(?<![\d.,:/-]){_YEAR}(?:\s?(?:and|to|[–-])\s?{_YEAR})?(?![.,]?\d|\s?%)"
)
_BY: Final = re.compile(
    r"\bby (?:the |an? )?(?P<who>[^.,;()]{3,60}?)"
    r"(?= (?:and|in|on|at|from|who|which|to|is|was|for|with)\b|[.,;()]|$)"
)
_NAME: Final = re.compile(r"[A-Z][\w'’.-]+(?: (?:de|van|von|der|la|[A-Z][\w'’.-]+))*")
# A sentence that begins so speaks of what the one before it names.
_GOES_ON: Final = re.compile(r"^(?:It|He|She|They|Its|This)\b")
_CLAUSE: Final = re.compile(r"[,;]| and (?=(?:was|is|were|has|had|opened|moved)\b)| but ")
# Ways to say one thing.
_ALIKE: Final = (
    frozenset({"built", "build", "construct", "erect"}),
    frozenset({"found", "establish", "set"}),
    frozenset({"wrote", "writ", "written"}),
    frozenset({"start", "began", "begin"}),
)


_WHY: Final = "Looked for the sentence that says all words of the question"


async def _fact(scene: Scene, intent: Intent) -> Quote | None:
    """The one answer of the sentences that say what is asked; None for none or several."""
    answers = _dates if _WHEN.search(intent.text) else _doers if _WHO.search(intent.text) else None
    if answers is None:
        return None
    asked = stems(re.sub(r"(?i)\b(?:year|since|first|by)\b", " ", intent.text))
    verbs = [word for word in re.findall(r"[a-z]+", intent.text.lower()) if stem(word) in asked]
    named = len(asked) > 1 or re.search(r"\b(?:it|he|she|they)\b", intent.text)
    if not verbs or not named:
        return None
    verb = verbs[-1] if answers is _dates or " by" in intent.text else verbs[0]
    found = {}
    for sentence, around in _passages(sentences(await scene.eyes.read(scene.images[0][1]))):
        if _says(asked, verb=stem(verb), sentence=sentence, around=around):
            for answer in answers(sentence, stem(verb)):
                found[answer] = sentence
    return Quote(*next(iter(found.items())), _WHY) if len(found) == 1 else None


def _passages(told: list[str]) -> Iterator[tuple[str, str]]:
    """Each sentence, with the one it speaks on of before it."""
    whole = [part for text in told for part in re.split(r"(?<=[a-z\d)][.!?])\s+(?=[A-Z])", text)]
    about = ""
    for sentence in whole:
        about = f"{about} {sentence}" if _GOES_ON.match(sentence) else sentence
        yield sentence, about


def _says(asked: frozenset[str], *, verb: str, sentence: str, around: str) -> bool:
    return bool(_alike(verb) & stems(sentence)) and asked - {verb} <= stems(around)


def _alike(verb: str) -> frozenset[str]:
    return next((words for words in _ALIKE if verb in words), frozenset({verb}))


def _clause(sentence: str, verb: str) -> str:
    """The part of a sentence that holds the verb."""
    parts = _CLAUSE.split(sentence)
    return next((part for part in parts if _alike(verb) & stems(part)), sentence)


def _dates(sentence: str, verb: str) -> list[str]:
    """The dates, else the years, that stand with the verb; else those of the whole sentence."""
    for text in (_clause(sentence, verb), sentence):
        found = [date.text for date in find_dates(text)] or [y[0] for y in _YEARS.finditer(text)]
        if found:
            return found
    return []


def _doers(sentence: str, verb: str) -> list[str]:
    """Who did it: what follows "by", or the name that stands before the verb."""
    words = [
        match
        for match in re.finditer(r"[A-Za-z]+", sentence)
        if stem(match[0].lower()) in _alike(verb)
    ]
    if not words:
        return []
    by = _BY.search(sentence, words[0].end())
    if by is not None:
        name = _NAME.search(by["who"])
        return [name[0] if name else by["who"]]
    name = re.search(rf"({_NAME.pattern})\s$", sentence[: words[0].start()])
    return [name[1]] if name else []


FACT: Final = Finding(_fact, tell_quote)
