"""The senses as plain functions of pixels. Importing this module loads the heavy packages."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import (
    Barcode,
    Box,
    Chart,
    ColorShare,
    Difference,
    ObjectSeen,
    PictureFacts,
    Quad,
    Reading,
    Rounds,
    SceneSeen,
    TextLine,
)
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.barcodes import read_barcodes
from qwen_vision.engines.embedded.perception.compare import View, difference
from qwen_vision.engines.embedded.perception.cutout import cut_out
from qwen_vision.engines.embedded.perception.leafy import leafy_share
from qwen_vision.engines.embedded.perception.namer import Namer
from qwen_vision.engines.embedded.perception.objects import open_namer
from qwen_vision.engines.embedded.perception.order import angle_of, reading_order
from qwen_vision.engines.embedded.perception.picture import is_blank, picture_facts
from qwen_vision.engines.embedded.perception.plots.reader import axis_labels, read_chart
from qwen_vision.engines.embedded.perception.rounds import find_rounds
from qwen_vision.engines.embedded.perception.rules import find_rules
from qwen_vision.engines.embedded.perception.scripts import (
    UNREAD_NOTE,
    UNREAD_WAY_OUT,
    VIETNAMESE_NOTE,
    believable,
    guess_script,
    is_doubtful,
    is_unread,
    is_vietnamese,
    known_alphabets,
    missing_script,
    read_in_script,
)
from qwen_vision.engines.embedded.perception.tables import find_tables
from qwen_vision.engines.embedded.perception.text import Found, Page, TextReader
from qwen_vision.engines.embedded.perception.upright import Upright, turned
from qwen_vision.engines.embedded.perception.watch import Senses, Watcher
from qwen_vision.media.items import Frame, Pixels, Size


class Rooms:
    """One instance per engine; the text models load at the first reading. Thread-safe."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads
        self._text: TextReader | None = None
        self._namer: Namer | None = None
        self._looked_for_namer = False
        self._loading = Lock()

    def reading(self, pixels: Pixels, original: Size) -> Reading:
        """The text of a picture and its chart, in coordinates of its upright original."""
        rgb = np.asarray(pixels)
        reading = self._read(rgb, original)
        chart = self._chart(rgb, original, reading)
        return replace(reading, chart=chart, axis_labels=axis_labels(reading.lines))

    def difference(self, first: tuple[Pixels, Size], second: tuple[Pixels, Size]) -> Difference:
        """What changed between two pictures, each given with the size of its original."""
        return difference(
            View(np.asarray(first[0]), first[1]), View(np.asarray(second[0]), second[1])
        )

    def objects(self, pixels: Pixels, original: Size) -> tuple[ObjectSeen, ...] | None:
        """The objects in a picture; None when the extra `objects` is not installed."""
        namer = self._find_namer()
        return namer.objects(np.asarray(pixels), original) if namer else None

    def scene(self, pixels: Pixels, original: Size) -> SceneSeen | None:
        """What a picture shows as a whole; None when that is unsure or no model is installed."""
        namer = self._find_namer()
        return namer.scene(np.asarray(pixels), original) if namer else None

    def parts(self, pixels: Pixels, original: Size) -> tuple[SceneSeen, ...]:
        """What parts of a picture look like, the surest first; empty without a model."""
        namer = self._find_namer()
        return namer.parts(np.asarray(pixels), original) if namer else ()

    def rounds(self, pixels: Pixels, original: Size) -> Rounds | None:
        """Separate round shapes on an even ground; None when there are none."""
        return find_rounds(np.asarray(pixels), original)

    def watcher(self, original: Size, *, duration_s: float, read_text: bool) -> Watcher:
        """Watches one video of that length whose frames are `original` pixels in size."""
        namer = self._find_namer()
        senses = Senses(
            _facts,
            read=self._read if read_text else None,
            may_read=self._may_read,
            objects=namer.glance if namer else None,
            scene=namer.scene if namer else None,
            rounds=find_rounds,
        )
        return Watcher(senses, original, duration_s=duration_s)

    def take(self, watcher: Watcher, frame: Frame) -> None:
        """Show the watcher its next frame."""
        watcher.take(frame, np.asarray(frame.pixels))

    def _may_read(self, rgb: Raster) -> bool:
        return self._reader().may_read(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))

    def _read(self, rgb: Raster, original: Size) -> Reading:
        if is_blank(rgb):
            return Reading(())
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        page, found, notes = self._understood(bgr)
        height, width = rgb.shape[:2]
        size = Size(height, width) if page.turn_deg in (90, 270) else Size(width, height)
        upright = Upright(original, size, page.turn_deg)
        tables = find_tables(found, find_rules(turned(bgr, page.turn_deg)))
        return Reading(
            lines=upright.lines(reading_order(found)),
            tables=tuple(upright.table(table) for table in tables),
            rotation_deg=upright.rotation_deg,
            notes=notes,
        )

    def _chart(self, rgb: Raster, original: Size, reading: Reading) -> Chart | None:
        """The chart a picture shows: it stands upright, even where most of its words do not."""
        size = Size(rgb.shape[1], rgb.shape[0])
        there, back = Upright(size, original), Upright(original, size)
        chart = read_chart(rgb, there.lines(reading.lines), self._read_crops)
        if chart is None:
            return None
        marks = tuple(replace(mark, box=back.box(mark.box)) for mark in chart.marks)
        return replace(chart, box=back.box(chart.box), marks=marks)

    def _read_crops(self, crops: Sequence[Raster]) -> list[tuple[str, float]]:
        """What stands in small crops (RGB) of one line each, and how sure that is."""
        bgr = [cv2.cvtColor(crop, cv2.COLOR_RGB2BGR) for crop in crops]
        return [(words.text, words.confidence) for words in self._reader().words(bgr)]

    def _understood(self, bgr: Raster) -> tuple[Page, list[TextLine], tuple[str, ...]]:
        """The page, its lines, other scripts among them where they can be read, and notes."""
        page = self._reader().read(bgr)
        found, notes = page.found, tuple[str, ...]()
        if is_doubtful(page):
            guess = guess_script(turned(bgr, page.turn_deg), page)
            if guess and guess.turn_deg:
                page = self._reader().read(bgr, turn_deg=(page.turn_deg + guess.turn_deg) % 360)
            if guess:
                found = read_in_script(turned(bgr, page.turn_deg), page, guess.alphabet)
            elif is_unread(page):
                found, notes = believable(page.found), _unread_notes(bgr, page)
        elif is_vietnamese(found):
            notes = (VIETNAMESE_NOTE,)
        return page, [_line(item) for item in found], notes

    def codes(self, pixels: Pixels, original: Size) -> tuple[Barcode, ...]:
        """The barcodes of a picture, in coordinates of its upright original."""
        upright = Upright(original, Size(pixels.width, pixels.height))
        codes = read_barcodes(np.asarray(pixels.convert("L")))
        return tuple(replace(code, quad=upright.quad(code.quad)) for code in codes)

    def picture(self, pixels: Pixels, original: Size) -> PictureFacts:
        """Plain facts about the pixels."""
        rgb = np.asarray(pixels)
        return replace(_facts(rgb, original), leafy=leafy_share(rgb))

    def thing_colors(self, pixels: Pixels, original: Size, box: Box) -> tuple[ColorShare, ...]:
        """The colours of the thing in a box; empty where it can not be told from the ground."""
        thing = cut_out(np.asarray(pixels), box, original)
        return () if thing is None else _facts(thing, original).colors

    def _find_namer(self) -> Namer | None:
        with self._loading:
            if not self._looked_for_namer:
                self._looked_for_namer = True
                self._namer = open_namer()
            return self._namer

    def _reader(self) -> TextReader:
        with self._loading:
            if self._text is None:
                self._text = TextReader(threads=self._threads)
            return self._text


def _facts(rgb: Raster, original: Size) -> PictureFacts:
    return picture_facts(rgb, width_px=original.width_px, height_px=original.height_px)


def _unread_notes(bgr: Raster, page: Page) -> tuple[str, ...]:
    """What to say of text that nobody here can read."""
    if not known_alphabets():
        return (UNREAD_NOTE, UNREAD_WAY_OUT)
    missing = missing_script(turned(bgr, page.turn_deg), page)
    return (UNREAD_NOTE, missing) if missing else (UNREAD_NOTE,)


def _line(item: Found) -> TextLine:
    first, second, third, fourth = ((float(x), float(y)) for x, y in item.quad)
    quad: Quad = (first, second, third, fourth)
    words = item.words
    return TextLine(
        words.text.strip(),
        quad,
        round(words.confidence, 4),
        angle_deg=angle_of(quad),
        stops=words.stops if words.text == words.text.strip() else (),
    )
