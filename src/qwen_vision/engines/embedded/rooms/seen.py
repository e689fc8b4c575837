"""Seen: words for things, scenes, shapes and plants that are seen in a picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.facts import ObjectSeen, PictureFacts, Rounds, SceneSeen
from qwen_vision.engines.embedded.language import Language, join_words, pick
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.things import is_meant, object_name, scene_words
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.media.items import Image

_PARTS: Final = 3
# Less may be a green thing among others.
_LEAFY: Final = 0.3
# From here on a picture surely shows one thing, and parts of it are taken for others.
_ONE_THING: Final = 0.8
# Animals that the classifier has no class for: it takes them for another.
_UNLIKE_ANY: Final = frozenset({"giraffe"})


@dataclass(frozen=True, slots=True)
class Looks:
    """What a picture as a whole, and parts of it, look like."""

    whole: SceneSeen | None
    parts: tuple[SceneSeen, ...]


async def look_of(scene: Scene, image: Image) -> Looks:
    """What the picture and its parts look like, as far as the objects in it agree."""
    objects = await scene.eyes.objects(image) or ()
    whole = believed(await scene.eyes.scene(image), objects)
    is_one_thing = whole is not None and whole.confidence >= _ONE_THING
    return looks_of(whole, () if is_one_thing else await scene.eyes.parts(image))


def believed(whole: SceneSeen | None, objects: Sequence[ObjectSeen]) -> SceneSeen | None:
    """What the picture looks like, unless the objects in it say that it can not be."""
    is_animal = whole is not None and "animal" in whole.kinds
    is_other = is_animal and any(thing.label in _UNLIKE_ANY for thing in objects)
    return None if is_other else whole


def looks_of(whole: SceneSeen | None, parts: Sequence[SceneSeen]) -> Looks:
    """The whole, and the parts that are more than a narrower or a wider name for it."""
    said = {whole.label, *whole.kinds} if whole else set[str]()
    label = whole.label if whole else ""
    return Looks(
        whole,
        tuple(part for part in parts if part.label not in said and label not in part.kinds),
    )


def look_words(looks: Looks, objects: Sequence[ObjectSeen], language: Language) -> str:
    """What the picture and its parts look like, without what the objects said already."""
    told = {thing.label for thing in objects}
    words = []
    if looks.whole is not None and not _is_told(looks.whole, objects):
        name = scene_words(looks.whole, language)
        words.append(
            pick(language, f"As a whole it looks like: {name}.", f"整体看起来像：{name}。")
        )
    parts = [scene_words(part, language) for part in looks.parts if part.label not in told][:_PARTS]
    if parts:
        named = join_words(language, parts)
        words.append(pick(language, f"Parts of it look like: {named}.", f"局部看起来像：{named}。"))
    return "\n\n".join(words)


def _is_told(whole: SceneSeen, objects: Sequence[ObjectSeen]) -> bool:
    """Whether the objects said it already, or it is but one of several of them."""
    names = (whole.label, *whole.kinds)
    is_among = any(is_meant(name, thing) for name in names for thing in objects)
    several = len({thing.label for thing in objects}) > 1
    return (is_among and several) or any(thing.label == whole.label for thing in objects)


def object_words(objects: Sequence[ObjectSeen] | None, language: Language) -> str:
    """The objects found, or the one note that none could be looked for."""
    if objects is None:
        return pick(
            language,
            "I can't see objects, people or scenery with what is installed here. For common "
            "objects: pip install 'qwen-vision[objects]'. " + way_out("en"),
            "以目前安装的组件，我看不出物体、人物或场景。识别常见物体可安装："
            "pip install 'qwen-vision[objects]'。" + way_out("zh"),
        )
    if not objects:
        return ""
    words = counted_things(objects, language)
    return pick(
        language,
        f"Objects I recognise: {join_words('en', words)}.",
        f"我认出的物体：{join_words('zh', words)}。",
    )


def counted_things(objects: Sequence[ObjectSeen], language: Language) -> list[str]:
    """What objects are called, each kind once with its number."""
    counts = Counter(item.label for item in objects)
    return [
        f"{count} × " * (count > 1) + object_name(label, language)
        for label, count in counts.items()
    ]


def brief_words(objects: Sequence[ObjectSeen], looks: Looks, language: Language) -> str:
    """The same as a part of a sentence; empty where nothing was seen."""
    if objects:
        named = join_words(language, counted_things(objects, language))
        return pick(language, f", showing {named}", f"，可见{named}")
    if looks.whole is None:
        return ""
    name = scene_words(looks.whole, language)
    return pick(language, f", looking like {name}", f"，看起来像{name}")


def round_words(rounds: Rounds, language: Language) -> str:
    """How many separate shapes there are, and what they could be."""
    count = len(rounds.boxes)
    return pick(
        language,
        f"I count {count} separate shapes on an even ground, {rounds.round_ones} of them clearly "
        "round: coins, buttons, pills or the like. Which, I can't tell.",
        f"背景均匀，共有 {count} 个独立的形状，其中 {rounds.round_ones} 个明显是圆的："
        "可能是硬币、纽扣、药片之类，我分辨不出是哪一种。",
    )


def plant_words(facts: PictureFacts, language: Language) -> str:
    """How much of the picture could be plants; empty where it is little."""
    if facts.leafy < _LEAFY:
        return ""
    return pick(
        language,
        f"About {facts.leafy:.0%} of it has the green and the texture of plants: leaves, grass or "
        "the like. Which, I can't tell.",
        f"约 {facts.leafy:.0%} 的画面有植物的绿色和纹理：可能是树叶、草之类，我分辨不出是哪一种。",
    )
