"""Things: everyday words for the classes of the object detector, English and Chinese."""

import tomllib
from functools import cache
from importlib import resources

import msgspec


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
    lowered = words.lower().strip()
    known = _labels()
    return known.get(lowered, known.get(lowered.removesuffix("s"), frozenset()))


def is_person_word(words: str) -> bool:
    """Whether the words mean people."""
    return "person" in detector_labels(words)
