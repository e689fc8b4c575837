"""Shaded: what is written on a part that the question names by its colour: the blue button."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal

from qwen_vision.engines.embedded.facts import Box, TextLine
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image, Pixels, Size
from qwen_vision.protocol.receipt import Evidence, MediaReceipt

_COLOURS: Final = (
    ("red", r"red|红"), ("blue", r"blue|蓝"), ("green", r"green|绿"), ("yellow", r"yellow|黄"),
    ("orange", r"orange|橙"), ("purple", r"purple|violet|紫"), ("pink", r"pink|粉"),
    ("brown", r"brown|棕|褐"), ("black", r"black|黑"), ("grey", r"gr[ae]y|灰"),
)  # fmt: skip
_PARTS: Final = (
    r"(?:button|box|banner|bar|label|tag|badge|area|field|bubble|panel|card|header|heading|title|"
    r"text|line|word|message|link|section|sign|sticker|stamp|block|tab)s?"
)
_HAN_PARTS: Final = r"色?的?(?:按钮|框|文字|标签|横幅|区域|标题|字|气泡|部分|链接)"
_READS: Final = re.compile(
    r"\b(?:say|says|said|read|written|text|label|words?|what|which|caption)\b|写|文字|什么|字", re.I
)
# More lines than these would be a page, where parts are not told by colour.
_MOST_LINES: Final = 48
_SAMPLE_PX: Final = 4_000_000
# The part of a line's surroundings that its ink takes up at least.
_INK: Final = 0.03


@dataclass(slots=True)
class _Cut:
    """A part of a picture, to be looked at like a picture."""

    param: str
    format: str
    original: Size
    final: Size
    content_hash: str
    part: Pixels
    tokens: int = 0
    page: int | None = None
    kind: Literal["image"] = "image"

    async def pixels(self, *, max_px: int | None = None) -> Pixels:
        width, height = self.part.size
        scale = min(1.0, (max_px / (width * height)) ** 0.5) if max_px else 1.0
        return self.part.resize((max(round(width * scale), 1), max(round(height * scale), 1)))

    def receipt(self) -> MediaReceipt:
        return MediaReceipt(index=0, param=self.param, kind="image", source="memory")


async def asks_shaded(scene: Scene, intent: Intent) -> bool:
    """Whether a question wants the text on a part of one picture that it names by colour."""
    if len(scene.images) != 1 or not _colour(intent.text) or not _READS.search(intent.text):
        return False
    reading = await scene.eyes.read(scene.images[0][1])
    return 0 < len(reading.lines) <= _MOST_LINES


async def tell_shaded(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The lines on a ground of that colour, else those written in it."""
    index, image = scene.images[0]
    colour = _colour(intent.text)
    reading = await scene.eyes.read(image)
    whole = await image.pixels(max_px=_SAMPLE_PX)
    shades = [await _shades(scene, image, whole=whole, box=line.box) for line in reading.lines]
    paired = list(zip(reading.lines, shades, strict=True))
    on = [line for line, names in paired if names[:1] and colour in names[0].split()]
    ink = [line for line, names in paired if any(colour in name.split() for name in names[1:])]
    found: list[TextLine] = on or ink
    where = "on" if on else "in"
    yield Thought(f"Looked for text {where} {colour}: {len(found)} of {len(reading.lines)} lines.")
    if not found:
        yield Say(
            scene.say(f"I see no text on or in {colour} here.", "没有看到这种颜色的文字或底色。")
        )
        return
    for line in found:
        yield Proof(Evidence("text", index, box=whole_box(line.box), text=line.text))
    listed = "\n".join(line.text for line in found)
    yield Say(listed, bare=listed)


async def _shades(scene: Scene, image: Image, *, whole: Pixels, box: Box) -> list[str]:
    """The colours around a line, its ground first."""
    across = whole.width / max(image.original.width_px, 1)
    down = whole.height / max(image.original.height_px, 1)
    corners = (
        max(int(box.left * across), 0),
        max(int(box.top * down), 0),
        min(int(box.right * across) + 1, whole.width),
        min(int(box.bottom * down) + 1, whole.height),
    )
    if corners[2] <= corners[0] or corners[3] <= corners[1]:
        return []
    part = whole.crop(corners)
    digest = hashlib.sha256(f"{image.content_hash} {corners}".encode()).hexdigest()
    size = Size(*part.size)
    facts = await scene.eyes.picture(_Cut(image.param, image.format, size, size, digest, part))
    return [shade.name for shade in facts.colors if shade.share >= _INK]


def _colour(text: str) -> str:
    """The colour of the part that is asked about; "" when none is named so."""
    for name, words in _COLOURS:
        if re.search(
            rf"(?i)\b(?:{words})(?:[- ]colou?red)? {_PARTS}\b|(?:{words}){_HAN_PARTS}|"
            rf"\b(?:written|printed|text|words?) in (?:{words})\b",
            text,
        ):
            return name
    return ""
