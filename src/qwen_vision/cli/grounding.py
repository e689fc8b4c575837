"""Places in an answer: boxes and points as models write them, found and turned into other units."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from qwen_vision.catalogue.model import Coordinates
from qwen_vision.protocol.ocr_tasks import read_result

Unit: TypeAlias = Literal["pixel", "0-1", "0-1000"]
Point: TypeAlias = tuple[float, float]
UNITS: tuple[Unit, ...] = ("pixel", "0-1", "0-1000")

_THOUSAND = 1000.0
_NUMBERS = r"-?\d+(?:\.\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?)+"
# The value of a key is replaced where it stands, so that not another letter of the answer changes.
_JSON_PLACE = re.compile(
    rf'("(?:bbox_2d|bbox|box_2d|point_2d|point)"\s*:\s*\[\s*)({_NUMBERS})(\s*\])'
)
_HTML_PLACE = re.compile(r'(data-bbox=")([-\d. ]+)(")')
_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)
_BOX_KEYS = ("bbox_2d", "bbox", "box_2d")
_POINT_KEYS = ("point_2d", "point")
_NAME_KEYS = ("label", "text_content", "text", "name", "sub_label")


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
    """Something a model pointed at: the corners of a box, or a single point, in original pixels."""

    label: str
    corners: tuple[Point, ...]


def convert_places(text: str, scale: Scale, unit: Unit) -> str:
    """The answer with every box and point in `unit`; nothing else is changed."""

    def number(value: float, axis: int) -> str:
        match unit:
            case "pixel":
                return str(round(scale.pixel(value, axis)))
            case "0-1":
                return f"{scale.share(value, axis):.4f}"
            case "0-1000":
                return str(round(scale.share(value, axis) * _THOUSAND))

    def replaced(separator: str) -> Callable[[re.Match[str]], str]:
        def replace(found: re.Match[str]) -> str:
            values = [float(word) for word in re.findall(r"-?\d+(?:\.\d+)?", found[2])]
            words = [number(value, index % 2) for index, value in enumerate(values)]
            return f"{found[1]}{separator.join(words)}{found[3]}"

        return replace

    return _HTML_PLACE.sub(replaced(" "), _JSON_PLACE.sub(replaced(", "), text))


def find_spots(text: str, scale: Scale) -> list[Spot]:
    """Every box and point in the JSON of an answer, and the lines of a reading task."""
    read = read_result("advanced_recognition", text, size=scale.original)
    if read is not None and read.words_info:
        return [
            Spot(word.text, tuple(zip(word.location[::2], word.location[1::2], strict=True)))
            for word in read.words_info
        ]
    return [spot for value in _values(text) for spot in _spots(value, scale)]


def _values(text: str) -> Iterator[Any]:
    for words in _FENCE.findall(text) or [text]:
        try:
            yield msgspec.json.decode(words)
        except msgspec.DecodeError:
            continue


def _spots(value: Any, scale: Scale) -> Iterator[Spot]:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for one in value:
            yield from _spots(one, scale)
    if not isinstance(value, dict):
        return
    label = next((str(value[key]) for key in _NAME_KEYS if value.get(key)), "")
    for key in (*_BOX_KEYS, *_POINT_KEYS):
        numbers = _numbers(value.get(key), count=4 if key in _BOX_KEYS else 2)
        if numbers:
            yield Spot(label, _corners([scale.pixel(n, i % 2) for i, n in enumerate(numbers)]))
    for key, inside in value.items():
        if key not in (*_BOX_KEYS, *_POINT_KEYS):
            yield from _spots(inside, scale)


def _numbers(value: object, *, count: int) -> list[float]:
    """The numbers of a list of exactly `count` of them; empty for anything else."""
    if not isinstance(value, list) or len(value) != count:
        return []
    found = [float(number) for number in value if isinstance(number, int | float)]
    return found if len(found) == count else []


def _corners(numbers: list[float]) -> tuple[Point, ...]:
    if len(numbers) == 2:
        return ((numbers[0], numbers[1]),)
    left, top, right, bottom = numbers
    return ((left, top), (right, top), (right, bottom), (left, bottom))
