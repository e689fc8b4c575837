"""Framing: where a chart's marks end and its words begin, and what its titles are."""

from collections.abc import Sequence
from dataclasses import replace

from qwen_vision.engines.embedded.facts import ChartMark, around
from qwen_vision.engines.embedded.perception.plots.scales import Scale
from qwen_vision.engines.embedded.perception.plots.sheet import Sheet
from qwen_vision.engines.embedded.perception.plots.titles import Frame, Titles, find_titles
from qwen_vision.engines.embedded.perception.plots.words import Word


def turned_scale(scale: Scale) -> Scale:
    """The scale when the picture's sides are swapped."""
    return replace(scale, ticks=tuple((px, word.turned()) for px, word in scale.ticks))


def chart_titles(
    sheet: Sheet,
    marks: Sequence[ChartMark],
    *,
    scale: Scale,
    labels: Sequence[Word],
    lies: bool,
) -> Titles:
    """The titles of a chart with these marks, ticks and labels."""
    ticks = [word.turned() if lies else word for _, word in scale.ticks]
    box = around(mark.box for mark in marks)
    beside, under = (labels, ticks) if lies else (ticks, labels)
    left = [word for word in beside if word.right <= box.left + 2 * word.height]
    frame = Frame(
        left=box.left,
        top=min([box.top, *([scale.low_px] if not lies else [])]),
        right=box.right,
        bottom=max([box.bottom, *([scale.high_px] if not lies else [])]),
        labels_left=min([word.left for word in left] or [box.left]),
        labels_bottom=max([word.bottom for word in under] or [box.bottom]),
    )
    used = [*ticks, *labels]
    return find_titles(sheet.plain_words, frame, used)
