"""Counted: how many of something by the number that the text prints before it: 3 nights."""

import re
from collections.abc import AsyncIterator
from typing import Final

from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import stem
from qwen_vision.engines.embedded.extract.terms import COUNTS
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import shorten
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought

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


async def asks_counted(scene: Scene, intent: Intent) -> bool:
    """Whether the only picture prints one number before the thing that a question counts."""
    return len(scene.images) == 1 and await _found(scene, intent) is not None


async def tell_counted(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The number, and the sentence that says it."""
    found = await _found(scene, intent)
    if found is None:
        return
    number, sentence = found
    yield Thought(f"Looked for a number before what is counted: {number}.")
    quote = shorten(sentence)
    yield Say(
        scene.say(f"{number}: it says “{quote}”.", f"{number}：图中写着“{quote}”。"), bare=number
    )


async def _found(scene: Scene, intent: Intent) -> tuple[str, str] | None:
    match = _WANTED.search(intent.text)
    if match is None or _OF_PICTURE.search(intent.text):
        return None
    noun = stem(match["what"].split()[-1].lower())
    reading = await scene.eyes.read(scene.images[0][1])
    found: dict[str, str] = {}
    for sentence in sentences(reading):
        for number, words in re.findall(
            r"(?i)(?<![\w.,:/-])(\d{1,4}|[a-z]+) ((?:[a-z]+ )?[a-z]+)", sentence
        ):
            said = number if number.isdigit() else str(_SPELT.get(number.lower(), ""))
            if said and noun in [stem(word.lower()) for word in words.split()]:
                found[said] = sentence
    return next(iter(found.items())) if len(found) == 1 else None
