"""Counted: how many of something by the number that the text prints before it: 3 nights."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import stem
from qwen_vision.engines.embedded.extract.terms import COUNTS
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.rooms.finding import Finding, Quote, tell_quote
from qwen_vision.engines.embedded.scene import Scene

_WANTED: Final = re.compile(
    r"\bhow many (?P<what>[a-z -]{3,40}?)(?= (?:do|does|did|is|are|was|were|has|have|had|can|will|"
    r"would)\b|\?|$)",
    re.IGNORECASE,
)
# What is asked of the picture itself is counted, not read.
_OF_PICTURE: Final = re.compile(
    r"\b(?:in|on|of) (?:this|the) (?:picture|image|photo|page|text|screenshot)\b|\bcan you see\b",
    re.IGNORECASE,
)
_SPELT: Final = {word: number for word, number in COUNTS.items() if len(word) > 2} | {"eleven": 11}


_WHY: Final = "Looked for a number before what is counted"


async def _found(scene: Scene, intent: Intent) -> Quote | None:
    match = _WANTED.search(intent.text)
    if match is None or _OF_PICTURE.search(intent.text):
        return None
    what = re.split(r" (?:per|a|an|each|every|in|of) ", match["what"])[0]
    noun = stem(what.split()[-1].lower())
    reading = await scene.eyes.read(scene.images[0][1])
    found: dict[str, str] = {}
    for sentence in sentences(reading):
        for number, words in re.findall(
            r"(?i)(?<![\w.,:/-])(\d{1,4}|[a-z]+) ((?:[a-z]+ )?[a-z]+)", sentence
        ):
            said = number if number.isdigit() else str(_SPELT.get(number.lower(), ""))
            if said and noun in [stem(word.lower()) for word in words.split()]:
                found[said] = sentence
    return Quote(*next(iter(found.items())), _WHY) if len(found) == 1 else None


COUNTED: Final = Finding(_found, tell_quote)
