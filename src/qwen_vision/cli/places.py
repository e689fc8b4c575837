"""Finds the places in an answer's JSON, and which of several pictures each is in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import msgspec

BOX_KEYS = ("bbox_2d", "bbox", "box_2d")
POINT_KEYS = ("point_2d", "point")
ROTATED_KEY = "rotate_rect"
# What to add to a question about several pictures, so that its places can be told apart.
ASK_PICTURE = 'Beside each box or point say which picture it is in, as "image": 1 for the first.'

_LENGTHS: Mapping[str, int] = {
    **dict.fromkeys(BOX_KEYS, 4),
    **dict.fromkeys(POINT_KEYS, 2),
    ROTATED_KEY: 5,
}
_NAME_KEYS = ("label", "text_content", "text", "name", "sub_label")
_PICTURE_KEYS = (
    *("image", "picture", "photo", "page", "img", "file", "filename", "file_name", "image_name"),
    *("image_index", "image_id", "image_number", "picture_index", "picture_number"),
)
_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)
_NAMED = re.compile(r"(?:image|picture|photo|page|img|图片|图像|图)[\s_#-]*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A box, a point or a rotated rectangle as it stands in an answer.

    `picture` counts from 0; None when the answer does not say.
    """

    key: str
    numbers: tuple[float, ...]
    label: str
    picture: int | None


@dataclass(frozen=True, slots=True)
class _Search:
    """How the `count` pictures may be named: by number, or by the name of their file."""

    count: int
    names: tuple[str, ...]

    def places(self, value: Any, picture: int | None) -> Iterator[Place]:  # noqa: ANN401 - any JSON
        """Every place inside a JSON value, in the order of its text."""
        if isinstance(value, list):
            apart = picture is None and self.count > 1 and self._is_row(value)
            for index, one in enumerate(value):
                yield from self.places(one, index + 1 if apart else picture)
        if not isinstance(value, dict):
            return
        said = (self.read(value[key]) for key in _PICTURE_KEYS if key in value)
        here = next((number for number in said if number is not None), picture)
        label = next((str(value[key]) for key in _NAME_KEYS if value.get(key)), "")
        for key, inside in value.items():
            if key in _LENGTHS:
                if numbers := _numbers(inside, count=_LENGTHS[key]):
                    yield Place(key, numbers, label, here)
            else:
                named = self.read(key) if isinstance(inside, list | dict) else None
                yield from self.places(inside, here if named is None else named)

    def read(self, said: object) -> int | None:
        """The number of the picture that is named; a model may count from 0 or from 1."""
        if isinstance(said, int) and not isinstance(said, bool):
            return said
        if not isinstance(said, str):
            return None
        if said.isdecimal():
            return int(said)
        name = PurePath(said).name.lower()
        if self.names.count(name) == 1:
            return self.names.index(name) + 1
        found = _NAMED.fullmatch(said.strip())
        return int(found[1]) if found else None

    def heading(self, text: str) -> int | None:
        """The picture that the words before some JSON are about."""
        found = [(match.start(), int(match[1])) for match in _NAMED.finditer(text)]
        lower = text.lower()
        found += [
            (lower.rfind(name), index + 1)
            for index, name in enumerate(self.names)
            if self.names.count(name) == 1
        ]
        place, number = max(found, default=(-1, 0))
        return number if place >= 0 else None

    def _is_row(self, value: list[Any]) -> bool:
        return len(value) == self.count and all(isinstance(one, list) for one in value)


def find_places(text: str, *, count: int, names: Sequence[str] = ()) -> list[Place]:
    """Every place in the JSON of an answer about `count` pictures, in the order of the text.

    A place says its picture itself (`"image": 2`, the name of its file), stands under a key or
    a heading that does, or stands in one of as many blocks or lists as there are pictures.
    """
    search = _Search(count, tuple(PurePath(name).name.lower() for name in names))
    found: list[Place] = []
    values = list(_values(text))
    for index, (heading, value) in enumerate(values):
        picture = index + 1 if len(values) == count else search.heading(heading)
        found += search.places(value, picture)
    if count == 1:
        return [replace(place, picture=0) for place in found]
    # Whoever names a picture 0 counts from there.
    first = 0 if any(place.picture == 0 for place in found) else 1
    return [replace(place, picture=_checked(place.picture, first, count)) for place in found]


def _checked(picture: int | None, first: int, count: int) -> int | None:
    if picture is None or not 0 <= picture - first < count:
        return None
    return picture - first


def _values(text: str) -> Iterator[tuple[str, Any]]:
    """Every JSON value of an answer with the words before it; all of it when it has no fence."""
    fences = list(_FENCE.finditer(text))
    pieces = [("", text)]
    if fences:
        ends = [0, *(fence.end() for fence in fences)]
        pieces = [
            (text[end : fence.start()], fence[1])
            for end, fence in zip(ends[:-1], fences, strict=True)
        ]
    for heading, words in pieces:
        try:
            yield heading, msgspec.json.decode(words)
        except msgspec.DecodeError:
            continue


def _numbers(value: object, *, count: int) -> tuple[float, ...]:
    """The numbers of a list of exactly `count` of them; empty for anything else."""
    if not isinstance(value, list) or len(value) != count:
        return ()
    found = tuple(float(number) for number in value if isinstance(number, int | float))
    return found if len(found) == count else ()
