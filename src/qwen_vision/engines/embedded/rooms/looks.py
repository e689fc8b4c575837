"""Looks: size, colours, sharpness and light of pictures, as measured."""

import re
from collections.abc import AsyncIterator, Sequence
from math import gcd
from typing import Final

from qwen_vision.engines.embedded.facts import ColorShare, PictureFacts
from qwen_vision.engines.embedded.intents import Intent, Task
from qwen_vision.engines.embedded.language import Language, bracket, join_words, pick
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.rooms.describe import color_name
from qwen_vision.engines.embedded.rooms.search import Spot, find_things
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought
from qwen_vision.media.items import Size

# Bounds on the measured figures (facts.PictureFacts) for words about them.
_DARK: Final = 0.3
_BRIGHT: Final = 0.7
# "What colour is the car?" asks about a part, "the main colours" about the whole.
_PART: Final = re.compile(
    r"(?i)\bcolou?rs? (?:is|are|was|does|do|of) (?:the |this |that |his |her |its )?"
    r"(?!(?:this|it|the|that|in|picture|image|photo|page|whole)\b)"
    r"(?P<part>\w[\w' -]*?)(?: (?:in|on|have|has)\b.*|\W*$)|"
    r"(?P<zh>[\u3400-\u9fff]+?)(?:是|的)(?:什么|哪种)?颜?色"
)
# 图里的车, 这辆车: what stands before the thing.
_BEFORE_ZH: Final = re.compile(r"^.*(?:[里中上的]|[这那][张幅个只辆条]?)(?=.)")
# 图片是什么颜色 asks about the whole.
_WHOLE_ZH: Final = re.compile(r"^(?:图片?|照片|画面|整体|主要?)?[里中上]?$")
# So many things are told apart, each by the colours that cover much of it.
_SPOTS: Final = 3
_MUCH: Final = 0.2
# 图片是什么颜色 asks about the whole.
_WHOLE: Final = re.compile(
    r"(?:图片?|照片|画面|整体|主要?)(?:里|中|上)?(?:的|是|有|主要|颜色)|背景色"
)


async def tell_looks(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The measured fact that was asked for, of each picture."""
    several = len(scene.images) > 1
    for place, (index, image) in enumerate(scene.images):
        facts = await scene.eyes.picture(image)
        yield Thought(
            f"Measured picture {index + 1}: {facts.width_px} × {facts.height_px} px, "
            f"brightness {facts.brightness:.2f}, contrast {facts.contrast:.2f}, "
            f"sharpness {facts.sharpness:.2f}."
        )
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        part = _part(intent.text) if intent.task is Task.COLORS else ""
        spots = (await find_things(scene, part, image)).spots[:_SPOTS] if part else ()
        told = [
            thing_words(spot, colors, image.original, language=scene.language)
            for spot in spots
            if (colors := await scene.eyes.thing_colors(image, spot.box))
        ]
        words = "\n".join(told) or _words(facts, intent, scene.language)
        yield Say("\n" * (place > 0) + head + words)


def thing_words(
    spot: Spot, colors: Sequence[ColorShare], original: Size, *, language: Language
) -> str:
    """The colours of a thing, as far as it was told from the ground around it."""
    named = _named_colors(colors, language, least=_MUCH)
    place = place_words(spot.box, original, language)
    return pick(
        language,
        f"“{spot.label}” at the {place} is mostly {join_words('en', named)}, as far as I can tell "
        "it from the ground.",
        f"“{spot.label}”（{place}）以{join_words('zh', named)}为主（仅计与背景分得开的部分）。",
    )


def _named_colors(colors: Sequence[ColorShare], language: Language, *, least: float) -> list[str]:
    """The colours that cover at least such a share, and in any case the one that covers most."""
    return [
        color_name(color.name, language) + bracket(language, f"{color.hex}, {color.share:.0%}")
        for place, color in enumerate(colors)
        if color.share >= least or place == 0
    ]


def _words(facts: PictureFacts, intent: Intent, language: Language) -> str:
    if intent.task is Task.SIZE:
        return _size(facts, language)
    if intent.task is Task.COLORS:
        return _colors(facts, language, of_part=bool(_part(intent.text)))
    return _quality(facts, language)


def _size(facts: PictureFacts, language: Language) -> str:
    width, height = facts.width_px, facts.height_px
    shared = gcd(width, height) or 1
    ratio = f"{width // shared}:{height // shared}"
    if max(width, height) // shared > 40:
        ratio = f"{width / max(height, 1):.2f}:1"
    shape_en = "landscape" if width > height else "portrait" if height > width else "square"
    shape_zh = "横向" if width > height else "竖向" if height > width else "方形"
    return pick(
        language,
        f"The picture is {width} pixels wide and {height} pixels high ({shape_en}, {ratio}).",
        f"图片宽 {width} 像素，高 {height} 像素（{shape_zh}，{ratio}）。",
    )


def _colors(facts: PictureFacts, language: Language, *, of_part: bool) -> str:
    if facts.is_grey:
        lead = pick(language, "The picture is in shades of grey: ", "图片是灰度的：")
    else:
        lead = pick(language, "The main colours are ", "主要颜色是")
    named = _named_colors(facts.colors, language, least=0.02)
    note = (
        pick(
            language,
            " That is the whole picture: I measure the colour of a part only where I recognise it "
            "and can tell it from the ground.",
            "这是整张图片的颜色：只有认得出、又与背景分得开的物体，我才单独测量它的颜色。",
        )
        if of_part
        else ""
    )
    return lead + join_words(language, named) + pick(language, ".", "。") + note


def _part(question: str) -> str:
    """The thing whose colour is asked for; empty where it is the whole picture's."""
    found = _PART.search(question)
    if found is None or found["part"]:
        return found["part"] if found else ""
    part = _BEFORE_ZH.sub("", found["zh"])
    return "" if _WHOLE_ZH.match(part) else part


def _quality(facts: PictureFacts, language: Language) -> str:
    if facts.is_blank:
        return pick(language, "The picture is blank.", "图片是空白的。")
    light_en, light_zh = "evenly lit", "亮度适中"
    if facts.brightness < _DARK:
        light_en, light_zh = "dark", "偏暗"
    elif facts.brightness > _BRIGHT:
        light_en, light_zh = "bright", "明亮"
    return pick(
        language,
        f"Measured over the whole picture it is {light_en} (brightness {facts.brightness:.2f} "
        f"of 1, "
        f"contrast {facts.contrast:.2f} of 1) with a sharpness of {facts.sharpness:.2f} "
        "(0 is blurred, higher is sharper).",
        f"按整张图片测量：{light_zh}（亮度 {facts.brightness:.2f}，对比度 "
        f"{facts.contrast:.2f}，满分 1），"
        f"清晰度 {facts.sharpness:.2f}（0 为模糊，数值越大越清晰）。",
    )
