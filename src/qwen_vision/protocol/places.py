"""Places: boxes and points in an answer, turned from a model's units into a caller's.

Families differ in how they count (docs/reference/dialect.md, grounding): thousandths of each
side, or pixels of the resized picture they see.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["pixel", "0-1", "0-1000"]
# `resized`: pixels of the picture in the size the model sees.
Space: TypeAlias = Unit | Literal["resized"]
Coordinates: TypeAlias = Literal["relative", "resized"]
UNITS: Final[tuple[Unit, ...]] = ("pixel", "0-1", "0-1000")
# Stands for a picture whose size nobody knows: shares of it can be told, pixels cannot.
UNIT_SQUARE: Final = (1, 1)

_THOUSAND: Final = 1000.0
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COORDINATE: Final = re.compile(r'(\b([xy])\d*\s*=\s*")([^"]*)(")')
# [cx, cy, width, height, angle]: the angle is the one seen on the picture and stays.
_RECTANGLE_NUMBERS: Final = 5
_CORNER_NUMBERS: Final = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """How a model counts on one picture: `original` and `seen` are width and height in pixels.

    `original` is upright, as a viewer shows the picture; `page` the page of a document.
    """

    space: Space
    original: tuple[int, int]
    seen: tuple[int, int]
    page: int | None = None

    def step_px(self, space: Space, axis: int) -> float:
        """Pixels of the original in one unit along its width (axis 0) or height (axis 1)."""
        match space:
            case "pixel":
                return 1.0
            case "0-1":
                return self.original[axis]
            case "0-1000":
                return self.original[axis] / _THOUSAND
            case "resized":
                return self.original[axis] / self.seen[axis]

    def pixel(self, value: float, axis: int) -> float:
        """A model's number in pixels of the original."""
        return value * self.step_px(self.space, axis)


def space_of(coordinates: Coordinates) -> Space:
    """The space in which a family of the catalogue counts."""
    return "0-1000" if coordinates == "relative" else "resized"


def needs_sizes(space: Space, unit: Unit) -> bool:
    """Whether the picture's sizes must be known to turn one into the other."""
    return space != unit and not {space, unit} <= {"0-1", "0-1000"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a model's way of counting on one picture to the unit a caller asked for."""

    scale: Scale
    unit: Unit

    def pairs(self, text: str, *, space: Space | None = None) -> str:
        """`text` with its numbers, which are x and y in turn, converted.

        `space` says how they are counted when that is not the model's own way.
        """
        source = space or self.scale.space
        if source == self.unit:
            return text
        axis = -1

        def replace(found: re.Match[str]) -> str:
            nonlocal axis
            axis = (axis + 1) % 2
            return self._number(float(found[0]), axis=axis, space=source)

        return _NUMBER.sub(replace, text)

    def numbers(self, key: str, text: str) -> str:
        """The JSON list of numbers under `key`, converted.

        A list of another length than its key promises is no place and comes back as it was.
        """
        count = len(_NUMBER.findall(text))
        if key == "rotate_rect":
            return self._rectangle(text) if count == _RECTANGLE_NUMBERS else text
        if key == "location":
            # The corners of a line are told in pixels by the dialect itself.
            corners = count == _CORNER_NUMBERS and self.scale.original != UNIT_SQUARE
            return self.pairs(text, space="pixel") if corners else text
        # A flat list of `points` may as well be a score.
        if not count or count % 2 or (key == "points" and text.count("[") < 2):
            return text
        return self.pairs(text)

    def attributes(self, tag: str) -> str:
        """A tag with `x1`, `y1` and so on as attributes, converted."""
        if self.scale.space == self.unit:
            return tag

        def replace(found: re.Match[str]) -> str:
            if _NUMBER.fullmatch(found[3]) is None:
                return found[0]
            axis = 0 if found[2] == "x" else 1
            number = self._number(float(found[3]), axis=axis, space=self.scale.space)
            return f"{found[1]}{number}{found[4]}"

        return _COORDINATE.sub(replace, tag)

    def _number(self, value: float, *, axis: int, space: Space) -> str:
        scale = self.scale
        return _told(value * scale.step_px(space, axis) / scale.step_px(self.unit, axis), self.unit)

    def _rectangle(self, text: str) -> str:
        """[cx, cy, width, height, angle]; lengths are counted along their own direction."""
        scale = self.scale
        if scale.space == self.unit:
            return text
        *values, angle = _NUMBER.findall(text)
        cx, cy, width, height = map(float, values)
        right, down = math.cos(math.radians(float(angle))), math.sin(math.radians(float(angle)))

        def count(space: Space, x: float, y: float) -> float:
            """How many units there are in one pixel in a direction."""
            return math.hypot(x / scale.step_px(space, 0), y / scale.step_px(space, 1))

        along = count(self.unit, right, down) / count(scale.space, right, down)
        across = count(self.unit, down, right) / count(scale.space, down, right)
        words = (
            self._number(cx, axis=0, space=scale.space),
            self._number(cy, axis=1, space=scale.space),
            _told(width * along, self.unit),
            _told(height * across, self.unit),
            angle,
        )
        return f"[{', '.join(words)}]"


def _told(value: float, unit: Unit) -> str:
    """A number as it is written in a unit: whole, or four places of a share."""
    return f"{value:.4f}" if unit == "0-1" else str(round(value))
