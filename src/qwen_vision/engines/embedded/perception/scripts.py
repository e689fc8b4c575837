"""Text the models can not read: notices it, and asks tesseract when that is installed."""

import io
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Quad, TextLine
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.text import Found, Page

UNREAD_NOTE = (
    "Some of the text could not be read: it is blurred, or it looks like a script this OCR "
    "cannot read (it reads Latin letters, Chinese and Japanese)."
)
UNREAD_WAY_OUT = "For other scripts install tesseract with its language files."

_SURE = 0.8
_MOSTLY = 0.4
_LONG = 1.6
_DOUBTFUL_KEEP = 0.65
_TESSERACT_SURE = 50.0
_TIMEOUT_S = 60
# Scripts beyond Latin, Chinese and Japanese, by tesseract's names of languages.
_LANGUAGES = (
    *("kor", "rus", "ukr", "bel", "bul", "srp", "mkd", "ell", "heb", "ara", "fas", "urd"),
    *("hin", "mar", "nep", "ben", "tam", "tel", "kan", "mal", "guj", "pan", "tha", "khm"),
    *("lao", "mya", "kat", "hye", "amh"),
)


def is_unread(page: Page) -> bool:
    """Whether most of the text on a page was found but not understood.

    Spots that look like one letter are none: photographs are full of them.
    """
    everything = [item for item in (*page.found, *page.unread) if _is_long(item)]
    total = sum(_area(item) for item in everything)
    sure = sum(_area(item) for item in everything if _is_sure(item))
    return total > 0 and sure < _MOSTLY * total


def believable(found: Sequence[Found]) -> tuple[Found, ...]:
    """Of the lines of an unread page those that may still be right."""
    return tuple(
        item for item in found if item.words.confidence >= _DOUBTFUL_KEEP and _has_letters(item)
    )


@cache
def other_languages() -> str:
    """Languages of other scripts that an installed tesseract knows, joined by +; or nothing."""
    program = shutil.which("tesseract")
    if program is None:
        return ""
    listed = subprocess.run(  # noqa: S603 - a program of this machine, no input
        [program, "--list-langs"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    known = set(listed.stdout.split())
    return "+".join(language for language in _LANGUAGES if language in known)


def read_other_scripts(bgr: Raster) -> list[TextLine]:
    """What tesseract reads in a picture, line by line; nothing where it is not installed."""
    program, languages = shutil.which("tesseract"), other_languages()
    if program is None or not languages:
        return []
    done, png = cv2.imencode(".png", bgr)
    command = [program, "stdin", "stdout", "-l", languages, "--psm", "6", "tsv"]
    answer = subprocess.run(  # noqa: S603 - a program of this machine, no shell
        command,
        input=png.tobytes() if done else b"",
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return _lines(answer.stdout.decode("utf-8", "replace"))


def _lines(table: str) -> list[TextLine]:
    """The lines in tesseract's table of words; words it doubts are left out."""
    grouped: dict[tuple[str, ...], list[list[str]]] = {}
    for row in io.StringIO(table):
        fields = row.rstrip("\n").split("\t")
        if len(fields) == 12 and fields[0] == "5" and float(fields[10]) >= _TESSERACT_SURE:
            grouped.setdefault(tuple(fields[1:5]), []).append(fields)
    return [_line(words) for words in grouped.values()]


def _line(words: Sequence[Sequence[str]]) -> TextLine:
    lefts, tops, widths, heights = (
        [float(word[place]) for word in words] for place in (6, 7, 8, 9)
    )
    left, top = min(lefts), min(tops)
    right = max(start + width for start, width in zip(lefts, widths, strict=True))
    bottom = max(start + height for start, height in zip(tops, heights, strict=True))
    quad: Quad = ((left, top), (right, top), (right, bottom), (left, bottom))
    confidence = sum(float(word[10]) for word in words) / len(words) / 100
    return TextLine(" ".join(word[11] for word in words), quad, round(confidence, 4))


def _is_sure(item: Found) -> bool:
    return item.words.confidence >= _SURE and _has_letters(item)


def _has_letters(item: Found) -> bool:
    return any(char.isalnum() for char in item.words.text)


def _is_long(item: Found) -> bool:
    sides = sorted(
        float(np.linalg.norm(item.quad[corner] - item.quad[corner - 1])) for corner in (1, 2)
    )
    return sides[1] >= _LONG * sides[0]


def _area(item: Found) -> float:
    return float(cv2.contourArea(item.quad))
