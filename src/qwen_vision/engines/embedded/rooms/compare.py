"""Compare: what differs between pictures: likeness, size, text, objects and changed places."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from difflib import SequenceMatcher
from itertools import combinations, pairwise
from typing import Final

from qwen_vision.engines.embedded.facts import Difference, ObjectSeen, Reading, Region
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import bracket, join_words, shorten
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.describe import color_name
from qwen_vision.engines.embedded.rooms.things import object_name
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image
from qwen_vision.protocol.receipt import Evidence

_SHOWN: Final = 8
# Of so many pictures at most every two are compared; so alike they are the same but for noise.
_MOST_TOLD_APART, _ALIKE = 6, 0.995
# A word; of Chinese and Japanese, which leave no space between words, each character.
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")


async def compare(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    """Each picture against the one before it."""
    if len(scene.images) < 2:
        yield Say(
            scene.say(
                "There is only one picture here; send two or more and I compare them.",
                "这里只有一张图片，请发送两张或更多图片，我来比较。",
            )
        )
        return
    if len(scene.images) > 2:
        yield Say(await _odd_one(scene))
    for place, (first, second) in enumerate(pairwise(scene.images)):
        if place:
            yield Say("\n\n")
        if len(scene.images) > 2:
            one, two = first[0] + 1, second[0] + 1
            yield Say(scene.say(f"Pictures {one} and {two}:\n", f"图片 {one} 和图片 {two}：\n"))
        async for step in _pair(scene, first, second):
            yield step


async def _odd_one(scene: Scene) -> str:
    """Which one picture differs from all the others, which are alike; empty if there is none."""
    images = [image for _, image in scene.images]
    likeness = {
        (one, other): (await scene.eyes.differ(images[one], images[other])).likeness
        for one, other in combinations(range(min(len(images), _MOST_TOLD_APART)), 2)
    }
    for odd, (index, _) in enumerate(scene.images):
        others = [alike for pair, alike in likeness.items() if odd not in pair]
        own = [alike for pair, alike in likeness.items() if odd in pair]
        if own and others and min(others) >= _ALIKE > max(own):
            return scene.say(
                f"Picture {index + 1} differs from the others, which are alike.\n\n",
                f"第 {index + 1} 张与其他图片不同，其余的相同。\n\n",
            )
    return ""


async def _pair(
    scene: Scene, first: tuple[int, Image], second: tuple[int, Image]
) -> AsyncIterator[Step]:
    found = await scene.eyes.differ(first[1], second[1])
    yield Thought(
        f"Compared pixels: likeness {found.likeness:.2f}, "
        f"{'aligned' if found.aligned else 'not aligned'}, regions changed: {len(found.regions)}."
    )
    if found.identical:
        yield Say(scene.say("The two pictures are identical.", "两张图片完全相同。"))
        return
    yield Say(_likeness(scene, found))
    made = _made(scene, found)
    if made:
        yield Say("\n" + made)
    if found.first_px != found.second_px:
        (w1, h1), (w2, h2) = found.first_px, found.second_px
        yield Say(
            scene.say(
                f"\nSize: the first is {w1} × {h1} pixels, the second {w2} × {h2}.",
                f"\n尺寸：第一张 {w1} × {h1} 像素，第二张 {w2} × {h2} 像素。",
            )
        )
    one, two = await scene.eyes.read(first[1]), await scene.eyes.read(second[1])
    yield Thought(f"Read {len(one.rows)} and {len(two.rows)} lines of text.")
    yield Say("\n" + _text(scene, one, two))
    objects = _objects(
        scene, await scene.eyes.objects(first[1]), await scene.eyes.objects(second[1])
    )
    if objects:
        yield Say("\n" + objects)
    for region in found.regions[:_SHOWN]:
        yield Proof(Evidence("difference", first[0], box=whole_box(region.box)))
    if found.regions:
        yield Say("\n" + _regions(scene, found, first[1]))


def _likeness(scene: Scene, found: Difference) -> str:
    percent = f"{found.likeness:.0%}"
    if found.aligned:
        return scene.say(
            f"The two pictures show the same view; they are {percent} alike.",
            f"两张图片是同一画面，相似度 {percent}。",
        )
    return scene.say(
        f"The two pictures show different views; they are {percent} alike.",
        f"两张图片画面不同，相似度 {percent}。",
    )


def _made(scene: Scene, found: Difference) -> str:
    """What was done to the whole first picture to make the second: turned, cut, lit."""
    changes = []
    if found.mirrored:
        changes.append(scene.say("mirrored", "左右镜像"))
    if found.turn_deg:
        way = {90: ("90° clockwise", "顺时针旋转 90°"), 180: ("180°", "旋转 180°")}.get(
            found.turn_deg, ("90° anticlockwise", "逆时针旋转 90°")
        )
        changes.append(scene.say(f"rotated by {way[0]}", way[1]))
    if found.made_grey:
        changes.append(scene.say("without its colours, in shades of grey", "去掉颜色（灰度）"))
    if found.gain != 1:
        lighter = found.gain > 1
        changes.append(
            scene.say(
                f"made {'brighter' if lighter else 'darker'} ({found.gain:.2f} times the light)",
                f"{'变亮' if lighter else '变暗'}（亮度约为 {found.gain:.2f} 倍）",
            )
        )
    shown = {
        "part": scene.say("cropped: it shows only a part of the first", "裁剪，只有第一张的一部分"),
        "more": scene.say(
            "wider: the first is only a part of it", "范围更大，第一张只是其中一部分"
        ),
        "beside": scene.say("shifted: it shows a part of the first and more beside", "有所平移"),
        "all": "",
    }[found.shown]
    changes += [shown] if shown else []
    if not changes:
        return ""
    return scene.say(
        f"The second is the first {join_words('en', changes)}.",
        f"第二张是第一张{join_words('zh', changes)}。",
    )


def _recolored(scene: Scene, region: Region) -> str:
    """That a place has another colour now; empty where none prevails or it is the same."""
    if not region.before or not region.after or region.before == region.after:
        return ""
    before, after = (color_name(name, scene.language) for name in (region.before, region.after))
    return scene.say(f" from {before} to {after}", f"从{before}变为{after}")


def _text(scene: Scene, first: Reading, second: Reading) -> str:
    one = [row for row in first.text.split("\n") if row]
    two = [row for row in second.text.split("\n") if row]
    if not one and not two:
        return scene.say("Neither holds any text.", "两张图片都没有文字。")
    if one == two:
        return scene.say(
            f"Their text is the same ({len(one)} lines).", f"文字相同（{len(one)} 行）。"
        )
    share = f"{_same_words(first.text, second.text):.0%}"
    lines = [
        scene.say(
            f"Text that differs ({share} of the words are the same):",
            f"文字的差别（{share} 的词相同）：",
        )
    ]
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        before, after = " / ".join(one[a:b]), " / ".join(two[c:d])
        lines.append(_change(scene, shorten(before), shorten(after)))
    if len(lines) > _SHOWN + 1:
        more = len(lines) - 1 - _SHOWN
        lines = [*lines[: _SHOWN + 1], scene.say(f"- and {more} more", f"- 另有 {more} 处")]
    return "\n".join(lines)


def _same_words(one: str, other: str) -> float:
    """The share of the words of two texts that stand in both; 1 where neither has any."""
    first, second = (Counter(_WORD.findall(text.casefold())) for text in (one, other))
    every = first.total() + second.total()
    return 2 * (first & second).total() / every if every else 1.0


def _change(scene: Scene, before: str, after: str) -> str:
    if not before:
        return scene.say(f"- only in the second: “{after}”", f"- 只在第二张中：“{after}”")
    if not after:
        return scene.say(f"- only in the first: “{before}”", f"- 只在第一张中：“{before}”")
    return scene.say(f"- “{before}” became “{after}”", f"- “{before}”变为“{after}”")


def _objects(
    scene: Scene, first: tuple[ObjectSeen, ...] | None, second: tuple[ObjectSeen, ...] | None
) -> str:
    if first is None or second is None:
        return ""
    one, two = (Counter(thing.label for thing in things) for things in (first, second))
    if one == two:
        return ""
    words = [
        f"{object_name(label, scene.language)} {one[label]} → {two[label]}"
        for label in one | two
        if one[label] != two[label]
    ]
    return scene.say("Objects: ", "物体：") + ", ".join(words) + scene.say(".", "。")


def _regions(scene: Scene, found: Difference, image: Image) -> str:
    places = []
    for region in found.regions[:_SHOWN]:
        left, top, right, bottom = whole_box(region.box)
        words = place_words(region.box, image.original, scene.language)
        corners = f"{left}, {top}, {right}, {bottom}"
        places.append(words + bracket(scene.language, corners) + _recolored(scene, region))
    count = len(found.regions)
    return (
        scene.say(
            f"{count} {'place' if count == 1 else 'places'} changed, boxes in pixels of the "
            f"first: ",
            f"有 {count} 处变化（框为第一张图片的像素坐标）：",
        )
        + join_words(scene.language, places)
        + scene.say(".", "。")
    )
