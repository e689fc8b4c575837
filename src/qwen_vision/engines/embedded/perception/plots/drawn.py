"""Drawn: charts of lines, areas and dots, put together from strokes, scale and words."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low
from typing import Final

from qwen_vision.engines.embedded.facts import Box, Chart, ChartMark, around
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.picture import color_name
from qwen_vision.engines.embedded.perception.plots.curves import (
    Curve,
    find_curves,
    height_at,
    is_stepped,
    under,
)
from qwen_vision.engines.embedded.perception.plots.dots import find_dots
from qwen_vision.engines.embedded.perception.plots.framing import chart_titles
from qwen_vision.engines.embedded.perception.plots.labels import joined_labels, label_row, step_of
from qwen_vision.engines.embedded.perception.plots.numbers import plain_text
from qwen_vision.engines.embedded.perception.plots.paint import Area, Color
from qwen_vision.engines.embedded.perception.plots.scales import Scale
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.snap import snapped
from qwen_vision.engines.embedded.perception.plots.strokes import Stroke, find_strokes

_FEWEST: Final = 2
_ENDS: Final = 0.2
_ABREAST_PX: Final = 8


def read_curves(sheet: Sheet, scale: Scale) -> Chart | None:
    """The chart of lines or areas on a scale, measured over each label of the other axis."""
    area, strokes = _strokes(sheet, scale)
    scale = snapped(sheet.rgb, sheet.ground_in(area), scale)
    foot = min(max(scale.px(0.0), scale.low_px), scale.high_px + scale.gap_px) - area.top
    curves = find_curves(strokes, foot if not scale.is_log else None)
    bands = {id(curve): under(curve, curves) for curve in curves if curve.is_band}
    if not curves or None in bands.values():
        return None
    ticks = {id(word) for _, word in scale.ticks}
    words = [word for word in sheet.plain_words if id(word) not in ticks]
    first = area.left + min(curve.first for curve in curves)
    last = area.left + max(curve.last for curve in curves)
    reach = 0.08 * (last - first)
    row = label_row(words, scale.high_px, (first - reach, last + reach))
    labels = joined_labels(row)
    step = step_of([x for x, _ in labels])
    plot = (area, scale)
    marks = [
        mark
        for curve in curves
        for x, name in labels
        if (mark := _mark(sheet, plot, (curve, bands.get(id(curve))), at=(x, name), step=step))
    ]
    if len(marks) < _FEWEST:
        return None
    if len(curves) == 1:
        marks = [_without_series(mark) for mark in marks]
    titles = chart_titles(sheet, marks, scale=scale, labels=row, lies=False)
    return Chart(
        _kind(curves),
        tuple(marks),
        around(mark.box for mark in marks),
        title=titles.title,
        x_title=titles.under,
        y_title=titles.beside,
        is_stacked=bool(bands),
        is_log=scale.is_log,
        unread=len(curves) * _unnamed([x for x, _ in labels], first, last),
    )


def _unnamed(places: Sequence[float], first: float, last: float) -> int:
    """How many places of labels between and beside those that were read hold none."""
    # The second line of a label stands under the first.
    gaps = [gap for left, right in pairwise(places) if (gap := right - left) > _ABREAST_PX]
    step = median_low(gaps or [last - first])
    # A line may run on for half a step beside its first and its last label.
    beside = [(places[0] - first) / step - _ENDS, (last - places[-1]) / step - _ENDS]
    between = [gap / step - 1 for gap in gaps]
    return sum(max(0, round(gap)) for gap in (*beside, *between))


def _kind(curves: Sequence[Curve]) -> str:
    if not all(curve.is_area or curve.is_band for curve in curves):
        return "line"
    # Bars that touch one another are one shape with steps.
    return "bar" if all(is_stepped(curve) for curve in curves) else "area"


def _mark(
    sheet: Sheet,
    plot: tuple[Area, Scale],
    pair: tuple[Curve, Curve | None],
    *,
    at: tuple[float, str],
    step: float,
) -> ChartMark | None:
    """A curve over the label `at` a place, above the one it stands on if it is a band."""
    (area, scale), (curve, base), (x, name) = plot, pair, at
    row = height_at(curve, x - area.left, step_px=step)
    foot = height_at(base, x - area.left, step_px=step) if base is not None else None
    if row is None:
        return None
    y = row + area.top
    value = scale.value(y) - (scale.value(foot + area.top) if foot is not None else 0.0)
    value = scale.rounded(value, y)
    box = Box(x - 4, y - 4, x + 4, y + 4)
    series = sheet.name_of(curve.color) or color_name(curve.color)
    return ChartMark(name, series, value, plain_text(value), box)


def _without_series(mark: ChartMark) -> ChartMark:
    return ChartMark(mark.category, "", mark.value, mark.text, mark.box)


def read_dots(sheet: Sheet, upright: Scale, level: Scale) -> Chart | None:
    """The scatter plot on two scales: how many points it has and their ranges."""
    area, strokes = _strokes(sheet, upright)
    dots = find_dots(strokes)
    if not dots:
        return None
    xs = [level.value(x + area.left) for x, _, _ in dots]
    ys = [upright.value(y + area.top) for _, y, _ in dots]
    marks = [
        ChartMark(
            "",
            "",
            0.0,
            "",
            Box(x + area.left - r, y + area.top - r, x + area.left + r, y + area.top + r),
        )
        for x, y, r in dots
    ]
    labels = [word for _, word in level.ticks]
    titles = chart_titles(sheet, marks, scale=upright, labels=labels, lies=False)
    return Chart(
        "scatter",
        (),
        around(mark.box for mark in marks),
        title=titles.title,
        x_title=titles.under,
        y_title=titles.beside,
        dots=len(dots),
        ranges=(
            (_rounded(level, min(xs)), _rounded(level, max(xs))),
            (_rounded(upright, min(ys)), _rounded(upright, max(ys))),
        ),
    )


def _rounded(scale: Scale, value: float) -> float:
    return scale.rounded(value, scale.px(value))


def _strokes(sheet: Sheet, scale: Scale) -> tuple[Area, list[Stroke]]:
    """The coloured strokes beside an axis, without the print and the legend among them."""
    area = sheet.plot_area(scale)
    ground = sheet.ground_in(area)
    pixels = area.of(sheet.rgb).copy()
    for word in sheet.words:
        # A ring or a dot may be read as a letter.
        if word.confidence > 0.8 and (len(word.text) > 1 or word.left < area.left):
            _clear(pixels, area, box=(word.left, word.top, word.right, word.bottom), ground=ground)
    for key in sheet.keys:
        _clear(pixels, area, box=key.box, ground=ground)
    hints = [key.color for key in sheet.keys]
    return area, find_strokes(pixels, ground, hints=hints)


def _clear(
    pixels: Raster, area: Area, *, box: tuple[float, float, float, float], ground: Color
) -> None:
    left, top = max(0, int(box[0]) - area.left), max(0, int(box[1]) - area.top)
    right, bottom = int(box[2]) + 1 - area.left, int(box[3]) + 1 - area.top
    if right > left and bottom > top:
        pixels[top:bottom, left:right] = ground
