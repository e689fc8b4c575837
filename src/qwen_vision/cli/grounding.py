"""Places in an answer: boxes and points as models write them, turned into other units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET

from qwen_vision.catalogue.model import Coordinates
from qwen_vision.cli.places import BOX_KEYS, POINT_KEYS, ROTATED_KEY, Place, find_places
from qwen_vision.protocol.ocr_tasks import WordInfo, read_result

Unit: TypeAlias = Literal["pixel", "0-1", "0-1000"]
Point: TypeAlias = tuple[float, float]
UNITS: tuple[Unit, ...] = ("pixel", "0-1", "0-1000")

_THOUSAND = 1000.0
_NUMBER = r"-?\d+(?:\.\d+)?"
_NUMBERS = rf"{_NUMBER}(?:\s*,\s*{_NUMBER})+"
_KEYS = "|".join((*BOX_KEYS, *POINT_KEYS, ROTATED_KEY))
# The value of a key is replaced where it stands, so that not another letter of the answer changes.
_JSON_PLACE = re.compile(rf'("({_KEYS})"\s*:\s*\[\s*)({_NUMBERS})(\s*\])')
_HTML_PLACE = re.compile(r'(data-bbox=")([-\d. ]+)(")')


@dataclass(frozen=True, slots=True)
class Scale:
    """How a model counts on one picture: `original` and `seen` are width and height in pixels."""

    coordinates: Coordinates
    original: tuple[int, int]
    seen: tuple[int, int]

    def share(self, value: float, axis: int) -> float:
        """A model's number as a share of the picture's width (axis 0) or height (axis 1)."""
        whole = self.seen[axis] if self.coordinates == "resized" else _THOUSAND
        return value / whole

    def pixel(self, value: float, axis: int) -> float:
        """A model's number in pixels of the original."""
        return self.share(value, axis) * self.original[axis]


@dataclass(frozen=True, slots=True)
class Spot:
    """Something a model pointed at, in pixels of the original of picture `picture` (from 0).

    `corners` are those of a box, or a single point; `picture` is None when the answer does not
    say which of several pictures is meant.
    """

    label: str
    corners: tuple[Point, ...]
    picture: int | None


def find_spots(text: str, scales: Sequence[Scale], *, names: Sequence[str] = ()) -> list[Spot]:
    """Every box, point and line of a reading task in the JSON of an answer.

    `scales` has one for each picture, `names` what the user calls them.
    """
    spots = []
    for place in find_places(text, count=len(scales), names=names):
        scale = scales[place.picture or 0]
        spots.append(Spot(place.label, _corners(place, scale), place.picture))
    return spots


def convert_places(
    text: str, scales: Sequence[Scale], unit: Unit, *, names: Sequence[str] = ()
) -> tuple[str, int]:
    """The answer with every place in `unit`, nothing else changed, and how many were left alone.

    A place that does not say which picture it is in is left as it is, unless every picture
    would give the same numbers.
    """
    places = find_places(text, count=len(scales), names=names)
    same = len(set(scales)) == 1 or (unit != "pixel" and _is_relative(scales))
    left_alone = 0

    def scale_of(picture: int | None) -> Scale | None:
        nonlocal left_alone
        if picture is not None or same:
            return scales[picture or 0]
        left_alone += 1
        return None

    def json_place(found: re.Match[str]) -> str:
        numbers = [float(word) for word in re.findall(_NUMBER, found[3])]
        scale = scale_of(_taken(places, found[2], numbers))
        if scale is None:
            return found[0]
        if found[2] == ROTATED_KEY:
            return f"{found[1]}{', '.join(_rotated(numbers, scale, unit))}{found[4]}"
        words = [_number(value, index % 2, scale, unit=unit) for index, value in enumerate(numbers)]
        return f"{found[1]}{', '.join(words)}{found[4]}"

    def html_place(found: re.Match[str]) -> str:
        scale = scale_of(None)
        if scale is None:
            return found[0]
        numbers = [float(word) for word in re.findall(_NUMBER, found[2])]
        words = [_number(value, index % 2, scale, unit=unit) for index, value in enumerate(numbers)]
        return f"{found[1]}{' '.join(words)}{found[3]}"

    return _HTML_PLACE.sub(html_place, _JSON_PLACE.sub(json_place, text)), left_alone


def _is_relative(scales: Sequence[Scale]) -> bool:
    return all(scale.coordinates == "relative" for scale in scales)


def _taken(places: list[Place], key: str, numbers: list[float]) -> int | None:
    """The picture of the next place with these numbers; places stand in the order of the text."""
    for index, place in enumerate(places):
        if place.key == key and list(place.numbers) == numbers:
            del places[: index + 1]
            return place.picture
    return None


def _number(value: float, axis: int, scale: Scale, *, unit: Unit) -> str:
    match unit:
        case "pixel":
            return str(round(scale.pixel(value, axis)))
        case "0-1":
            return f"{scale.share(value, axis):.4f}"
        case "0-1000":
            return str(round(scale.share(value, axis) * _THOUSAND))


def _rotated(numbers: Sequence[float], scale: Scale, unit: Unit) -> list[str]:
    """A rotated rectangle in a unit; its angle stays. It is in thousandths for every model."""
    plain = [f"{number:g}" for number in numbers]
    if len(numbers) != 5 or unit == "0-1000":
        return plain
    if unit == "0-1":
        return [*(f"{number / _THOUSAND:.4f}" for number in numbers[:4]), plain[4]]
    return [*map(str, _line(numbers, scale).rotate_rect[:4]), plain[4]]


def _corners(place: Place, scale: Scale) -> tuple[Point, ...]:
    if place.key == ROTATED_KEY:
        location = _line(place.numbers, scale).location
        return tuple(zip(location[::2], location[1::2], strict=True))
    numbers = [scale.pixel(number, index % 2) for index, number in enumerate(place.numbers)]
    if len(numbers) == 2:
        return ((numbers[0], numbers[1]),)
    left, top, right, bottom = numbers
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _line(rectangle: Sequence[float], scale: Scale) -> WordInfo:
    """A rotated rectangle of five numbers in pixels, as the native dialect tells it."""
    answer = msgspec.json.encode([{ROTATED_KEY: list(rectangle), "text": ""}]).decode()
    read = read_result("advanced_recognition", answer, size=scale.original)
    if read is None or read.words_info is UNSET:
        raise AssertionError("five numbers are a rectangle")
    return read.words_info[0]
