"""Reader: a picture and its lines of text -> the chart it shows, or None."""

from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import Chart, TextLine
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.axes import level_axes, upright_axes
from qwen_vision.engines.embedded.perception.plots.barred import read_bars
from qwen_vision.engines.embedded.perception.plots.drawn import read_curves, read_dots
from qwen_vision.engines.embedded.perception.plots.labels import joined_labels, label_row
from qwen_vision.engines.embedded.perception.plots.legend import find_legend
from qwen_vision.engines.embedded.perception.plots.paint import is_flat, page_ground
from qwen_vision.engines.embedded.perception.plots.patches import unread_names
from qwen_vision.engines.embedded.perception.plots.pies import read_pie
from qwen_vision.engines.embedded.perception.plots.scales import Scale
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.slices import find_disc
from qwen_vision.engines.embedded.perception.plots.words import ReadCrops, as_powers, words_of

_TICKS: Final = 3
_SURE_TICKS: Final = 4


def read_chart(rgb: Raster, lines: Sequence[TextLine], read: ReadCrops) -> Chart | None:
    """The chart in a picture (RGB) whose text is `lines`; None when it shows none.

    A picture that was not drawn by a program, or that has neither an axis of evenly spaced
    numbers nor a disc cut in sectors, is told from a chart at a cost of a few milliseconds.
    """
    if min(rgb.shape[:2]) < 60 or not is_flat(rgb):
        return None
    words = as_powers(words_of(lines))
    columns, rows = upright_axes(words), level_axes(words)
    ground = page_ground(rgb)
    if not columns and not rows:
        # Two ticks, one of them zero, are an axis where bars stand on that zero.
        columns, rows = upright_axes(words, least=2), level_axes(words, least=2)
    disc = find_disc(rgb, ground) if not columns or not rows else None
    if not columns and not rows and disc is None:
        return None
    words += unread_names(rgb, ground, words, read=read)
    sheet = Sheet(rgb, ground, tuple(words), tuple(find_legend(rgb, ground, words)), read)
    charted = _on_axes(sheet, columns, rows)
    return read_pie(sheet, disc) if charted is None and disc is not None else charted


def axis_labels(lines: Sequence[TextLine]) -> tuple[str, ...]:
    """The labels along the foot of what stands as a chart; empty when nothing does.

    Four evenly spaced numbers, one above the other, with a row of words under them.
    """
    words = words_of(lines)
    for scale in upright_axes(words, least=_SURE_TICKS):
        ticks = {id(word) for _, word in scale.ticks}
        right = max(word.right for _, word in scale.ticks)
        end = max(word.right for word in words)
        others = [word for word in words if id(word) not in ticks]
        labels = joined_labels(label_row(others, scale.high_px, (right, end)))
        if len(labels) > 1:
            return tuple(name for _, name in labels)
    return ()


def _on_axes(sheet: Sheet, columns: Sequence[Scale], rows: Sequence[Scale]) -> Chart | None:
    """The chart that stands on the first scale that holds one."""
    standing = read_bars(sheet, columns[0], lies=False) if columns else None
    lying = read_bars(sheet, rows[0], lies=True) if rows else None
    bars = [chart for chart in (standing, lying) if chart is not None]
    if bars:
        return max(bars, key=lambda chart: len(chart.marks))
    columns = [scale for scale in columns if len(scale.ticks) >= _TICKS]
    rows = [scale for scale in rows if len(scale.ticks) >= _TICKS]
    curves = read_curves(sheet, columns[0]) if columns else None
    if curves is None and columns and rows:
        return read_dots(sheet, columns[0], rows[0])
    return curves
