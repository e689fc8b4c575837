"""Barred: a chart of bars, standing or lying, put together from its rectangles and words."""

from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import Box, Chart, ChartMark, around
from qwen_vision.engines.embedded.perception.picture import color_name
from qwen_vision.engines.embedded.perception.plots.bars import Bar, Bars, find_bars
from qwen_vision.engines.embedded.perception.plots.framing import chart_titles, turned_scale
from qwen_vision.engines.embedded.perception.plots.labels import (
    as_letters,
    by_slot,
    label_row,
    names_beside,
    read_missing,
    step_of,
)
from qwen_vision.engines.embedded.perception.plots.numbers import plain_text
from qwen_vision.engines.embedded.perception.plots.paint import Area, Color, flat_colors
from qwen_vision.engines.embedded.perception.plots.rects import Rect, find_rects
from qwen_vision.engines.embedded.perception.plots.scales import Scale
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.snap import foot_line, snapped
from qwen_vision.engines.embedded.perception.plots.words import Word

_DISTINCT: Final = 0.8
# A printed number is believed where the bar was measured about as long.
_PRINTED_NEAR: Final = 0.06
# The one that stands at its very end may be farther from it.
_AT_END_NEAR: Final = 0.12


def read_bars(sheet: Sheet, scale: Scale, *, lies: bool) -> Chart | None:
    """The chart of bars on a scale; None where no two bars stand on one line."""
    view = sheet.turned() if lies else sheet
    if lies:
        scale = turned_scale(scale)
    ground = view.ground_in(view.plot_area(scale))
    # Bars may reach far beyond the ticks that could be read.
    area = view.plot_area(scale, is_whole=True)
    if not lies:
        scale = snapped(view.rgb, ground, scale)
    rects = _rects(view, area, ground)
    bars = find_bars(
        rects, scale, lambda found, foot: foot_line(view.rgb, ground, found, foot=foot)
    )
    if bars is None:
        return None
    names, labels = _names(sheet, bars, lies=lies)
    marks = _marks(view, bars, scale, names=as_letters(names), lies=lies)
    unread = len(bars.bars) - len(marks)
    places = {(mark.category, mark.series) for mark in marks}
    # Names that come again and again are those of a grid of cells.
    if len(marks) < 2 or len(marks) < unread or len(places) < _DISTINCT * len(marks):
        return None
    titles = chart_titles(sheet, marks, scale=bars.scale, labels=labels, lies=lies)
    return Chart(
        "bar",
        tuple(marks),
        around(mark.box for mark in marks),
        title=titles.title,
        x_title=titles.under,
        y_title=titles.beside,
        lies=lies,
        is_stacked=bars.is_stacked,
        is_log=scale.is_log,
        unread=unread,
    )


def _marks(
    view: Sheet, bars: Bars, scale: Scale, *, names: Sequence[str], lies: bool
) -> list[ChartMark]:
    """What each bar tells; one without a name, or half behind another, tells nothing."""
    ticks = {id(word) for _, word in scale.ticks}
    several = _are_several(bars)
    marks = []
    for bar in bars.bars:
        name = names[bar.slot]
        series = view.name_of(bar.rect.color) if several else ""
        if not name or _is_hidden(view, bar.rect):
            continue
        if several and not series:
            series = color_name(bar.rect.color)
        printed = _printed(view, bar, bars=bars, ticks=ticks)
        text = printed or plain_text(bar.value)
        value = bar.value if not printed else (_number(printed) or bar.value)
        marks.append(ChartMark(name, series, value, text, _box(bar.rect, lies=lies), bool(printed)))
    return marks


def _rects(view: Sheet, area: Area, ground: Color) -> list[Rect]:
    rects = find_rects(view.rgb, area, flat_colors(area.of(view.rgb), ground))
    return [
        rect
        for rect in rects
        if not any(_meets(rect, key.box) for key in view.keys)
        and not any(_is_letter(rect, word) for word in view.words)
    ]


def _is_letter(rect: Rect, word: Word) -> bool:
    """Whether a rectangle is a stroke of a word."""
    return (
        word.left - 1 <= rect.left
        and rect.right <= word.right + 1
        and word.top - 1 <= rect.top
        and rect.bottom <= word.bottom + 1
    )


def _meets(rect: Rect, box: tuple[float, float, float, float]) -> bool:
    x, y = rect.x, (rect.top + rect.bottom) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _is_hidden(view: Sheet, rect: Rect) -> bool:
    """Whether a bar runs into the legend, so that its end may lie under it."""
    if not view.keys:
        return False
    pad = 0.8 * (view.keys[0].box[3] - view.keys[0].box[1])
    left = min(key.box[0] for key in view.keys) - pad
    right = max(key.box[2] for key in view.keys) + pad
    top = min(key.box[1] for key in view.keys) - pad
    bottom = max(key.box[3] for key in view.keys) + pad
    return (
        left < rect.right
        and rect.left < right
        and any(top < end < bottom for end in (rect.top, rect.bottom))
    )


def _are_several(bars: Bars) -> bool:
    """Whether a place holds several bars, so that a series tells them apart."""
    return len(bars.bars) > len(bars.slots)


def _names(sheet: Sheet, bars: Bars, *, lies: bool) -> tuple[list[str], list[Word]]:
    """What each slot is called, and the words that say so."""
    ticks = {id(word) for _, word in bars.scale.ticks}
    if lies:
        edge = min(min(bar.rect.top for bar in bars.bars), bars.scale.low_px)
        words = sheet.plain_words
        return names_beside(words, sheet.rgb, bars.slots, edge=edge, read=sheet.read)
    words = [word for word in sheet.plain_words if id(word) not in ticks]
    step = step_of(bars.slots)
    span = (bars.slots[0] - 0.6 * step, bars.slots[-1] + 0.6 * step)
    edge = max(max(bar.rect.bottom for bar in bars.bars), bars.scale.high_px)
    row = label_row(words, edge, span)
    names = by_slot(row, bars.slots)
    return read_missing(sheet.rgb, row, bars.slots, names=names, read=sheet.read), row


def _printed(view: Sheet, bar: Bar, *, bars: Bars, ticks: set[int]) -> str:
    """The number printed at the end of a bar or in it, if it is about what was measured."""
    rect = bar.rect
    whole = abs(bars.scale.value(bars.scale.low_px) - bars.scale.value(bars.scale.high_px))
    free = rect.top if abs(rect.bottom - bars.foot) <= abs(rect.top - bars.foot) else rect.bottom
    found: list[tuple[float, float, str]] = []
    for word in view.plain_words:
        value = word.number
        if value is None or id(word) in ticks:
            continue
        high = max(word.bottom - word.top, word.height)
        beside = rect.left - 0.25 * rect.width <= word.x <= rect.right + 0.25 * rect.width
        inside = rect.top <= word.y <= rect.bottom
        at_end = abs(word.y - free) <= 1.6 * high
        off = abs(value - bar.value)
        near = _AT_END_NEAR if at_end and not bars.is_stacked else _PRINTED_NEAR
        if beside and (inside or at_end) and off <= near * whole:
            found.append((0.0 if at_end else 1.0, off, word.text))
    return min(found)[2] if found else ""


def _number(text: str) -> float | None:
    return Word(text, 0, 0, 0, 0, 0).number


def _box(rect: Rect, *, lies: bool) -> Box:
    if lies:
        return Box(rect.top, rect.left, rect.bottom, rect.right)
    return Box(rect.left, rect.top, rect.right, rect.bottom)
