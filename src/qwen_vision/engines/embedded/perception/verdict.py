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

# What the classifier confirms: nearly every wrong name of the detector stays below.
_CONFIRMED: Final = 0.4
_LIKELY: Final = 0.4
# What it can neither confirm nor deny must be surer, and what it could confirm and does not.
_ALONE: Final = 0.6
_UNCONFIRMED: Final = 0.9
# How sure the classifier must be of another name: of a kind, and of a class among others.
_SURE: Final = 0.6
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
_VEHICLES: Final = frozenset(
    {"bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"}
)
_GROUPS: Final = {
    "animal": _ANIMALS | {"giraffe"},
    "fruit": {"apple", "banana", "orange"},
    "food": _FOOD,
    "vehicle": _VEHICLES,
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
    fitting = counterparts().get(label, ())
    support = float(chances[list(fitting)].sum())
    other = _other(label, chances, names=names, fitting=fitting)
    is_living = label in _ANIMALS | _FOOD
    # A bicycle before which a dog sits is a bicycle still, where the detector is very sure.
    is_before = other is not None and "animal" in other.kinds and not is_living
    if other is not None and not (is_before and confidence >= _UNCONFIRMED):
        return other
    if support >= _CONFIRMED:
        return _own(label) if confidence >= _LIKELY or support >= _CLEARLY else None
    # The classifier knows animals and food too well to miss them.
    is_doubtful = is_living or confidence < _UNCONFIRMED or _is_another(chances, fitting)
    return None if is_doubtful else _own(label)


def _is_another(chances: Scores, fitting: Collection[int]) -> bool:
    """Whether what the classifier sees speaks against the detector's name for a thing."""
    best = int(chances.argmax())
    if "animal" in kinds_of(best):
        # It may stand before the thing; where no class fits the thing, it is taken for one.
        return not fitting
    return bool(chances[best] >= _SURE)


def _other(
    label: str, chances: Scores, *, names: Sequence[str], fitting: Collection[int]
) -> Name | None:
    """Another name that the classifier is sure of: of an animal, or of its like."""
    best = int(chances.argmax())
    kind = narrowest(chances, sure=_SURE)
    if kind is not None and kind.is_animal and not set(kind.classes) & set(fitting):
        is_sure = label in _ANIMALS or kind.chance(chances) >= _CLEARLY
        return _of_kind(kind) if is_sure else None
    # Whatever is food confirms a food, though it is another.
    is_food = label in _FOOD and "food" in kinds_of(best)
    is_vehicle = label in _VEHICLES and best not in fitting and "vehicle" in kinds_of(best)
    is_clear = (is_food or is_vehicle) and chances[best] >= _CLEARLY
    return Name(names[best], kinds_of(best)) if is_clear else None


def _of_kind(kind: Kind) -> Name:
    return Name(kind.word, wider_than(kind))


def _own(label: str) -> Name:
    return Name(label, tuple(word for word, labels in _GROUPS.items() if label in labels))
