"""Reads text: detection, recognition and the way the page is turned.

Most pages stand upright and are read once. A sample of the longest lines tells when one does
not: lines that stand on end mean a quarter turn, lines that nobody can read a half turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Points, Raster
from qwen_vision.engines.embedded.perception.detect import Spots, TextDetector
from qwen_vision.engines.embedded.perception.recognise import LineReader, Words
from qwen_vision.engines.embedded.perception.upright import turned
from qwen_vision.engines.embedded.perception.weights import package_file

_SAMPLE = 5
# Upside-down print reads at .3 to .7, upright print above .85 on all but the worst scans.
_READABLE = 0.85
_KEEP = 0.5
# Where nothing else is written, spots of a photograph pass for single letters. Print has two
# tones: how far from one another they lie explains most of what its pixels differ.
_LONE_KEEP = 0.95
_LONE_TONES = 0.85
# A faint spot is believed when it reads better than noise does.
_FAINT_SURE = 0.75
_ON_END = 1.5
# A crop of one line: the detector needs some ground around the letters.
_CROP_HEIGHT_PX = 80
_MARGIN_PX = 24
_CROP_SURE = 0.7
# So many pieces, and more than one of so many, that nobody can read: what was found is in shards.
_FEW_SHARDS = 5
_SHARDS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of text with its corners in pixels of the upright page."""

    words: Words
    quad: Points


@dataclass(frozen=True, slots=True)
class Page:
    """What was read, lines nobody could read, and the clockwise turn that made it upright."""

    found: tuple[Found, ...]
    unread: tuple[Found, ...]
    turn_deg: int


