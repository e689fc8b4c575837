"""Places in an answer: boxes and points as models write them, found for drawing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from qwen_vision.protocol.ocr_tasks import read_result
from qwen_vision.protocol.places import Scale

Point: TypeAlias = tuple[float, float]

_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)
_BOX_KEYS = ("bbox_2d", "bbox", "box_2d")
_POINT_KEYS = ("point_2d", "point")
_NAME_KEYS = ("label", "text_content", "text", "name", "sub_label")


@dataclass(frozen=True, slots=True)
class Spot:
    """Something a model pointed at: the corners of a box, or a single point, in original pixels."""

    label: str
    corners: tuple[Point, ...]


def find_spots(text: str, scale: Scale) -> list[Spot]:
    """Every box and point in the JSON of an answer, and the lines of a reading task."""
    # Lines are told in thousandths by every family.
    unit = "0-1000" if scale.space == "resized" else scale.space
    read = read_result("advanced_recognition", text, size=scale.original, unit=unit)
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
