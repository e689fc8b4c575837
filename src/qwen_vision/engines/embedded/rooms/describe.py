"""Describe: a picture in plain facts: what kind, its text, codes, objects and colours."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.bills import bill_facts
from qwen_vision.engines.embedded.documents.chart_words import chart_words
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.kinds import document_kind
from qwen_vision.engines.embedded.facts import (
    Barcode,
    PictureFacts,
    Reading,
)
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.seen import (
    Looks,
    brief_words,
    look_of,
    look_words,
    object_words,
    plant_words,
    round_words,
)
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image
from qwen_vision.protocol.receipt import Evidence

_QUOTED_LINES: Final = 8
_LINE_CHARS: Final = 100
PAGE_LINES: Final = 6
_BRIEF: Final = re.compile(
    r"(?i)\b(?:in|with|as|using) (?:just |only )?(?:a|one|a single|1) (?:short )?sentence\b|一句话"
)
# What `perception.picture` calls colours.
_COLORS_ZH: Final = {
    "black": "黑色", "white": "白色", "grey": "灰色", "light grey": "浅灰色", "dark grey": "深灰色",
    "red": "红色", "dark red": "深红色", "orange": "橙色", "yellow": "黄色",
    "green": "绿色", "light green": "浅绿色", "dark green": "深绿色", "cyan": "青色",
    "blue": "蓝色", "light blue": "浅蓝色", "dark blue": "深蓝色", "purple": "紫色",
    "pink": "粉色", "magenta": "品红色", "brown": "棕色", "beige": "米色",
}  # fmt: skip


async def describe(scene: Scene, *, notes: bool = True) -> AsyncIterator[Step]:
    """A description of each picture asked about; `notes` says what could not be looked for."""
    several = len(scene.images) > 1
    for index, image in scene.images:
        facts = await scene.eyes.picture(image)
        yield Thought(_size_thought(index, facts))
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        is_brief = _BRIEF.search(scene.question) is not None and not facts.is_blank
        words = await _brief(scene, image, facts) if is_brief else look(facts, scene.language)
        yield Say(head + words)
        if is_brief or facts.is_blank:
            yield Say("\n\n" if several else "")
            continue
        reading = await scene.eyes.read(image)
        yield Thought(f"Read {len(reading.rows)} lines of text.")
        bill = bill_facts(reading)
        for name, value in bill.items():
            yield Proof(
                Evidence(
                    name,
                    index,
                    box=whole_box(value.box),
                    text=value.text,
                    confidence=value.confidence,
                )
            )
        codes = await scene.eyes.codes(image)
        yield Thought(f"Looked for barcodes: found {len(codes)}.")
        objects = await scene.eyes.objects(image)
        read = [
            chart_words(reading.chart, scene.language) if reading.chart else "",
            _text_words(reading, scene.language, bill=bill),
            _code_words(codes, scene.language),
        ]
        seen = [object_words(objects, scene.language) if notes or objects else ""]
        # A page of text looks like nothing but a page.
        if len(reading.rows) < PAGE_LINES:
            seen += [await _look(scene, image), plant_words(facts, scene.language)]
        # Of a picture without text what is seen in it comes first.
        for paragraph in read + seen if reading.lines or objects is None else seen + read:
            if paragraph:
                yield Say("\n\n" + paragraph)
        if several:
            yield Say("\n\n")


def look(facts: PictureFacts, language: Language) -> str:
    """Size, orientation and main colours in one sentence."""
    width, height = facts.width_px, facts.height_px
    if facts.is_blank:
        tint = color_name(facts.colors[0].name, language)
        return pick(
            language,
            f"A blank {tint} picture of {width} × {height} pixels: no text and nothing else "
            "stands out in it.",
            f"一张空白的{tint}图片，{width} × {height} 像素，没有文字，也没有其他内容。",
        )
    shape_en, shape_zh = _shape(width, height)
    names = [color_name(color.name, language) for color in facts.colors[:3] if color.share >= 0.08]
    grey = facts.is_grey and len(names) != 1
    tone_en = "in shades of grey" if grey else f"mostly {join_words('en', names)}"
    tone_zh = "灰度" if grey else f"以{join_words('zh', names)}为主"
    if not names and not grey:
        tone_en, tone_zh = "in many colours", "色彩丰富"
    return pick(
        language,
        f"A {shape_en} picture of {width} × {height} pixels, {tone_en}.",
        f"一张{shape_zh}图片，{width} × {height} 像素，{tone_zh}。",
    )


def color_name(name: str, language: Language) -> str:
    """The colour's name in the language."""
    return _COLORS_ZH[name] if language == "zh" else name


