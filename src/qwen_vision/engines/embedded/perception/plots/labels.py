"""Labels: the words along the category axis, put to the places they name."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Area, ground_of, off_ground
from qwen_vision.engines.embedded.perception.plots.words import ReadCrops, Word, reread

_INK: Final = 60
_FOOT_PX: Final = 4
_LETTERS: Final = 0.6
_LOOKS_LIKE: Final = {"8": "B", "1": "I", "|": "I", "0": "O", "5": "S", "2": "Z", "6": "G"}


def anchor(word: Word) -> float:
    """Where along the axis above it a word points: its middle, or the upper end of a slope."""
    if word.level or word.stands:
        return word.x
    half = 0.5 * word.height * 0.2
    # Clockwise angles run down to the right: such a line begins at the axis.
    return word.left + half if word.angle_deg > 0 else word.right - half


def label_row(words: Sequence[Word], edge: float, span: tuple[float, float]) -> list[Word]:
    """The words of the row of labels nearest under an edge, left to right.

    A second line of the labels belongs to it, a title of the axis does not.
    """
    left, right = span
    under = [
        word
        for word in words
        if word.top >= edge - 0.4 * word.height and left <= anchor(word) <= right
    ]
    if not under:
        return []
    first = min(under, key=lambda word: word.top)
    high = median(word.height for word in under)
    row = [
        word
        for word in under
        if (
            abs(word.y - first.y) <= 0.6 * high
            if word.level and first.level
            else word.top <= first.top + 1.2 * high
        )
    ]
    slanted = [word for word in row if not word.level]
    if len(slanted) * 2 > len(row):
        return sorted(slanted, key=anchor)
    bottom = max(word.bottom for word in row)
    second = [
        word for word in under if word not in row and word.level and word.top <= bottom + 0.4 * high
    ]
    lines = {word.line for word in second}
    if len(row) > 1 and len(lines) > 1 and len(second) * 2 >= len(row):
        row += second
    return sorted(row, key=anchor)


def as_letters(names: Sequence[str]) -> list[str]:
    """Labels of single letters, with digits among them read as the letters they look like.

    All get the case that most have. Other labels stay as they are.
    """
    letters = [name for name in names if len(name) == 1 and name.isalpha()]
    if len(letters) < _LETTERS * len(names) or any(len(name) > 1 for name in names):
        return list(names)
    alike = [_LOOKS_LIKE.get(name, name) for name in names]
    upper = sum(name.isupper() for name in letters) * 2 > len(letters)
    return [name.upper() if upper else name.lower() for name in alike]


def by_slot(row: Sequence[Word], slots: Sequence[float]) -> list[str]:
    """What each slot is called: the words nearest to it, line by line; "" for none."""
    reach = 0.55 * step_of(slots)
    held: list[list[Word]] = [[] for _ in slots]
    for word in row:
        at = min(range(len(slots)), key=lambda place: abs(slots[place] - anchor(word)))
        if abs(slots[at] - anchor(word)) <= reach:
            held[at].append(word)
    return [_joined(words) for words in held]


def _joined(words: Sequence[Word]) -> str:
    if not words:
        return ""
    high = max(word.height for word in words)
    ordered = sorted(words, key=lambda word: (round(word.y / max(high, 1)), word.left))
    text = " ".join(word.text for word in ordered)
    return _clean(text)


def _clean(text: str) -> str:
    """A label without the mark of its tick, which reads as a dash."""
    return text.strip(" |'`·-–—") or text


def step_of(slots: Sequence[float]) -> float:
    """The usual gap between two slots, in pixels; that of wide ones for a single slot."""
    if len(slots) < 2:
        return 60.0
    return median(right - left for left, right in pairwise(sorted(slots)))


def read_missing(
    rgb: Raster,
    row: Sequence[Word],
    slots: Sequence[float],
    *,
    names: Sequence[str],
    read: ReadCrops,
) -> list[str]:
    """The names, looked for again where their print must stand and was not read, or not to its end.

    Of print that stands on end the reader of lines may lose a part.
    """
    stands = sum(word.stands for word in row) * 2 > len(row)
    again = [at for at, name in enumerate(names) if stands or not name]
    if not again or not row:
        return list(names)
    band = Area(
        0,
        max(0, int(min(w.top for w in row)) - 2),
        rgb.shape[1],
        int(max(w.bottom for w in row)) + 3,
    )
    half = 0.5 * step_of(slots)
    boxes = {}
    for at in again:
        box = _ink_box(rgb, band, left=slots[at] - half, right=slots[at] + half)
        # What the side of the slot cuts is the label of a neighbour.
        if box is not None and box[0] > slots[at] - half - 1 and box[2] < slots[at] + half + 1:
            boxes[at] = box
    texts = reread(rgb, list(boxes.values()), read, quarter_turns=_quarter(row) if stands else 0)
    return _filled(names, boxes, texts)


def _quarter(row: Sequence[Word]) -> int:
    """Quarter turns anticlockwise that lay standing labels level: they mostly run upwards."""
    down = sum(word.angle_deg > 0 for word in row)
    return 1 if down * 2 > len(row) else -1


def _ink_box(
    rgb: Raster, band: Area, *, left: float, right: float
) -> tuple[int, int, int, int] | None:
    """The box around the print in a part of a band."""
    part = Area(max(0, round(left)), band.top, min(rgb.shape[1], round(right)), band.bottom)
    pixels = part.of(rgb)
    if not pixels.size:
        return None
    ink = off_ground(pixels, ground_of(pixels)) > _INK
    free = np.flatnonzero(~ink.any(axis=1))
    if len(free) and free[0] <= _FOOT_PX:
        # The foot of the bars, or the line they stand on, is no print.
        ink[: free[0]] = False
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(columns) or len(rows) < 4:
        return None
    return (
        int(part.left + columns[0] - 2),
        int(part.top + rows[0] - 2) if part.top + rows[0] >= 2 else 0,
        int(part.left + columns[-1] + 3),
        int(part.top + rows[-1] + 3),
    )


def names_beside(
    words: Sequence[Word], rgb: Raster, slots: Sequence[float], *, edge: float, read: ReadCrops
) -> tuple[list[str], list[Word]]:
    """What the slots of lying bars are called: the level words left of an edge, row by row."""
    reach = 0.5 * step_of(slots)
    left = [word for word in words if word.level and word.right <= edge + 0.3 * word.height]
    held: list[list[Word]] = [[] for _ in slots]
    for word in left:
        at = min(range(len(slots)), key=lambda place: abs(slots[place] - word.y))
        if abs(slots[at] - word.y) <= reach:
            held[at].append(word)
    held = [_without_lone(row, held) for row in held]
    names = [_joined(row) for row in held]
    used = [word for row in held for word in row]
    missing = [at for at, name in enumerate(names) if not name]
    start = min([word.left - 3 for word in used] or [edge])
    boxes = {}
    for at in missing:
        band = Area(0, max(0, int(slots[at] - reach)), rgb.shape[1], int(slots[at] + reach) + 1)
        box = _ink_box(rgb, band, left=max(0.0, start), right=edge - 2)
        if box is not None:
            boxes[at] = box
    return _filled(names, boxes, reread(rgb, list(boxes.values()), read)), used


def _filled(names: Sequence[str], places: Iterable[int], texts: Iterable[str]) -> list[str]:
    """The names with what was read at some places, where that holds what was read before."""
    filled = list(names)
    for at, text in zip(places, texts, strict=True):
        if filled[at] in text:
            filled[at] = _clean(text)
    return filled


def _without_lone(row: Sequence[Word], rows: Sequence[Sequence[Word]]) -> list[Word]:
    """A row without a letter that stands apart left of all labels: a title of the axis."""
    ordered = sorted(row, key=lambda word: word.left)
    others = [word.left for other in rows if other is not row for word in other]
    if len(ordered) < 2 or not others or len(ordered[0].text) > 1:
        return ordered
    first, second = ordered[:2]
    is_apart = second.left - first.right > 0.28 * first.height
    return ordered[1:] if is_apart and first.right < min(others) else ordered


def joined_labels(row: Sequence[Word]) -> list[tuple[float, str]]:
    """The labels of a row with where each points: words of one line side by side are one."""
    labels: list[list[Word]] = []
    for word in row:
        last = labels[-1][-1] if labels else None
        if (
            last is not None
            and last.line == word.line
            and word.level
            and word.left - last.right <= 0.5 * word.height
            and (word.number is None or last.number is None)
        ):
            labels[-1].append(word)
        else:
            labels.append([word])
    return [
        (
            anchor(words[0]) if len(words) == 1 else (words[0].left + words[-1].right) / 2,
            " ".join(word.text for word in words),
        )
        for words in labels
    ]
