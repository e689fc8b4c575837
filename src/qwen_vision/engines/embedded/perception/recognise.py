"""Reads one line of text from a crop: the PP-OCR recognition model and CTC decoding."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.weights import Network

_HEIGHT_PX = 48
_MIN_WIDTH_PX = 320
_MAX_WIDTH_PX = 3200
_BATCH = 6
# Crops of one batch are padded to the widest: lines that differ more go into another batch.
_MAX_PADDING = 1.25
# The network takes a step each 8 px and needs a free one between two equal letters.
_STEP_PX = 8
_CROWDED = 0.65
_ROOMY = 0.5
# A word of digits in which an O may be a zero: at least two digits to each letter.
_MOSTLY_DIGITS = re.compile(r"(?<![^\W_])[0-9oO]*[0-9][0-9oO]*(?![^\W_])")
_DIGITS_PER_LETTER = 2
# A real multiplication sign leaves the letter less than .02; a letter taken for one keeps .08.
_MAYBE_LETTER = 0.04
# A space the network only thought of, and how much further apart than the letters of the line
# usually do those beside it stand: the likelier it is, the narrower it may be.
_LIKELY_SPACE, _A_LITTLE_APART = 0.25, 1.3
_MAYBE_SPACE, _FAR_APART = 0.03, 1.6
_MIN_PAIRS = 2
_ENDS = ":;,%)"
_WIDE_LETTERS = "\u2e80"
# Printed stars look like simple Chinese characters; laughter in a chat is read more surely.
_ROW, _FEW_IN_ROW, _STARS_SURE = 8, 4, 0.8


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a crop, its mean confidence 0 to 1, and where each character stands.

    `stops` holds the places of the characters along the crop, 0 to 1.
    """

    text: str
    confidence: float
    stops: tuple[float, ...]


class LineReader:
    """Recognises cropped lines. Safe to call from several threads at once."""

    def __init__(self, weights: Path, *, threads: int | None = None) -> None:
        self._network = Network(weights, threads=threads)
        listed = self._network.notes["character"].splitlines()
        # Index 0 is the CTC blank; the space comes last and is not listed.
        self._characters = ["", *listed, " "]
        self._zero = self._characters.index("0")
        # The blank is no rival: it is likely beside every letter.
        self._rounds = [0, *(self._characters.index(letter) for letter in "oO")]
        self._times = self._characters.index("\u00d7")
        self._crosses = [self._characters.index(letter) for letter in "xX"]

    def read(self, crops: Sequence[Raster]) -> list[Words]:
        """The words in each crop (BGR, one upright line each), in the order given.

        Narrow letters that leave the network no room are widened and read again.
        """
        found = self._read(crops)
        rooms = [_room(words, crop) for words, crop in zip(found, crops, strict=True)]
        tight = [index for index, room in enumerate(rooms) if room > _CROWDED]
        wider = self._read([_widened(crops[index], rooms[index] / _ROOMY) for index in tight])
        for index, words in zip(tight, wider, strict=True):
            if words.confidence > found[index].confidence:
                found[index] = words
        return found

    def _read(self, crops: Sequence[Raster]) -> list[Words]:
        found = [Words("", 0.0, ())] * len(crops)
        for batch in _batches([_width_for(crop) for crop in crops]):
            widths = [_width_for(crops[index]) for index in batch]
            padded = max(_MIN_WIDTH_PX, *widths)
            tensor = np.zeros((len(batch), 3, _HEIGHT_PX, padded), np.float32)
            for place, (index, width) in enumerate(zip(batch, widths, strict=True)):
                tensor[place, :, :, :width] = _tensor(crops[index], width)
            chances = self._network.run(tensor)
            for index, width, chance in zip(batch, widths, chances, strict=True):
                found[index] = self._decode(chance, width / padded)
        return found

    def _decode(self, chance: Scores, used: float) -> Words:
        best = chance.argmax(axis=1)
        keep = best != 0
        keep[1:] &= best[1:] != best[:-1]
        steps = np.flatnonzero(keep)
        if not len(steps):
            return Words("", 0.0, ())
        sure = chance[steps, best[steps]]
        letters = [self._characters[self._letter(chance[step], best[step])] for step in steps]
        text, places = _with_spaces(self._with_zeros(letters, chance[steps]), steps, chance[:, -1])
        stops = np.clip((places + 0.5) / (len(best) * used), 0, 1)
        if _are_stars(text, float(sure.mean())):
            text = "*" * len(text)
        return Words(text, float(sure.mean()), tuple(round(float(stop), 4) for stop in stops))

    def _letter(self, chances: Scores, best: int) -> int:
        """The index of a character, a letter x taken for the multiplication sign put right."""
        if best != self._times:
            return int(best)
        cross = max(self._crosses, key=lambda index: float(chances[index]))
        return cross if chances[cross] > _MAYBE_LETTER else int(best)

    def _with_zeros(self, letters: list[str], chances: Scores) -> str:
        """The text, an O among digits read as the zero that the network thought of next."""
        text = "".join(letters)
        for word in _MOSTLY_DIGITS.finditer(text):
            digits = sum(map(str.isdigit, word[0]))
            if digits < _DIGITS_PER_LETTER * (len(word[0]) - digits):
                continue
            for place in range(word.start(), word.end()):
                rivals = chances[place].copy()
                rivals[self._rounds] = 0
                if letters[place] in "oO" and int(rivals.argmax()) == self._zero:
                    letters[place] = "0"
        return "".join(letters)