async def _brief(scene: Scene, image: Image, facts: PictureFacts) -> str:
    """What the picture shows and says, in one sentence."""
    reading = await scene.eyes.read(image)
    objects = await scene.eyes.objects(image) or ()
    is_page = len(reading.rows) >= PAGE_LINES
    looks = Looks(None, ()) if is_page or objects else await look_of(scene, image)
    shown = brief_words(objects, looks, scene.language)
    text = shorten(reading.text, _LINE_CHARS)
    said = scene.say(f", with the text “{text}”", f"，上面写着“{text}”") if text else ""
    head = look(facts, scene.language)
    return head[:-1] + shown + _bill_brief(reading, scene.language) + said + head[-1]


def _bill_brief(reading: Reading, language: Language) -> str:
    """What kind of bill it looks like, with its date and total; empty for other papers."""
    kind, facts = document_kind(reading), bill_facts(reading)
    if kind is None or not facts:
        return ""
    date = f" dated {facts['date'].text}" if "date" in facts else ""
    total = f" with a total of {facts['total'].text}" if "total" in facts else ""
    return pick(
        language,
        f", which looks like {kind[0]}{date}{total}",
        f"，看起来是{kind[1]}" + "".join(f"，{told}" for told in _bill_told(facts, "zh")),
    )


def _bill_told(facts: Mapping[str, Found], language: Language) -> list[str]:
    """The date and the total that a bill prints, each in words."""
    names = {"date": ("date is", "日期"), "total": ("total is", "合计")}
    return [
        pick(language, f"{en} {facts[name].text}", f"{zh} {facts[name].text}")
        for name, (en, zh) in names.items()
        if name in facts
    ]


async def _look(scene: Scene, image: Image) -> str:
    """Round shapes that are counted, or what the picture and its parts look like."""
    rounds = await scene.eyes.rounds(image)
    if rounds is not None:
        return round_words(rounds, scene.language)
    objects = await scene.eyes.objects(image) or ()
    return look_words(await look_of(scene, image), objects, scene.language)


def _text_words(reading: Reading, language: Language, *, bill: Mapping[str, Found]) -> str:
    lines = reading.text.split("\n")
    if not reading.lines:
        return pick(language, "I found no text in it.", "图中没有找到文字。")
    kind = document_kind(reading)
    says = (
        pick(
            language,
            f"It looks like {kind[0]}: it says “{shorten(kind[2], 40)}”. ",
            f"它看起来是{kind[1]}，上面写着“{shorten(kind[2], 40)}”。",
        )
        if kind
        else ""
    )
    if told := _bill_told(bill, language):
        says += pick(language, f"Its {' and its '.join(told)}. ", "，".join(told) + "。")
    quoted = "\n".join(f"> {shorten(line, _LINE_CHARS)}" for line in lines[:_QUOTED_LINES])
    if len(lines) == 1:
        return says + pick(language, f"It says:\n{quoted}", f"上面的文字：\n{quoted}")
    if len(lines) <= _QUOTED_LINES:
        return says + pick(language, f"The text in it:\n{quoted}", f"图中的文字：\n{quoted}")
    return says + pick(
        language,
        f"It holds {len(lines)} lines of text, beginning with:\n{quoted}\n"
        "Ask me to read the text for all of it.",
        f"图中共有 {len(lines)} 行文字，开头是：\n{quoted}\n需要全文的话，请让我读出全部文字。",
    )


def _code_words(codes: Sequence[Barcode], language: Language) -> str:
    if not codes:
        return ""
    lines = [f"{code.symbology}: {code.payload}" for code in codes]
    if len(codes) == 1:
        return pick(language, f"It carries a {lines[0]}", f"图中有一个条码，{lines[0]}")
    listed = "\n".join(f"- {line}" for line in lines)
    return pick(
        language,
        f"It carries {len(codes)} codes:\n{listed}",
        f"图中有 {len(codes)} 个条码：\n{listed}",
    )


def _shape(width: int, height: int) -> tuple[str, str]:
    if width > height * 1.05:
        return "landscape", "横向"
    if height > width * 1.05:
        return "portrait", "竖向"
    return "square", "方形"


def _size_thought(index: int, facts: PictureFacts) -> str:
    colors = ", ".join(f"{color.name} {color.share:.0%}" for color in facts.colors[:4])
    return (
        f"Looked at picture {index + 1}: {facts.width_px} × {facts.height_px} px, colours "
        f"{colors}, "
        f"sharpness {facts.sharpness:.2f}, blank: {'yes' if facts.is_blank else 'no'}."
    )