class TextReader:
    """Finds and reads text. Safe to call from several threads at once."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._detector = TextDetector(
            package_file("rapidocr", "models/PP-OCRv6_det_small.onnx", extra="embedded"),
            threads=threads,
        )
        self._reader = LineReader(
            package_file("rapidocr", "models/PP-OCRv6_rec_small.onnx", extra="embedded"),
            threads=threads,
        )

    def read(self, bgr: Raster, *, turn_deg: int | None = None) -> Page:
        """All text of a picture, whichever way it is turned; `found` has no order.

        Where the way it is turned is known, `turn_deg` clockwise sets it upright.
        """
        found, turn = self._look(bgr, turn_deg)
        if _is_shattered(found):
            afar = self._look(bgr, turn_deg, is_afar=True)
            found, turn = max((found, turn), afar, key=lambda seen: _letters(seen[0]))
        if turn:
            bgr = turned(bgr, turn)
        if min(bgr.shape[:2]) < _CROP_HEIGHT_PX and len(found) < 2:
            found = max(found, self._crop(bgr), key=_letters)
        lowest = _lowest(found)
        keeps = [
            _is_kept(item.words, lowest)
            and (lowest == _KEEP or _two_tones(cut(bgr, item.quad)) >= _LONE_TONES)
            for item in found
        ]
        kept = tuple(item for item, keep in zip(found, keeps, strict=True) if keep)
        unread = tuple(item for item, keep in zip(found, keeps, strict=True) if not keep)
        return Page(kept, unread, turn)

    def may_read(self, bgr: Raster) -> bool:
        """Whether a quick look leaves any chance of text; it costs a fraction of a reading."""
        return self._detector.may_find(bgr)

    def words(self, crops: Sequence[Raster]) -> list[Words]:
        """What stands in each crop (BGR) of one upright line."""
        return self._reader.read(crops)

    def _look(
        self, bgr: Raster, turn_deg: int | None, *, is_afar: bool = False
    ) -> tuple[list[Found], int]:
        """What is found on the upright page, and the clockwise turn that sets it upright."""
        spots = self._find(bgr, is_afar=is_afar)
        turn = self._turn(bgr, spots.sure) if turn_deg is None else turn_deg
        if turn:
            bgr = turned(bgr, turn)
            spots = self._find(bgr, is_afar=is_afar)
        return self._lines(bgr, spots.sure) + self._faint_lines(bgr, spots), turn

    def _find(self, bgr: Raster, *, is_afar: bool) -> Spots:
        height, width = bgr.shape[:2]
        if min(height, width) >= _CROP_HEIGHT_PX:
            return self._detector.find(bgr, is_afar=is_afar)
        limit = np.array([width - 1, height - 1], np.float32)
        spots = self._detector.find(_with_margin(bgr))
        return Spots(
            [np.clip(quad - _MARGIN_PX, 0, limit) for quad in spots.sure],
            [np.clip(quad - _MARGIN_PX, 0, limit) for quad in spots.faint],
        )

    def _crop(self, bgr: Raster) -> list[Found]:
        """A small crop, read as one line: what was missed when its parts were looked for."""
        words = self._reader.read([bgr])[0]
        return [Found(words, _whole(bgr))] if words.confidence >= _CROP_SURE else []

    def _lines(self, bgr: Raster, quads: Sequence[Points]) -> list[Found]:
        crops = [cut(bgr, quad) for quad in quads]
        words = self._reader.read(crops)
        doubtful = [index for index, read in enumerate(words) if read.confidence < _READABLE]
        # A line may stand on its head or its side on an upright page (stamps, margins).
        on_head = self._reader.read([np.ascontiguousarray(crops[i][::-1, ::-1]) for i in doubtful])
        found = []
        flipped = dict(zip(doubtful, on_head, strict=True))
        for index, (read, quad) in enumerate(zip(words, quads, strict=True)):
            other = flipped.get(index)
            if (
                other
                and _is_word(other)
                and other.confidence > max(_READABLE, read.confidence + 0.1)
            ):
                found.append(Found(other, np.roll(_as_read(quad), 2, axis=0)))
            else:
                found.append(Found(read, _as_read(quad)))
        return found

    def _faint_lines(self, bgr: Raster, spots: Spots) -> list[Found]:
        """What reads well among the faint spots of a page that holds text elsewhere."""
        if not spots.sure:
            return []
        alone = [
            quad for quad in spots.faint if not any(_covers(sure, quad) for sure in spots.sure)
        ]
        words = self._reader.read([cut(bgr, quad) for quad in alone])
        return [
            Found(read, _as_read(quad))
            for read, quad in zip(words, alone, strict=True)
            if read.confidence >= _FAINT_SURE and sum(map(str.isalnum, read.text)) > 1
        ]

    def _turn(self, bgr: Raster, quads: Sequence[Points]) -> int:
        """Degrees (0, 90, 180, 270) to turn the picture clockwise so that it stands upright."""
        longest = sorted(quads, key=_area, reverse=True)[:_SAMPLE]
        if not longest:
            return 0
        standing = sum(_is_on_end(quad) for quad in longest) * 2 > len(longest)
        crops = [cut(bgr, quad) for quad in longest if _is_on_end(quad) == standing]
        as_is = _mean(self._reader.read(crops))
        if as_is >= _READABLE and not standing:
            return 0
        on_head = _mean(
            self._reader.read([np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops])
        )
        if max(as_is, on_head) < _READABLE:
            return 0
        # `cut` turns a standing line a quarter anticlockwise: readable then, it needs the same.
        if standing:
            return 270 if as_is >= on_head else 90
        return 180 if on_head > as_is + 0.1 else 0


def cut(bgr: Raster, quad: Points) -> Raster:
    """The line inside `quad`, straightened; one that stands on end is turned to lie down."""
    width = int(max(_distance(quad, 0, 1), _distance(quad, 2, 3), 1.0))
    height = int(max(_distance(quad, 0, 3), _distance(quad, 1, 2), 1.0))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    crop: Raster = cv2.warpPerspective(
        bgr, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return np.ascontiguousarray(np.rot90(crop)) if height >= _ON_END * width else crop


def _as_read(quad: Points) -> Points:
    # `cut` turns a line on end a quarter anticlockwise: its first corner is then the top right.
    return np.roll(quad, -1, axis=0) if _is_on_end(quad) else quad


def _is_on_end(quad: Points) -> bool:
    return _distance(quad, 0, 3) >= _ON_END * max(1.0, _distance(quad, 0, 1))


def _distance(quad: Points, one: int, other: int) -> float:
    return float(np.linalg.norm(quad[one] - quad[other]))


def _area(quad: Points) -> float:
    return float(cv2.contourArea(quad))


def _covers(one: Points, other: Points) -> bool:
    """Whether the middle of `other` lies inside `one`."""
    x, y = (float(value) for value in other.mean(axis=0))
    return cv2.pointPolygonTest(one.astype(np.float32), (x, y), measureDist=False) >= 0


def _is_kept(words: Words, lowest: float) -> bool:
    return words.confidence >= lowest and bool(words.text.strip())


def _lowest(found: Sequence[Found]) -> float:
    """The confidence a piece must have: more of it where not one word is sure."""
    return _KEEP if any(_is_word(item.words) for item in found) else _LONE_KEEP


def _is_shattered(found: Sequence[Found]) -> bool:
    """Whether many pieces are nothing that can be read, as where dots stand apart."""
    lowest = _lowest(found)
    unread = sum(not _is_kept(item.words, lowest) for item in found)
    return unread >= _FEW_SHARDS and unread * _SHARDS > len(found)


def _is_word(words: Words) -> bool:
    # Of letters it never saw the reader is sometimes sure that they are blanks.
    return words.confidence >= _KEEP and sum(map(str.isalnum, words.text)) > 1


def _two_tones(crop: Raster) -> float:
    """Share of the variance of brightness that two tones explain, 0 to 1 (Otsu 1979)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    border, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    is_light = grey > border
    share = float(is_light.mean())
    variance = float(grey.var())
    if not 0 < share < 1 or not variance:
        return 0.0
    apart = float(grey[is_light].mean() - grey[~is_light].mean())
    return share * (1 - share) * apart**2 / variance


def _letters(found: Sequence[Found]) -> int:
    return sum(map(str.isalnum, "".join(item.words.text for item in found)))


def _mean(words: Sequence[Words]) -> float:
    # Longer text says more about the way a page is turned than a page number does.
    weight = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / weight if weight else 0.0


def _with_margin(bgr: Raster) -> Raster:
    edge = np.concatenate([bgr[0], bgr[-1], bgr[:, 0], bgr[:, -1]])
    ground = [float(value) for value in np.median(edge, axis=0)]
    margin = _MARGIN_PX
    framed: Raster = cv2.copyMakeBorder(
        bgr, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=ground
    )
    return framed


def _whole(bgr: Raster) -> Points:
    height, width = bgr.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
