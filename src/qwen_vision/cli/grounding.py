"""Places in an answer: boxes, points and turned lines, found for drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from qwen_vision.cli.places import ROTATED_KEY, Place, find_places
from qwen_vision.protocol.ocr_tasks import read_result
from qwen_vision.protocol.places import Scale

Point: TypeAlias = tuple[float, float]


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
    pages = [scale.page for scale in scales]
    return [
        Spot(place.label, _corners(place, scales[place.picture or 0]), place.picture)
        for place in find_places(text, pages=pages, names=names)
    ]


def _corners(place: Place, scale: Scale) -> tuple[Point, ...]:
    if place.key == ROTATED_KEY:
        return _line(place, scale)
    numbers = [scale.pixel(number, index % 2) for index, number in enumerate(place.numbers)]
    if len(numbers) == 2:
        return ((numbers[0], numbers[1]),)
    left, top, right, bottom = numbers
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _line(place: Place, scale: Scale) -> tuple[Point, ...]:
    """The corners of a turned line, read as the answer of a reading task is."""
    # Lines are told in thousandths by every family.
    unit = "0-1000" if scale.space == "resized" else scale.space
    answer = msgspec.json.encode([{ROTATED_KEY: place.numbers, "text": ""}]).decode()
    read = read_result("advanced_recognition", answer, size=scale.original, unit=unit)
    words = (read.words_info or ()) if read is not None else ()
    location = [number for word in words for number in word.location]
    return tuple(zip(location[::2], location[1::2], strict=True))
