"""Finds the places in an answer's JSON, and which of several pictures each is in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import msgspec

_BOX_KEYS = ("bbox_2d", "bbox", "box_2d", "box")
_POINT_KEYS = ("point_2d", "point")
ROTATED_KEY = "rotate_rect"
# What to add to a question about several pictures, so that its places can be told apart.
ASK_PICTURE = 'Beside each box or point say which picture it is in, as "image": 1 for the first.'

_LENGTHS: Mapping[str, int] = {
    **dict.fromkeys(_BOX_KEYS, 4),
    **dict.fromkeys(_POINT_KEYS, 2),
    ROTATED_KEY: 5,
}
_NAME_KEYS = ("label", "text_content", "text", "name", "sub_label")
_ZERO_BASED_KEYS = ("image_index", "picture_index")
_ONE_BASED_KEYS = (
    *("image", "picture", "photo", "img", "image_number", "picture_number", "image_id"),
    *("file", "filename", "file_name", "image_name"),
)
_PAGE_KEYS = ("page", "page_number")
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
    """How the pictures may be named: by number, by page, or by the name of their file."""

    pages: tuple[int | None, ...]
    names: tuple[str, ...]

    def places(self, value: Any, picture: int | None) -> Iterator[Place]:  # noqa: ANN401 - any JSON
        """Every place inside a JSON value, in the order of its text."""
        if isinstance(value, list):
            apart = picture is None and len(self.pages) > 1 and self._is_row(value)
            for index, one in enumerate(value):
                yield from self.places(one, index + 1 if apart else picture)
        if not isinstance(value, dict):
            return
        here = self._said(value, picture)
        label = next((str(value[key]) for key in _NAME_KEYS if value.get(key)), "")
        for key, inside in value.items():
            if key in _LENGTHS:
                if numbers := _numbers(inside, count=_LENGTHS[key]):
                    yield Place(key, numbers, label, here)
            else:
                named = self.read(key) if isinstance(inside, list | dict) else None
                yield from self.places(inside, here if named is None else named)

    def _said(self, value: Mapping[str, object], picture: int | None) -> int | None:
        """The number of the picture an object says it is about, or else that of what holds it."""
        for key in (*_ZERO_BASED_KEYS, *_ONE_BASED_KEYS):
            number = self.read(value.get(key))
            if number is not None:
                return number + 1 if key in _ZERO_BASED_KEYS else number
        for key in _PAGE_KEYS:
            page = self.read(value.get(key))
            if page is not None and page in self.pages:
                return self.pages.index(page) + 1
        return picture

    def read(self, said: object) -> int | None:
        """The number that names a picture."""
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
        return len(value) == len(self.pages) and all(isinstance(one, list) for one in value)


def find_places(
    text: str, *, pages: Sequence[int | None], names: Sequence[str] = ()
) -> list[Place]:
    """Every place in the JSON of an answer, in the order of the text.

    `pages` has the page of each picture, None for what is no page of a document. A place says
    its picture itself (`"image": 2`, `"page": 3`, the name of its file), stands under a key or
    a heading that does, or stands in one of as many blocks or lists as there are pictures.
    """
    search = _Search(tuple(pages), tuple(PurePath(name).name.lower() for name in names))
    found: list[Place] = []
    values = list(_values(text))
    for index, (heading, value) in enumerate(values):
        in_turn = len(values) == len(pages)
        found += search.places(value, index + 1 if in_turn else search.heading(heading))
    if len(pages) == 1:
        return [replace(place, picture=0) for place in found]
    # Whoever names a picture 0 counts from there.
    first = 0 if any(place.picture == 0 for place in found) else 1
    return [replace(place, picture=_checked(place.picture, first, len(pages))) for place in found]


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
