"""Kinds: everyday words for what the classifier sees, by the chances of all that they cover.

A word such as `dog` covers many classes; its chance is the sum of theirs, so a picture is surely
of a dog where no breed is sure.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    # numpy takes .1 s to load: those who only need the words do without.
    from qwen_vision.engines.embedded.perception.arrays import Scores

Sections: TypeAlias = dict[str, dict[str, str]]

# So wide that they tell little: they are told only when nothing narrower holds.
_WIDE: Final = frozenset({"animal", "vehicle", "food", "musical instrument", "open landscape"})


@dataclass(frozen=True, slots=True)
class Kind:
    """An everyday word and the numbers of the classes it covers."""

    word: str
    classes: tuple[int, ...]
    is_animal: bool

    @property
    def is_wide(self) -> bool:
        """Whether the word tells little of what is there."""
        return self.word in _WIDE

    def chance(self, chances: "Scores") -> float:
        """The chance, 0 to 1, that the word holds."""
        return float(chances[list(self.classes)].sum())


@cache
def _sections() -> Sections:
    text = resources.files(__package__).joinpath("kinds.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Sections)


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds, the narrowest first."""
    found = [
        Kind(word, tuple(sorted(_numbers(listed))), section == "animals")
        for section in ("animals", "things")
        for word, listed in _sections()[section].items()
    ]
    return tuple(sorted(found, key=lambda kind: len(kind.classes)))


def kinds_of(number: int) -> tuple[str, ...]:
    """The words that hold for a class, the narrowest first."""
    return tuple(kind.word for kind in kinds() if number in kind.classes)


def wider_than(kind: Kind) -> tuple[str, ...]:
    """The words that hold for all that a kind covers, itself first."""
    covered = set(kind.classes)
    return tuple(other.word for other in kinds() if covered <= set(other.classes))


def narrowest(chances: "Scores", *, sure: float, wide_sure: float = 2.0) -> Kind | None:
    """The narrowest kind that is so sure; wide kinds must be `wide_sure`."""
    for kind in kinds():
        if kind.chance(chances) >= (wide_sure if kind.is_wide else sure):
            return kind
    return None


@cache
def counterparts() -> dict[str, tuple[int, ...]]:
    """The classes that fit a thing the detector names, by the detector's name."""
    by_word = {kind.word: kind.classes for kind in kinds()}
    return {
        label: tuple(
            sorted({number for part in listed.split(", ") for number in _fitting(part, by_word)})
        )
        for label, listed in _sections()["detector"].items()
    }


def _fitting(part: str, by_word: dict[str, tuple[int, ...]]) -> set[int]:
    return set(by_word[part]) if part in by_word else _numbers(part)
