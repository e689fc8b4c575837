"""Read: the text of pictures, whole or in part, exactly as it stands there."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import TextLine
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought
from qwen_vision.media.items import Size

_ONLY: Final = re.compile(
    r"\bonly\b|\bjust the text|without any|nothing else|no (?:extra|additional)|仅|只(?:输出|"
    r"返回|要)|不要.{0,6}(?:解释|其他|额外)",
    re.IGNORECASE,
)
_LINE: Final = re.compile(
    r"\b(?P<word>first|second|third|fourth|fifth|last)\b|\bline (?:number )?(?P<number>\d+)|"
    r"(?P<nth>\d+)(?:st|nd|rd|th)|第(?P<han>[一二三四五六七八九十]|\d+)行|(?P<lasthan>最后一?行)|(?P<head>首行)",
    re.IGNORECASE,
)
_ORDINALS: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_SIDES: Final = (
    (re.compile(r"\b(?:top|upper)\b|顶部|上方|上面", re.IGNORECASE), "top"),
    (re.compile(r"\b(?:bottom|lower)\b|底部|下方|下面", re.IGNORECASE), "bottom"),
    (re.compile(r"\bleft\b|左", re.IGNORECASE), "left"),
    (re.compile(r"\bright\b|右", re.IGNORECASE), "right"),
    (re.compile(r"\bmiddle\b|\bcent(?:er|re)\b|中间|中央", re.IGNORECASE), "middle"),
)


async def read_all(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Every line of every picture asked about; nothing else when only the text is wanted."""
    bare = scene.model.ocr or scene.manner.bare or bool(_ONLY.search(intent.text))
    several = len(scene.images) > 1
    for place, (index, image) in enumerate(scene.images):
        reading = await scene.eyes.read(image)
        yield Thought(
            f"Read picture {index + 1}: {len(reading.rows)} lines"
            + (f", page turned by {reading.rotation_deg}°." if reading.rotation_deg else ".")
        )
        for note in reading.notes:
            yield Thought(note)
        if place:
            yield Say("\n\n")
        if several and not bare:
            page = f" (page {image.page})" if image.page is not None else ""
            yield Say(scene.say(f"Picture {index + 1}{page}:\n", f"图片 {index + 1}{page}：\n"))
        for number, row in enumerate(reading.rows):
            yield Say(("\n" if number else "") + " ".join(line.text for line in row))
        if not reading.lines and not bare:
            yield Say(scene.say("I found no text in this picture.", "这张图片中没有找到文字。"))
        for note in () if bare else reading.notes:
            yield Say(("\n\n" if reading.lines else " ") + note)


async def read_part(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The line by number, or the lines at one side of the picture."""
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        rows = reading.text.split("\n") if reading.lines else []
        yield Thought(f"Read {len(rows)} lines in picture {index + 1}.")
        match = _LINE.search(intent.text)
        if match is not None:
            number = _line_number(match)
            texts = _at(rows, number)
        else:
            texts = [line.text for line in _at_side(reading.lines, intent.text, image.original)]
        if texts:
            yield Say("\n".join(texts), bare="\n".join(texts))
        else:
            yield Say(
                scene.say(
                    f"I find no text there; the picture has {len(rows)} lines of text.",
                    f"那里没有文字；图中共有 {len(rows)} 行文字。",
                )
            )


def _at(rows: Sequence[str], number: int) -> list[str]:
    return [rows[number]] if -len(rows) <= number < len(rows) else []


def _line_number(match: re.Match[str]) -> int:
    if match["word"]:
        return _ORDINALS[match["word"].lower()]
    if match["lasthan"]:
        return -1
    if match["head"]:
        return 0
    digits = match["number"] or match["nth"] or match["han"]
    if digits.isdigit():
        return int(digits) - 1
    return "一二三四五六七八九十".index(digits)


def _at_side(lines: Sequence[TextLine], text: str, size: Size) -> list[TextLine]:
    sides = [side for pattern, side in _SIDES if pattern.search(text)]
    return [line for line in lines if all(_lies(line, side, size) for side in sides)]


def _lies(line: TextLine, side: str, size: Size) -> bool:
    box = line.box
    x = (box.left + box.right) / 2 / max(size.width_px, 1)
    y = (box.top + box.bottom) / 2 / max(size.height_px, 1)
    if side == "middle":
        return 1 / 3 <= y <= 2 / 3
    return {"top": y < 1 / 3, "bottom": y > 2 / 3, "left": x < 1 / 2, "right": x > 1 / 2}[side]
