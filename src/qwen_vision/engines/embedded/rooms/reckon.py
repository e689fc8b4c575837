"""Reckon: arithmetic on the numbers a question names: tips, change, differences, prices of several.

Each kind of question is told by its words and answered only when the page names its numbers;
else the question stays what it was.
"""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.extract.terms import (
    Term,
    named_terms,
)
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.rooms.reckoned import Paper, Reckoned
from qwen_vision.engines.embedded.rooms.ways import asks, reckon
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_WHO: Final = re.compile(
    r"^\W*(?:and |so |but )?(?:who|whom|whose|when|where|why)\b|谁|什么时候|哪里|为什么",
    re.IGNORECASE,
)
# "How much more is that than the tax?": what was asked before, or said before the question.
_THAT: Final = re.compile(
    r"\b(?:it|that|this|they|them|those|these|all|everything)\b|这|那|它|一共|总共", re.IGNORECASE
)


async def _reckoned(scene: Scene, intent: Intent) -> Reckoned | None:
    """The result of the arithmetic an intent asks for; None when it asks for none."""
    readings = tuple([await scene.eyes.read(image) for _, image in scene.images])
    if _WHO.search(intent.text) or not asks(intent.text):
        return None
    terms = _terms(readings, intent.text)
    if _THAT.search(intent.text):
        terms = _before(scene, intent, readings=readings, named=terms)
    return reckon(Paper(intent.text, tuple(terms), readings))


async def _tell(scene: Scene, found: Reckoned) -> AsyncIterator[Step]:
    """The result first, then the numbers it was made of."""
    yield Thought(f"Reckoned {found.formula}: {found.value}.")
    index = scene.images[0][0]
    for term in found.terms:
        yield Proof(Evidence(term.name, index, box=whole_box(term.box), text=term.text))
    told = scene.say(f"{found.value} ({found.formula}).", f"{found.value}（{found.formula}）。")
    yield Say(told, bare=found.value)


def _terms(readings: Sequence[Reading], question: str) -> list[Term]:
    return [term for reading in readings for term in named_terms(reading, question)]


def _before(
    scene: Scene, intent: Intent, *, readings: Sequence[Reading], named: list[Term]
) -> list[Term]:
    """The numbers that "that" stands for: named in this turn before, or in the last question."""
    said = scene.question.split(intent.text)[0]
    for words in (said, *reversed(scene.earlier)):
        meant = _terms(readings, words) if words.strip() else []
        if meant:
            return [*meant, *(term for term in named if term.line not in [t.line for t in meant])]
    return named


RECKONED: Final = Finding(_reckoned, _tell, of_several=True)
