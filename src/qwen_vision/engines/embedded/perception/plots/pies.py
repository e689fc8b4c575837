"""Pies: a disc or a ring of slices with the names that a legend or words nearby give them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Final

from qwen_vision.engines.embedded.facts import Box, Chart, ChartMark
from qwen_vision.engines.embedded.perception.plots.labels import as_letters
from qwen_vision.engines.embedded.perception.plots.legend import find_legend
from qwen_vision.engines.embedded.perception.plots.numbers import plain_text
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.slices import (
    Disc,
    Slice,
    find_slices,
    words_at,
)
from qwen_vision.engines.embedded.perception.plots.spots import find_spots
from qwen_vision.engines.embedded.perception.plots.titles import Frame, find_titles
from qwen_vision.engines.embedded.perception.plots.words import Word

_MOST_SLICES: Final = 24
_NAMED: Final = 0.5
# A printed percentage is believed where the slice was measured about as large.
_NEAR_PERCENT: Final = 2.5


def read_pie(sheet: Sheet, disc: Disc) -> Chart | None:
    """The pie or ring that a disc is; None unless half its slices are named."""
    slices = find_slices(sheet.rgb, sheet.ground, disc)
    if not 2 <= len(slices) <= _MOST_SLICES:
        return None
    if not sheet.keys:
        sheet = _with_lone_letters(sheet, disc)
    frame = Frame(
        disc.x - disc.radius, disc.y - disc.radius, disc.x + disc.radius, disc.y + disc.radius,
        -1.0, sheet.rgb.shape[0],
    )  # fmt: skip
    heading = _heading(sheet, disc)
    told = [_told(sheet, disc, piece, slices=slices, heading=heading) for piece in slices]
    # A name that several slices seem to have is not surely that of any.
    times = Counter(name for name, _, _ in told)
    marks = [
        _mark(name, text, share=round(100 * piece.share, 1), disc=disc)
        for piece, (name, text, _) in zip(slices, told, strict=True)
        if name and times[name] == 1
    ]
    if len(marks) < max(2, _NAMED * len(slices)):
        return None
    used = [word for _, _, words in told for word in words]
    title = (
        " ".join(word.text for word in heading) or find_titles(sheet.plain_words, frame, used).title
    )
    return Chart(
        "pie",
        tuple(_lettered(marks)),
        _box(disc),
        title=title,
        unread=len(slices) - len(marks),
    )


def _mark(name: str, text: str, *, share: float, disc: Disc) -> ChartMark:
    """A slice: its printed percentage, or ("" for none) the share that was measured."""
    value = float(text.rstrip("% ")) if text else share
    return ChartMark(
        name, "", value, text or f"{plain_text(share)}%", _box(disc), printed=bool(text)
    )


def _heading(sheet: Sheet, disc: Disc) -> list[Word]:
    """The first line over a disc when it stands in its middle or in larger print: its title."""
    over = [word for word in sheet.plain_words if word.level and word.bottom < disc.y - disc.radius]
    if not over:
        return []
    first = min(over, key=lambda word: word.top)
    line = sorted(
        (word for word in over if abs(word.y - first.y) < 0.5 * first.height),
        key=lambda word: word.left,
    )
    middle = (line[0].left + line[-1].right) / 2
    others = [word.height for word in sheet.words if word not in line]
    is_larger = bool(others) and first.height > 1.15 * median(others)
    is_text = sum(map(str.isalpha, "".join(word.text for word in line))) > 2
    return line if is_text and (is_larger or abs(middle - disc.x) < 0.12 * disc.radius) else []


def _lettered(marks: Sequence[ChartMark]) -> list[ChartMark]:
    names = as_letters([mark.category for mark in marks])
    return [replace(mark, category=name) for mark, name in zip(marks, names, strict=True)]


def _told(
    sheet: Sheet,
    disc: Disc,
    piece: Slice,
    *,
    slices: Sequence[Slice],
    heading: Sequence[Word],
) -> tuple[str, str, list[Word]]:
    """The name of a slice, its printed percentage ("" for none), and the words of both."""
    inside, outside = words_at(
        piece,
        disc,
        words=[word for word in sheet.plain_words if word not in heading],
        slices=slices,
    )
    near = [*inside, *outside]
    percents = [
        word
        for word in near
        if word.text.endswith("%")
        and word.number is not None
        and abs(word.number - 100 * piece.share) <= _NEAR_PERCENT
    ]
    text = percents[0].text if percents else ""
    name = sheet.name_of(piece.color)
    if name:
        return name, text, near
    plain = [word for word in near if word.number is None] or [
        word for word in outside if word not in percents
    ]
    plain = [word for word in plain if word in outside] or plain
    ordered = sorted(plain, key=lambda word: (word.line, word.left))
    return " ".join(word.text for word in ordered), text, near


def _with_lone_letters(sheet: Sheet, disc: Disc) -> Sheet:
    """The sheet with short words around the disc that the reader of lines passed over."""
    found = find_spots(sheet, disc)
    if not found:
        return sheet
    words = (*sheet.words, *found)
    return replace(sheet, words=words, keys=tuple(find_legend(sheet.rgb, sheet.ground, words)))


def _box(disc: Disc) -> Box:
    return Box(
        disc.x - disc.radius, disc.y - disc.radius, disc.x + disc.radius, disc.y + disc.radius
    )
