"""Asks the program tesseract, when it is installed. It reads one sheet of lines at a time."""

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster

_TIMEOUT_S = 60
_LETTERS_PX = 44
_GAP_PX = 26
_MARGIN_PX = 20
# Print alone changes the mean light along a line less than this part of its contrast.
_SHADOW = 0.35
_MAX_WIDTH_PX = 3000
# Direction marks that nobody printed, and the micro sign for the Greek letter mu.
_MENDED = {0x200E: None, 0x200F: None, 0xB5: 0x3BC}


@dataclass(frozen=True, slots=True)
class Word:
    """A word tesseract read, its confidence 0 to 1, and its ends in heights of the line."""

    text: str
    confidence: float
    left: float
    right: float


@cache
def languages() -> frozenset[str]:
    """The languages of an installed tesseract; none where it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    listed = subprocess.run(  # noqa: S603 - a program of this machine, no input
        [program, "--list-langs"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    return frozenset(listed.stdout.split())


def read_lines(crops: Sequence[Raster], using: Sequence[str]) -> list[list[Word]]:
    """The words of each crop (BGR, one upright line each), read in the languages `using`."""
    strips = [_strip(crop) for crop in crops]
    answer = _ask(_sheet(strips), "-l", "+".join(using), "--psm", "6", "tsv")
    found: list[list[Word]] = [[] for _ in crops]
    pitch = _LETTERS_PX + _GAP_PX
    for row in io.StringIO(answer):
        fields = row.rstrip("\n").split("\t")
        if len(fields) != 12 or fields[0] != "5":
            continue
        left, top, width, height = (int(field) for field in fields[6:10])
        index = int((top + height / 2 - _MARGIN_PX + _GAP_PX / 2) // pitch)
        text = fields[11].translate(_MENDED).strip()
        if text and 0 <= index < len(found):
            start = (left - _MARGIN_PX) / _LETTERS_PX
            end = start + width / _LETTERS_PX
            found[index].append(Word(text, float(fields[10]) / 100, start, end))
    return found


def script_of(crops: Sequence[Raster], *, sure: float = 1.0) -> str | None:
    """The name tesseract gives the script of some lines; None when it is less `sure`."""
    if "osd" not in languages() or not crops:
        return None
    answer = _ask(_sheet([_strip(crop) for crop in crops]), "--psm", "0")
    named = re.search(r"^Script: (\w+)\nScript confidence: ([\d.]+)", answer, re.MULTILINE)
    return named[1] if named and float(named[2]) >= sure else None


def _ask(sheet: Raster, *options: str) -> str:
    runner = shutil.which("env")
    _, png = cv2.imencode(".png", sheet)
    # Its threads cost more than they bring on a sheet of lines.
    one_thread = [runner, "OMP_THREAD_LIMIT=1"] if runner else []
    answer = subprocess.run(  # noqa: S603 - a program of this machine, no shell
        [*one_thread, "tesseract", "stdin", "stdout", *options],
        input=png.tobytes(),
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return answer.stdout.decode("utf-8", "replace")


def _strip(crop: Raster) -> Raster:
    """The line in dark on light, its ink and paper far apart, as high as all others."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    across = max(1, min(_MAX_WIDTH_PX, round(width * _LETTERS_PX / height)))
    grey = cv2.resize(grey, (across, _LETTERS_PX), interpolation=_filter(height))
    level = grey.astype(np.float32)
    dark, light = np.percentile(level, (1, 99))
    ground = cv2.GaussianBlur(level, (0, 0), _LETTERS_PX)
    if np.ptp(ground) > _SHADOW * (light - dark):
        # A shadow over the page is no ink: what changes slowly along the line is taken away.
        level -= ground
        dark, light = np.percentile(level, (1, 99))
    spread = (level - dark) * (255 / max(1.0, float(light - dark)))
    strip: Raster = np.clip(spread, 0, 255).astype(np.uint8)
    return 255 - strip if np.median(strip) < 128 else strip


def _filter(height: int) -> int:
    return cv2.INTER_AREA if height > _LETTERS_PX else cv2.INTER_CUBIC


def _sheet(strips: Sequence[Raster]) -> Raster:
    pitch = _LETTERS_PX + _GAP_PX
    width = max(strip.shape[1] for strip in strips) + 2 * _MARGIN_PX
    sheet: Raster = np.full((len(strips) * pitch - _GAP_PX + 2 * _MARGIN_PX, width), 255, np.uint8)
    for index, strip in enumerate(strips):
        top = _MARGIN_PX + index * pitch
        sheet[top : top + _LETTERS_PX, _MARGIN_PX : _MARGIN_PX + strip.shape[1]] = strip
    return sheet
