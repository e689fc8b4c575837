"""Finds boxes and points in an answer while it is written, and turns them into other units.

Not another letter of the answer changes, and nothing waits but what may be a place: text goes
through as it comes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from qwen_vision.protocol.places import Conversion, Scale, Unit

_KEYS: Final = (
    "bbox_2d", "box_2d", "bbox", "box", "point_2d", "point", "points", "rotate_rect", "location",
)  # fmt: skip
_ATTRIBUTE: Final = 'data-bbox="'
_COMMENT: Final = "<!--"
_STARTS: Final = (*(f'"{key}"' for key in _KEYS), _ATTRIBUTE, "<point ", "<points ", _COMMENT)
_START: Final = re.compile("|".join(map(re.escape, sorted(_STARTS, key=len, reverse=True))))
_LONGEST_START: Final = max(map(len, _STARTS))

# What follows a start, as far as it has come; each is read again with every piece.
_JSON_HEAD: Final = re.compile(r'"(\w+)"\s*(?::\s*(\[[\[\]\d\s.,eE+-]*)?)?')
_BRACKET: Final = re.compile(r"[\[\]]")
_ATTRIBUTE_VALUE: Final = re.compile(r'data-bbox="([-\d.,\s]*)("?)')
_TAG: Final = re.compile(r"<points? [^<>]*(>?)")
_COMMENT_BOX: Final = re.compile(r"<!--\s*(?:\w+\s*(?:\(([-\d.,\s]*)(?:\)\s*(?:-(?:-(>)?)?)?)?)?)?")
# No place is longer; what seems to be one is let go, so that nothing waits for ever.
_MAX_PLACE_CHARS: Final = 8192
_MAX_OBJECT_CHARS: Final = 65_536

_ZERO_BASED: Final = re.compile(r'"(?:image_index|picture_index)"\s*:\s*"?(\d{1,4})\b')
_ONE_BASED: Final = re.compile(
    r'"(?:image|picture|image_number|picture_number)"\s*:\s*'
    r'(?:"(?:image|picture|图|图片)?\s*)?(\d{1,4})\s*["\s,}]',
    re.IGNORECASE,
)
_PAGE: Final = re.compile(r'"(?:page|page_number)"\s*:\s*"?(\d{1,6})\b')
_FENCE: Final = "```"
_BRACE: Final = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures an answer may be about, in the order of the request.

    `asked` is the place of the first one that came with the question itself; earlier ones
    belong to earlier turns.
    """

    scales: tuple[Scale, ...]
    asked: int = 0

    @property
    def alike(self) -> bool:
        """Whether a place means the same on each of them."""
        return len({(scale.space, scale.original, scale.seen) for scale in self.scales}) == 1

    def scale_of(self, words: str, *, block: int) -> Scale:
        """The picture a JSON object is about.

        Its own `image_index` (from 0), `image` (from 1) or `page` says so; otherwise the n-th
        fenced block belongs to the n-th picture of the question.
        """
        if found := _ZERO_BASED.search(words):
            place = int(found[1])
        elif found := _ONE_BASED.search(words):
            place = int(found[1]) - 1
        elif found := _PAGE.search(words):
            place = self._place_of_page(int(found[1]))
        else:
            place = -1
        if not 0 <= place < len(self.scales):
            place = min(self.asked + block, len(self.scales) - 1)
        return self.scales[place]

    def _place_of_page(self, number: int) -> int:
        pages = [scale.page for scale in self.scales]
        if number in pages[self.asked :]:
            return pages.index(number, self.asked)
        return pages.index(number) if number in pages else -1


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that is all there: where it ends, and what it becomes."""

    end: int
    words: str


# A place; None while it may become one; False when it never will.
_Reading: TypeAlias = _Place | bool | None


class PlaceRewriter:
    """Rewrites one text, piece by piece."""

    def __init__(self, album: Album, unit: Unit) -> None:
        """Tell the places on the pictures of `album`, of which there is at least one."""
        self._album = album
        self._unit = unit
        self._conversion = Conversion(album.scale_of("", block=0), unit)
        self._objects = None if album.alike else _Objects()
        self._held = ""

    def feed(self, text: str) -> str:
        """The part of the text so far that is certain."""
        if self._objects is None:
            return self._rewrite(text)
        return "".join(map(self._rewrite_object, self._objects.feed(text)))

    def flush(self) -> str:
        """What was held back, when no more text comes."""
        rest = "" if self._objects is None else self._rewrite_object(self._objects.flush())
        rest += self._held
        self._held = ""
        return rest

    def _rewrite_object(self, words: str) -> str:
        if self._objects is not None:
            # Outside of objects a name names nothing.
            said = words if words.startswith("{") else ""
            scale = self._album.scale_of(said, block=self._objects.block)
            self._conversion = Conversion(scale, self._unit)
        return self._rewrite(words)

    def _rewrite(self, text: str) -> str:
        self._held += text
        sent: list[str] = []
        while found := _START.search(self._held):
            place = _read(self._held[found.start() :], self._conversion)
            if place is None and len(self._held) - found.start() <= _MAX_PLACE_CHARS:
                sent.append(self._held[: found.start()])
                self._held = self._held[found.start() :]
                return "".join(sent)
            if isinstance(place, _Place):
                sent += self._held[: found.start()], place.words
                self._held = self._held[found.start() + place.end :]
            else:
                # Its last quote may be the first of another.
                end = max(found.start() + 1, found.end() - 1)
                sent.append(self._held[:end])
                self._held = self._held[end:]
        keep = _possible_start(self._held)
        sent.append(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :]
        return "".join(sent)


def convert_places(text: str, album: Album, unit: Unit) -> str:
    """A whole text with every box and point in `unit`; nothing else is changed."""
    rewriter = PlaceRewriter(album, unit)
    return rewriter.feed(text) + rewriter.flush()


class _Objects:
    """Cuts a text so that a JSON object without others inside comes in one piece.

    Which picture a place is on may be said after it, in the same object.
    """

    def __init__(self) -> None:
        self._held = ""
        self._fences = 0
        self._ticks = 0

    @property
    def block(self) -> int:
        """How many fenced blocks have ended, or begun and not ended, before this one."""
        return max(0, self._fences - 1) // 2

    def feed(self, text: str) -> Iterator[str]:
        self._held += text
        while True:
            opening = self._held.find("{")
            if opening:
                yield from self._outside(opening if opening > 0 else len(self._held))
                if opening < 0:
                    return
            end = _BRACE.search(self._held, 1)
            if end is not None:
                yield self._take(end.end() if end[0] == "}" else end.start())
            elif len(self._held) > _MAX_OBJECT_CHARS:
                yield self._take(len(self._held))
            else:
                return

    def flush(self) -> str:
        return self._take(len(self._held))

    def _take(self, count: int) -> str:
        words, self._held = self._held[:count], self._held[count:]
        return words

    def _outside(self, count: int) -> Iterator[str]:
        """Text outside of objects, cut behind every mark of a fence, which is counted."""
        words = self._take(count)
        sent = 0
        for place, letter in enumerate(words):
            self._ticks = self._ticks + 1 if letter == "`" else 0
            if self._ticks == len(_FENCE):
                yield words[sent : place + 1]
                sent = place + 1
                self._fences += 1
        yield words[sent:]


def _read(text: str, conversion: Conversion) -> _Reading:
    """The place at the beginning of a text that has a start there."""
    if text.startswith('"'):
        return _read_json(text, conversion)
    if text.startswith(_ATTRIBUTE):
        return _read_shape(text, _ATTRIBUTE_VALUE, conversion)
    if text.startswith(_COMMENT):
        return _read_shape(text, _COMMENT_BOX, conversion)
    found = _TAG.match(text)
    if found is None or (not found[1] and found.end() < len(text)):
        return False
    return _Place(found.end(), conversion.attributes(found[0])) if found[1] else None


def _read_json(text: str, conversion: Conversion) -> _Reading:
    found = _JSON_HEAD.match(text)
    if found is None:
        return False
    if found[2] is not None:
        depth = 0
        for bracket in _BRACKET.finditer(text, found.start(2), found.end(2)):
            depth += 1 if bracket[0] == "[" else -1
            if depth == 0:
                value = text[found.start(2) : bracket.end()]
                words = conversion.numbers(found[1], value)
                return _Place(bracket.end(), text[: found.start(2)] + words)
    return None if found.end() == len(text) else False


def _read_shape(text: str, shape: re.Pattern[str], conversion: Conversion) -> _Reading:
    """A place whose numbers are the first group and whose end is the second."""
    found = shape.match(text)
    if found is None:
        return False
    if found[2]:
        start, end = found.span(1)
        words = text[:start] + conversion.pairs(found[1]) + text[end : found.end()]
        return _Place(found.end(), words)
    return None if found.end() == len(text) else False


def _possible_start(text: str) -> int:
    """Length of the longest end of `text` that may be the beginning of a start."""
    for count in range(min(_LONGEST_START - 1, len(text)), 0, -1):
        if _begins(text[-count:], _STARTS):
            return count
    return 0


def _begins(text: str, words: Sequence[str]) -> bool:
    return text[0] in '"<d' and any(word.startswith(text) for word in words)
