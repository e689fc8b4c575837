"""Text the models can not read: notices it, and asks tesseract when that is installed.

The models know Latin letters, Chinese and Japanese. Of other scripts they see where lines
stand, but read blanks, or Latin letters that look alike. Which script it is shows a trial: the
longest doubtful lines are read in each script whose language is installed, upright and on
their head, and the one that reads them best must read them well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.alphabets import ALPHABETS, Alphabet
from qwen_vision.engines.embedded.perception.arrays import Points, Raster
from qwen_vision.engines.embedded.perception.recognise import Words
from qwen_vision.engines.embedded.perception.tesseract import (
    Word,
    languages,
    read_lines,
    script_of,
)
from qwen_vision.engines.embedded.perception.text import Found, Page, cut

UNREAD_NOTE = (
    "Some of the text could not be read: it is blurred, or it looks like a script this OCR "
    "cannot read (it reads Latin letters, Chinese and Japanese)."
)
UNREAD_WAY_OUT = (
    "For other scripts install tesseract and its language, such as: "
    "apt-get install tesseract-ocr tesseract-ocr-kor (rus: Russian, hin: Hindi, ara: Arabic)."
)
VIETNAMESE_NOTE = (
    "The text looks Vietnamese: letters with two marks, or with a dot below or a hook above, are "
    "unknown to this OCR and left out, so words may be wrong."
)

_SURE = 0.8
# The horned letters stand in no other language; in every line of it several words have one.
_HORNED = frozenset("\u01a0\u01a1\u01af\u01b0")
_MOSTLY = 0.4
# Worth a trial where tesseract is there to ask.
_DOUBTED = 0.3
_LONG = 1.6
_VERY_LONG = 3.0
_DOUBTFUL_KEEP = 0.65
# Letters per height of the line: Latin print has about 1.6, Chinese 1.
_SPARSE = 0.6
_TRIAL_LINES = 2
# In letters lower than this tesseract sees signs of any script.
_LOW_PX = 14.0
# Right scripts read above .85, wrong ones below .6; those of many small words below .82.
_WELL = 0.7
_VERY_WELL = 0.85
# Enough for the script that tesseract names by itself when it sees the lines.
_NAMED_WELL = 0.6
# Of scripts it does not know tesseract names another, but is not so sure of it.
_NAMED_SURE = 10.0
_MIN_LETTERS = 3
_WORD_SURE = 0.3
_LINE_SURE = 0.5
# Letters of a script whose words tesseract takes apart: a real space is wider than this.
_SPACE = 0.22
_WIDER = 1.17
_CLOSE = 0.03
_WORSE = 0.1
_MAX_LINES = 300
_GREEK = next(each for each in ALPHABETS if each.name == "Greek")


@dataclass(frozen=True, slots=True)
class Guess:
    """The script of a page and the quarter turns, in degrees clockwise, that set it upright."""

    alphabet: Alphabet
    turn_deg: int


def is_unread(page: Page) -> bool:
    """Whether most of the text on a page was found but not understood.

    Spots that look like one letter are none: photographs are full of them.
    """
    return _understood(page) < _MOSTLY


def is_doubtful(page: Page) -> bool:
    """Whether a good part of the text on a page was not understood."""
    return _understood(page) < 1 - _DOUBTED


def is_vietnamese(found: Sequence[Found]) -> bool:
    """Whether letters stand in the text that only Vietnamese has."""
    return any(not _HORNED.isdisjoint(item.words.text) for item in found if _is_sure(item))


def believable(found: Sequence[Found]) -> tuple[Found, ...]:
    """Of the lines of an unread page those that may still be right."""
    return tuple(
        item
        for item in found
        if item.words.confidence >= _DOUBTFUL_KEEP and _has_letters(item) and not _is_sparse(item)
    )


def known_alphabets() -> tuple[Alphabet, ...]:
    """The other scripts of which an installed tesseract knows a language."""
    return tuple(each for each in ALPHABETS if not languages().isdisjoint(each.languages))


def guess_script(bgr: Raster, page: Page) -> Guess | None:
    """The script of the doubtful lines of a page; None where no installed one reads them well."""
    large = [item.quad for item in _doubtful(page) if _sides(item.quad)[0] >= _LOW_PX]
    quads = large[:_TRIAL_LINES]
    known = known_alphabets()
    if not quads or not known:
        return None
    standing = sum(_runs_down(quad) for quad in quads) * 2 > len(quads)
    crops = [cut(bgr, quad) for quad in quads]
    flipped = [np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops]
    named = script_of(crops)
    # Where most lines could be read, they have told which way the page is turned.
    trials = [(each, on_head) for on_head in (False, True)[: 1 + is_unread(page)] for each in known]
    best: tuple[float, Guess | None] = (0.0, None)
    # Stable: what tesseract names comes first, either way up.
    for alphabet, on_head in sorted(trials, key=lambda trial: trial[0].name != named):
        well = _how_well(flipped if on_head else crops, alphabet)
        if well > max(best[0], _enough(alphabet, named)):
            best = (well, Guess(alphabet, _turn(standing=standing, on_head=on_head)))
        if well >= _VERY_WELL:
            break
    return best[1]


def _enough(alphabet: Alphabet, named: str | None) -> float:
    """How well a script must read the lines to be believed."""
    if alphabet.is_solid:
        return _VERY_WELL
    return _NAMED_WELL if alphabet.name == named else _WELL


def read_in_script(bgr: Raster, page: Page, alphabet: Alphabet) -> tuple[Found, ...]:
    """The lines of an upright page: each from the reader that knows it better."""
    items = [*page.found, *page.unread][:_MAX_LINES]
    # Letters it never saw the reader may take for Latin ones that stand on their head.
    quads = [_on_its_feet(item.quad) for item in items]
    crops = [cut(bgr, quad) for quad in quads]
    alone = read_lines(crops, _using(alphabet))
    # English beside the script reads Latin words in its lines, but takes letters that look alike.
    beside = read_lines(crops, (*_using(alphabet), *({"eng"} & languages())))
    chosen = []
    for item, quad, crop, *both in zip(items, quads, crops, alone, beside, strict=True):
        one, other = (_joined(words, alphabet, crop) for words in both)
        theirs = other if other.confidence > one.confidence + _CLOSE else one
        best = _better(item, theirs, alphabet, is_kept=item in page.found)
        if best is not None:
            chosen.append(Found(best, item.quad if best is item.words else quad))
    return tuple(chosen)


def _better(item: Found, theirs: Words, alphabet: Alphabet, *, is_kept: bool) -> Words | None:
    """Of the words of the two readers those to believe, if any."""
    is_sure = is_kept and _is_sure(item)
    letters = sum(map(str.isalpha, theirs.text))
    is_theirs = alphabet.count(theirs.text) * 2 > letters and theirs.confidence >= _LINE_SURE
    rival = item.words.confidence - _WORSE if is_sure else 0.0
    if is_theirs and theirs.confidence > rival:
        return theirs
    if is_sure:
        return item.words
    return theirs if theirs.confidence >= _SURE else None


def missing_script(bgr: Raster, page: Page) -> str | None:
    """How to get the script of a page that tesseract can name but not read."""
    crops = [cut(bgr, item.quad) for item in _doubtful(page)[:_MAX_LINES]]
    named = script_of(crops, sure=_NAMED_SURE)
    for alphabet in ALPHABETS:
        if alphabet.name == named and languages().isdisjoint(alphabet.languages):
            package = alphabet.languages[0]
            return f"It looks like {named}: apt-get install tesseract-ocr-{package}."
    return None


def _understood(page: Page) -> float:
    """The share of the written area that was surely read; 1 where nothing is written."""
    everything = [item for item in (*page.found, *page.unread) if _is_long(item)]
    total = sum(_area(item) for item in everything)
    return sum(_area(item) for item in everything if _is_sure(item)) / total if total else 1.0


def _doubtful(page: Page) -> list[Found]:
    lines = [item for item in (*page.found, *page.unread) if not _is_sure(item)]
    return sorted(filter(_is_very_long, lines), key=_area, reverse=True)


def _using(alphabet: Alphabet) -> tuple[str, ...]:
    return tuple(language for language in alphabet.languages if language in languages())


def _how_well(crops: Sequence[Raster], alphabet: Alphabet) -> float:
    """Mean confidence of the letters, those of other scripts counting nothing."""
    words = [word for line in read_lines(crops, _using(alphabet)) for word in line]
    own = [(alphabet.count(word.text), word.confidence) for word in words]
    letters = sum(sum(map(str.isalpha, word.text)) for word in words)
    count = sum(number for number, _ in own)
    if count < _MIN_LETTERS:
        return 0.0
    return sum(number * sure for number, sure in own) / max(count, letters)


def _joined(words: Sequence[Word], alphabet: Alphabet, crop: Raster) -> Words:
    """The words of a line as one text, with the place of each letter."""
    kept = [word for word in words if word.confidence >= _WORD_SURE]
    if not kept:
        return Words("", 0.0, ())
    whole = crop.shape[1] / crop.shape[0]
    pitch = _pitch(kept) if alphabet.is_square else 0.0
    text, stops = "", []
    for before, word in zip([None, *kept[:-1]], kept, strict=True):
        if before and (not alphabet.is_solid or _is_apart(before, word, pitch)):
            text += " "
            stops.append(word.left / whole)
        step = (word.right - word.left) / len(word.text)
        text += word.text
        stops += [(word.left + step * (index + 0.5)) / whole for index in range(len(word.text))]
    letters = sum(len(word.text) for word in kept)
    sure = sum(len(word.text) * word.confidence for word in kept) / letters
    places = tuple(round(min(1.0, max(0.0, stop)), 4) for stop in stops)
    return Words(text, round(sure, 4), places)


def _pitch(words: Sequence[Word]) -> float:
    """From one letter to the next inside a word, where most words are single letters; or 0."""
    steps = sorted(after.left - word.left for word, after in pairwise(words) if len(word.text) == 1)
    # Spaces are steps too: the middle of them all would be too wide.
    return steps[len(steps) // 3] if len(steps) * 2 > len(words) else 0.0


def _is_apart(before: Word, word: Word, pitch: float) -> bool:
    if pitch > 0 and len(before.text) == 1:
        return word.left - before.left > _WIDER * pitch
    return word.left - before.right > _SPACE


def _turn(*, standing: bool, on_head: bool) -> int:
    # A line that stands on end is taken to run downwards: such a page was turned clockwise.
    if standing:
        return 90 if on_head else 270
    return 180 if on_head else 0


def _is_sure(item: Found) -> bool:
    well = item.words.confidence >= _SURE and _has_letters(item) and not _is_sparse(item)
    return well and not _is_greek(item.words.text)


def _is_greek(text: str) -> bool:
    # The models know Greek letters from formulas, without accents.
    return _GREEK.count(text) * 3 > sum(map(str.isalpha, text))


def _has_letters(item: Found) -> bool:
    return any(char.isalnum() for char in item.words.text)


def _is_sparse(item: Found) -> bool:
    """Whether a line is read as mostly blanks: what the reader makes of letters it never saw."""
    text = item.words.text
    letters = sum(map(str.isalnum, text))
    short, long = _sides(item.quad)
    return letters < _SPARSE * long / short and letters * 2 < len(text)


def _is_long(item: Found) -> bool:
    short, long = _sides(item.quad)
    return long >= _LONG * short


def _is_very_long(item: Found) -> bool:
    # Words of a script, not the spots of a photograph: a trial costs seconds.
    short, long = _sides(item.quad)
    return long >= _VERY_LONG * short


def _on_its_feet(quad: Points) -> Points:
    return np.roll(quad, 2, axis=0) if quad[1][0] < quad[0][0] else quad


def _runs_down(quad: Points) -> bool:
    across, down = (abs(float(value)) for value in quad[1] - quad[0])
    return down > across


def _sides(quad: Points) -> tuple[float, float]:
    short, long = sorted(float(np.linalg.norm(quad[at] - quad[at - 1])) for at in (1, 2))
    return max(short, 1.0), max(long, 1.0)


def _area(item: Found) -> float:
    return float(cv2.contourArea(item.quad))
