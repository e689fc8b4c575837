"""Things: everyday words for the classes of the object detector and the scene classifier."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from qwen_vision.engines.embedded.facts import ObjectSeen, SceneSeen
from qwen_vision.engines.embedded.language import Language, pick
from qwen_vision.engines.embedded.perception.kinds import kinds

# Words that tell so little that a name needs them only where nothing else explains it.
_WIDE: Final = frozenset({"animal", "vehicle", "food", "musical instrument", "open landscape"})
# Other names of what the detector calls so, true of each such thing.
_ALSO: Final = {
    "apple": "fruit",
    "banana": "fruit",
    "cell phone": "phone",
    "couch": "sofa",
    "cup": "or mug",
    "dining table": "table",
    "orange": "fruit",
    "potted plant": "plant in a pot",
    "refrigerator": "fridge",
    "sports ball": "ball",
    "tv": "or another screen",
}


def scene_words(seen: SceneSeen, language: Language) -> str:
    """The name of what a picture looks like, with everyday words for it: `alp (mountain)`."""
    told = [kind for kind in seen.kinds if kind not in _WIDE] or list(seen.kinds)
    if language == "zh":
        return _chinese_words(seen.label, told)
    # The narrowest and the widest word say enough: `drake (duck, bird)`.
    said = list(dict.fromkeys([*told[:1], *told[-1:]]))
    named = set(seen.label.lower().split())
    words = [word for word in said if not set(word.split()) - {"or"} <= named]
    return f"{seen.label} ({', '.join(words)})" if words else seen.label


def _chinese_words(label: str, told: list[str]) -> str:
    """The Chinese name, or that of the narrowest kind beside the English one: 鸭子（drake）."""
    known = _chinese()
    if label in known or not told:
        return known.get(label, label)
    return f"{known[told[0]]}（{label}）"


def object_name(label: str, language: Language) -> str:
    """What a found object is called, with another name that always holds for it."""
    if language == "zh":
        return _chinese().get(label, label)
    also = _ALSO.get(label, "")
    if also.startswith("or "):
        return f"{label} {also}"
    return f"{label} ({also})" if also else label


def named_things(labels: Sequence[str], language: Language) -> str:
    """What found objects are called, as a list."""
    return pick(language, ", ", "、").join(object_name(label, language) for label in labels)


@cache
def _chinese() -> dict[str, str]:
    text = resources.files(__package__).joinpath("things_zh.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, str])


@cache
def _labels() -> dict[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("things.toml").read_text("utf-8")
    words = msgspec.convert(tomllib.loads(text), dict[str, list[str]])
    labels: dict[str, frozenset[str]] = {}
    for label, names in words.items():
        for name in names:
            labels[name] = labels.get(name, frozenset()) | {label}
    return labels


def detector_labels(words: str) -> frozenset[str]:
    """Detector classes that everyday words mean; empty when it has no such class."""
    known = _labels()
    return frozenset().union(
        *(known.get(mark + form, frozenset()) for form in _forms(words) for mark in ("", "<"))
    )


def is_narrower(words: str) -> bool:
    """Whether the words mean only some of what the detector's class holds: man, puppy."""
    known = _labels()
    forms = _forms(words)
    return any("<" + form in known for form in forms) and not any(f in known for f in forms)


def is_kind(words: str) -> bool:
    """Whether the classifier has a word for it: it notices one that fills much of a picture."""
    return any(_is_called(words, kind.word) for kind in kinds())


def is_meant(words: str, seen: ObjectSeen | SceneSeen) -> bool:
    """Whether everyday words hold for something seen."""
    return any(_is_called(words, name) for name in (seen.label, *seen.kinds))


def is_person_word(words: str) -> bool:
    """Whether the words mean people."""
    return "person" in detector_labels(words)


def _is_called(words: str, name: str) -> bool:
    """Whether words are a name in English or in Chinese."""
    return _means(words, name) or words.strip() in _chinese().get(name, name).split("或")


def _means(words: str, name: str) -> bool:
    """Whether words are a name, one of its alternatives, or what its last words say."""
    forms = _forms(words)
    return any(
        choice in forms or any(choice.endswith(" " + form) for form in forms)
        for choice in name.lower().split(" or ")
    )


def _forms(words: str) -> tuple[str, ...]:
    """The words and what they could be the plural of."""
    lowered = words.lower().strip()
    forms = [lowered, lowered.removesuffix("s")]
    if lowered.endswith("es"):
        forms.append(lowered[:-2])
    if lowered.endswith("ies"):
        forms.append(lowered[:-3] + "y")
    if lowered.endswith("ves"):
        forms.append(lowered[:-3] + "f")
    return tuple(dict.fromkeys(forms))
