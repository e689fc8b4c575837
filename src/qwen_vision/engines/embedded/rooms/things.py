"""Things: everyday words for the classes of the object detector and the scene classifier."""

import tomllib
from functools import cache
from importlib import resources

import msgspec


def _listed(name: str) -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, list[str]])


@cache
def _scenes() -> dict[str, str]:
    return {label: word for word, names in _listed("scenes.toml").items() for label in names}


def scene_words(label: str) -> str:
    """The name of a whole picture, with the everyday word for it: `alp (mountain)`."""
    word = _scenes().get(label, "")
    return f"{label} ({word})" if word and word not in label.lower().split() else label


@cache
def _labels() -> dict[str, frozenset[str]]:
    words = _listed("things.toml")
    labels: dict[str, frozenset[str]] = {}
    for label, names in words.items():
        for name in names:
            labels[name] = labels.get(name, frozenset()) | {label}
    return labels


def detector_labels(words: str) -> frozenset[str]:
    """Detector classes that everyday words mean; empty when it has no such class."""
    lowered = words.lower().strip()
    known = _labels()
    return known.get(lowered, known.get(lowered.removesuffix("s"), frozenset()))


def is_person_word(words: str) -> bool:
    """Whether the words mean people."""
    return "person" in detector_labels(words)