def _with_spaces(text: str, steps: Scores, spaces: Scores) -> tuple[str, Scores]:
    """The text with the spaces that the network thought of where letters stand apart.

    `steps` are the places of the letters, `spaces` the chance of a space at every place.
    """
    gaps = np.diff(steps)
    inside = [gap for gap, pair in zip(gaps, pairwise(text), strict=True) if " " not in pair]
    if len(inside) < _MIN_PAIRS:
        return text, steps
    usual = float(np.median(inside))
    written, places = text[0], [float(steps[0])]
    for index, (one, other) in enumerate(pairwise(text)):
        start, end = int(steps[index]), int(steps[index + 1])
        if _parts_words(one, other) and _is_space(spaces[start + 1 : end], (end - start) / usual):
            written += " "
            places.append((start + end) / 2)
        written += other
        places.append(float(end))
    return written, np.array(places, np.float32)


def _are_stars(text: str, sure: float) -> bool:
    """Whether a line is one of stars: doubtful, and the same few Chinese characters all along."""
    is_row = len(text) >= _ROW and len(set(text)) * _FEW_IN_ROW <= len(text)
    return (
        is_row
        and sure < _STARS_SURE
        and all(char >= _WIDE_LETTERS or char in "*\u2605" for char in text)
    )


def _is_space(chances: Scores, apart: float) -> bool:
    likely = float(chances.max(initial=0.0))
    wide = _A_LITTLE_APART if likely > _LIKELY_SPACE else _FAR_APART
    return likely > _MAYBE_SPACE and apart >= wide


def _parts_words(one: str, other: str) -> bool:
    # Marks inside a number or a code stand apart in many fonts; Chinese needs no spaces.
    ends, begins = one.isalnum() or one in _ENDS, other.isalnum() or other == "_"
    return ends and begins and min(one, other) < _WIDE_LETTERS


def _room(words: Words, crop: Raster) -> float:
    """Letters per step of the network: near 1 they run into one another."""
    return len(words.text) * _STEP_PX / _width_for(crop)


def _widened(crop: Raster, factor: float) -> Raster:
    height, width = crop.shape[:2]
    return cv2.resize(crop, (max(1, round(width * factor)), height))


def _width_for(crop: Raster) -> int:
    height, width = (int(side) for side in crop.shape[:2])
    return max(8, min(_MAX_WIDTH_PX, math.ceil(_HEIGHT_PX * width / height)))


def _batches(widths: Sequence[int]) -> list[list[int]]:
    batches: list[list[int]] = []
    narrowest = 0
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = max(_MIN_WIDTH_PX, widths[index])
        if not batches or len(batches[-1]) == _BATCH or width > narrowest * _MAX_PADDING:
            batches.append([])
            narrowest = width
        batches[-1].append(index)
    return batches


def _tensor(crop: Raster, width: int) -> Scores:
    resized = cv2.resize(crop, (width, _HEIGHT_PX))
    scaled: Scores = resized.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0
    return scaled
