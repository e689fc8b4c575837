"""Verdict: what a thing is, where the detector and the classifier both looked at it.

The detector knows eighty classes and takes a pig for a dog; the classifier knows a thousand and
looks at the box alone. A name is told when they agree, or when one of them is sure and the other
can not know the thing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.perception.arrays import Scores
from qwen_vision.engines.embedded.perception.kinds import (
    Kind,
    counterparts,
    kinds_of,
    narrowest,
    wider_than,
)

# A box that may hold something: below this even a sure classifier names the ground.
MAYBE: Final = 0.3
_SURE: Final = 0.5
_LIKELY: Final = 0.4
# What the classifier can neither confirm nor deny must be surer.
_ALONE: Final = 0.6
_UNCONFIRMED: Final = 0.9
_CONFIRMED: Final = 0.2
_CLEARLY: Final = 0.7
# The classifier has no class for these and takes them for what they wear, hold or resemble.
_UNKNOWN: Final = frozenset({"person", "giraffe"})
_ANIMALS: Final = frozenset(
    {"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra"}
)
_FOOD: Final = frozenset(
    {
        "banana",
        "apple",
        "sandwich",
        "orange",
        "broccoli",
        "carrot",
        "hot dog",
        "pizza",
        "donut",
        "cake",
    }
)
_GROUPS: Final = {
    "animal": _ANIMALS | {"giraffe"},
    "fruit": {"apple", "banana", "orange"},
    "food": _FOOD,
    "vehicle": {
        "bicycle",
        "car",
        "motorcycle",
        "airplane",
        "bus",
        "train",
        "truck",
        "boat",
    },
    "furniture": {"bench", "chair", "couch", "bed", "dining table"},
}


@dataclass(frozen=True, slots=True)
class Name:
    """What a thing is called and the wider words that hold for it."""

    label: str
    kinds: tuple[str, ...]


def is_checked(label: str) -> bool:
    """Whether the classifier has a say about what the detector calls so."""
    return label not in _UNKNOWN


def name_alone(label: str, confidence: float) -> Name | None:
    """The name of a thing that only the detector looked at; None when it is unsure."""
    return _own(label) if confidence >= _ALONE else None


def name_checked(
    label: str, confidence: float, *, chances: Scores, names: Sequence[str]
) -> Name | None:
    """The name of a thing that both looked at; None when it could be anything.

    `chances` are the classifier's for the box; `names` those of its classes.
    """
    fitting = counterparts().get(label)
    support = float(chances[list(fitting)].sum()) if fitting else 0.0
    other = _other(label, chances, names=names, fitting=fitting or ())
    # A bicycle before which a dog sits is a bicycle still, where the detector is very sure.
    if other is not None and (label in _ANIMALS | _FOOD or confidence < _UNCONFIRMED):
        return other
    if support >= _CONFIRMED:
        return _own(label) if confidence >= _LIKELY or support >= _CLEARLY else None
    return _own(label) if confidence >= (_UNCONFIRMED if fitting else _CLEARLY) else None


def _other(
    label: str, chances: Scores, *, names: Sequence[str], fitting: Collection[int]
) -> Name | None:
    """Another name that the classifier is sure of: of an animal, or of food for food."""
    best = int(chances.argmax())
    kind = narrowest(chances, sure=_SURE)
    if kind is not None and kind.is_animal and not set(kind.classes) & set(fitting):
        is_sure = label in _ANIMALS or kind.chance(chances) >= _CLEARLY
        return _of_kind(kind) if is_sure else None
    if label in _FOOD and chances[best] >= _CLEARLY and "food" in kinds_of(best):
        return Name(names[best], kinds_of(best))
    return None


def _of_kind(kind: Kind) -> Name:
    return Name(kind.word, wider_than(kind))


def _own(label: str) -> Name:
    return Name(label, tuple(word for word, labels in _GROUPS.items() if label in labels))
