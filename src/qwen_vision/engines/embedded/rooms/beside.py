"""Beside: what text stands above, below, left or right of other text."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from qwen_vision.engines.embedded.documents.fields import lines_with
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import Box, TextLine
from qwen_vision.engines.embedded.intents import Intent, quoted
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_Side: TypeAlias = Literal["right", "left", "above", "below"]
_SIDES: Final[tuple[tuple[_Side, str, str], ...]] = (
    ("right", r"\b(?:to the |on the )?right (?:side )?of\b|右(?:边|侧|面)", "右边"),
    ("left", r"\b(?:to the |on the )?left (?:side )?of\b|左(?:边|侧|面)", "左边"),
    ("above", r"\b(?:directly |just )?above\b|\bon top of\b|上(?:边|方|面)", "上面"),
    ("below", r"\b(?:directly |just )?(?:below|beneath|under(?:neath)?)\b|下(?:边|方|面)", "下面"),
)
_WHAT: Final = re.compile(
    r"\b(?:what|which|who|whose|name|read|text|word|show|tell)\b|什么|啥|哪|谁", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"[$€£]?\s?\d")
_SORTS: Final = re.compile(r"^(?:the |a |an |word |text |label |heading |button )+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Asked:
    side: _Side
    side_zh: str
    anchor: TextLine
    sheet: Sheet


async def _tell(scene: Scene, asked: _Asked) -> AsyncIterator[Step]:
    """The nearest line on the side asked for."""
    index = scene.images[0][0]
    yield Thought(f"Looked {asked.side} of “{asked.anchor.text}” in picture {index + 1}.")
    found = _nearest(asked)
    at = {"right": "to the right of", "left": "to the left of"}.get(asked.side, asked.side)
    if found is None:
        yield Say(
            scene.say(
                f"I read no text {at} “{asked.anchor.text}”.",
                f"“{asked.anchor.text}”{asked.side_zh}没有读到文字。",
            )
        )
        return
    yield Proof(Evidence("text", index, box=whole_box(found.box), text=found.text))
    told = scene.say(
        f"“{found.text}” stands {at} “{asked.anchor.text}”.",
        f"“{asked.anchor.text}”{asked.side_zh}是“{found.text}”。",
    )
    yield Say(told, bare=found.text)


async def _asked(scene: Scene, intent: Intent) -> _Asked | None:
    if not _WHAT.search(intent.text):
        return None
    sheet = Sheet.of(await scene.eyes.read(scene.images[0][1]))
    for side, pattern, side_zh in _SIDES:
        match = re.search(pattern, intent.text, re.IGNORECASE)
        words = _anchor_words(intent.text, match) if match else ""
        lines = lines_with(sheet, words) if words and not _NUMBER.match(words) else []
        if len(lines) == 1:
            return _Asked(side, side_zh, lines[0], sheet)
    return None


def _anchor_words(text: str, match: re.Match[str]) -> str:
    """What the side is of: words after it in English, before it in Chinese."""
    marked = quoted(text)
    if marked:
        return marked[0]
    if re.search(r"[\u3400-\u9fff]", match[0]):
        before = re.search(r"([\u3400-\u9fff\w]{1,16}?)的?$", text[: match.start()])
        return re.sub(r"^(?:请问|图中|在)", "", before[1]) if before else ""
    after = re.match(r"\s*([^?.,;:!？]{2,40})", text[match.end() :])
    return _SORTS.sub("", after[1].strip()) if after else ""


def _nearest(asked: _Asked) -> TextLine | None:
    """The closest line on that side that overlaps the anchor across it."""
    home = asked.anchor.box
    best = [
        (gap, line)
        for line in asked.sheet.lines
        if line is not asked.anchor and (gap := _gap(home, line.box, asked.side)) is not None
    ]
    return min(best, key=lambda item: item[0])[1] if best else None


def _gap(home: Box, other: Box, side: _Side) -> float | None:
    if side in {"left", "right"}:
        overlap = min(home.bottom, other.bottom) - max(home.top, other.top)
        gap = other.left - home.right if side == "right" else home.left - other.right
        thin = min(home.bottom - home.top, other.bottom - other.top)
    else:
        overlap = min(home.right, other.right) - max(home.left, other.left)
        gap = other.top - home.bottom if side == "below" else home.top - other.bottom
        thin = min(home.right - home.left, other.right - other.left)
    # Boxes of neighbouring lines may touch.
    return gap if overlap > 0.3 * thin and gap > -0.4 * (home.bottom - home.top) else None


BESIDE: Final = Finding(_asked, _tell)
