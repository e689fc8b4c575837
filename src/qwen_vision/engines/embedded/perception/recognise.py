"""Reads one line of text from a crop: the PP-OCR recognition model and CTC decoding."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.weights import open_session

_HEIGHT_PX = 48
_MIN_WIDTH_PX = 320
_MAX_WIDTH_PX = 3200
_BATCH = 6
# Crops of one batch are padded to the widest: lines that differ more go into another batch.
_MAX_PADDING = 1.25


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
        self._session = open_session(weights, threads=threads)
        self._input = self._session.get_inputs()[0].name
        listed = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        # Index 0 is the CTC blank; the space comes last and is not listed.
        self._characters = ["", *listed, " "]

    def read(self, crops: Sequence[Raster]) -> list[Words]:
        """The words in each crop (BGR, one upright line each), in the order given."""
        found = [Words("", 0.0, ())] * len(crops)
        for batch in _batches([_width_for(crop) for crop in crops]):
            widths = [_width_for(crops[index]) for index in batch]
            padded = max(_MIN_WIDTH_PX, *widths)
            tensor = np.zeros((len(batch), 3, _HEIGHT_PX, padded), np.float32)
            for place, (index, width) in enumerate(zip(batch, widths, strict=True)):
                tensor[place, :, :, :width] = _tensor(crops[index], width)
            chances = self._session.run(None, {self._input: tensor})[0]
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
        text = "".join(self._characters[int(index)] for index in best[steps])
        stops = np.clip((steps + 0.5) / (len(best) * used), 0, 1)
        return Words(text, float(sure.mean()), tuple(round(float(stop), 4) for stop in stops))


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
