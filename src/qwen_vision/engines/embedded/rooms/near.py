"""Near: the lines of text that share the words of a question no rule understands."""

import re
from typing import Final

from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.language import shorten
from qwen_vision.engines.embedded.scene import Scene

_SHOWN: Final = 3
# Words of questions that say nothing about what is looked for.
_COMMON: Final = frozenset({
    "what", "when", "where", "which", "whose", "does", "this", "that", "these", "those",
    "with", "from", "have", "about", "there", "their", "image", "picture", "photo",
    "text", "please", "tell", "show", "give", "could", "would", "should", "much", "many",
    "will", "your", "they", "them", "into", "then", "than", "such", "also", "here",
    "like", "want", "need", "know", "make", "made",
})  # fmt: skip


async def near_lines(scene: Scene, question: str) -> str:
    """A sentence that quotes the lines nearest to the question, or "" when none is near."""
    quotes: list[str] = []
    for _, image in scene.images:
        quotes += _nearest(await scene.eyes.read(image), question)
    if not quotes:
        return ""
    listed = "\n".join(f"> {shorten(quote)}" for quote in quotes[:_SHOWN])
    return scene.say(
        f"I can't judge that myself, but this is what the picture says about it:\n{listed}",
        f"这一点我无法判断，但图中与之相关的文字是：\n{listed}",
    )


def _nearest(reading: Reading, question: str) -> list[str]:
    """Rows that share the most words with the question, at least one that is not common."""
    asked = _words(question)
    rows = [row for row in reading.text.split("\n") if row]
    scored = [(len(asked & _words(row)), -place, row) for place, row in enumerate(rows)]
    best = max((score for score, _, _ in scored), default=0)
    if not best:
        return []
    return [row for score, _, row in sorted(scored, reverse=True) if score == best]


def _words(text: str) -> set[str]:
    words = {
        re.sub(r"(?:ing|ed|es|s)$", "", word)
        for word in re.findall(r"[a-zà-ÿ]{4,}", text.lower())
        if word not in _COMMON
    }
    han = re.findall(r"[\u3400-\u9fff]{2,}", text)
    return words | {run[i : i + 2] for run in han for i in range(len(run) - 1)}
