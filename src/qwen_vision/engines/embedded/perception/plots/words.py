"""Words: the print of a chart, word by word, each with its place in pixels."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import TextLine
from qwen_vision.engines.embedded.perception.arrays import Raster

# Reads crops (RGB, one upright line each): the text of each and how sure it is, 0 to 1.
ReadCrops: TypeAlias = Callable[[Sequence[Raster]], list[tuple[str, float]]]

_LEVEL_DEG: Final = 12.0
_SURE: Final = 0.6
_LETTER_PX: Final = 36
_NUMBER: Final = re.compile(
    r"(?P<sign>[-\u2212\u2013+]?)\s?(?P<mark>[$€£¥]?)(?P<inner>[-\u2212]?)"
    r"(?P<digits>\d[\d,]*\.?\d*|\.\d+)(?:e(?P<power>[-+\u2212]?\d+))?"
    r"\s?(?P<unit>%|[kKmMbBGT]|mn|bn|万|亿|°C?|°F)?"
)
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER: Final = re.compile(r"10(?:\^ ?([-\u2212]?\d{1,2})|([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))")
_FLAT_POWER: Final = re.compile(r"10\d")
# What the patches of a legend are read as: a token of its own, or set before a name.
_PATCH: Final = re.compile(r"[^\w%$€£¥°+*#&@()]+|[-\u2013\u2014]+[oO0e][-\u2013\u2014]*")
_GLYPH: Final = re.compile(r"[\u2500-\u25ff\u2b1b\u2b1c•]|(?<!\S)[-\u2013\u2014]+(?=[^\W\d])")
_TIMES: Final = {
    "k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "b": 1e9, "B": 1e9, "bn": 1e9, "G": 1e9,
    "T": 1e12, "万": 1e4, "亿": 1e8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a whole line that does not stand level; `line` counts the lines it is from."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int
    angle_deg: float = 0.0
    confidence: float = 1.0

    @property
    def x(self) -> float:
        """The middle from left to right."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """The middle from top to bottom."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        """The height of its letters: of what stands on end, its width."""
        return (
            min(self.bottom - self.top, self.right - self.left)
            if self.stands
            else (self.bottom - self.top)
        )

    @property
    def stands(self) -> bool:
        """Whether it runs up or down."""
        return abs(self.angle_deg) > 90 - 3 * _LEVEL_DEG

    @property
    def level(self) -> bool:
        """Whether it runs from left to right."""
        return abs(self.angle_deg) < _LEVEL_DEG or len(self.text) < 3

    @property
    def number(self) -> float | None:
        """The number it is; None for words."""
        return number_of(self.text)

    def turned(self) -> "Word":
        """The word where it lies when the picture's sides are swapped."""
        return replace(self, left=self.top, top=self.left, right=self.bottom, bottom=self.right)


def number_of(text: str) -> float | None:
    """The number that a text is, with its unit worked in: `1.5k` is 1500, `20%` is 20."""
    power = _POWER.fullmatch(text.strip())
    if power is not None:
        return float(10.0 ** int((power[1] or power[2]).translate(_RAISED).replace("\u2212", "-")))
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    digits = match["digits"]
    if "," in digits and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?", digits):
        if not re.fullmatch(r"\d+,\d{1,2}", digits):
            return None
        digits = digits.replace(",", ".")
    value = float(digits.replace(",", "")) * _TIMES.get(match["unit"] or "", 1.0)
    if match["power"]:
        value *= 10.0 ** int(match["power"].replace("\u2212", "-"))
    negative = match["sign"] in {"-", "\u2212", "\u2013"} or bool(match["inner"])
    return -value if negative else value


def as_powers(words: Sequence[Word]) -> list[Word]:
    """The words, `103` read as a power of ten where others are written as one."""
    if not any(_POWER.fullmatch(word.text) for word in words):
        return list(words)
    return [
        replace(word, text=f"10^{word.text[2:]}") if _FLAT_POWER.fullmatch(word.text) else word
        for word in words
    ]


def words_of(lines: Sequence[TextLine]) -> list[Word]:
    """The words of the lines; a line that does not stand level stays whole."""
    words: list[Word] = []
    for index, line in enumerate(lines):
        box = line.box
        whole = Word(
            line.text, box.left, box.top, box.right, box.bottom, index, line.angle_deg,
            line.confidence,
        )  # fmt: skip
        words += _split(whole, line.stops) if whole.level else [whole]
    return words


def _split(whole: Word, stops: Sequence[float]) -> list[Word]:
    text = _GLYPH.sub(lambda glyph: " " * len(glyph[0]), whole.text)
    pieces = [piece for piece in re.finditer(r"\S+", text) if not _PATCH.fullmatch(piece[0])]
    if pieces and pieces[0][0] == whole.text:
        return [whole]
    count = len(whole.text)
    places = list(stops) if len(stops) == count else [(at + 0.5) / count for at in range(count)]
    wide = whole.right - whole.left
    half = 0.5 * min(whole.height * 0.6, wide / count)
    words = []
    for piece in pieces:
        left = whole.left + places[piece.start()] * wide - half
        right = whole.left + places[piece.end() - 1] * wide + half
        words.append(
            replace(
                whole,
                text=piece[0],
                left=max(left, whole.left),
                right=min(right, whole.right),
            )
        )
    return words


def reread(
    rgb: Raster,
    boxes: Sequence[tuple[int, int, int, int]],
    read: ReadCrops,
    *,
    quarter_turns: int = 0,
) -> list[str]:
    """What stands in each box (left, top, right, bottom); "" where nothing is read surely.

    Print that stands on end is laid down by quarter turns anticlockwise.
    """
    crops = [
        _enlarged(np.rot90(rgb[top:bottom, left:right], quarter_turns))
        for left, top, right, bottom in boxes
    ]
    return [text.strip() if sure >= _SURE else "" for text, sure in read(crops)]


def _enlarged(crop: Raster) -> Raster:
    """A crop of small print, its letters some 36 px high, with ground around it."""
    height = max(1, crop.shape[0])
    scale = max(1.0, _LETTER_PX / height)
    large = cv2.resize(
        np.ascontiguousarray(crop), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC
    )
    ground = [float(value) for value in np.median(crop.reshape(-1, 3), axis=0)]
    framed: Raster = cv2.copyMakeBorder(large, 6, 6, 10, 10, cv2.BORDER_CONSTANT, value=ground)
    return framed
