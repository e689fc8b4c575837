"""Charted: the rows of a schema's array from the values of a chart."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import read_number
from qwen_vision.engines.embedded.documents.charts import Labelled, chart_values, labelled
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.extract.leaf import Json
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.engines.embedded.facts import Chart, Reading, TextLine

_SERIES: Final = re.compile(r"series|group|legend|colou?r|line|系列|组|图例", re.IGNORECASE)


def chart_rows(shape: Shape, reading: Reading) -> Iterator[dict[str, Found]]:
    """The values of a chart, for rows of a name, a series perhaps, and a number.

    Rows of a name and several numbers named like the series hold one category each.
    """
    words = [part for part in shape.fields if part.kind in {"string", "any"}]
    numbers = [part for part in shape.fields if part.kind in {"number", "integer"}]
    if not numbers and len(words) == 2:
        words, numbers = words[:1], words[1:]
    chart = reading.chart
    if chart is not None and len(chart.series) > 1:
        yield from _series_rows(words, numbers, chart=chart)
        return
    if len(words) != 1 or len(numbers) != 1:
        return
    for value in chart_values(reading):
        yield {words[0].name: _name(value), numbers[0].name: _number(value)}


def chart_pairs(chart: Chart) -> dict[str, Json]:
    """Each category of a chart with its value, or with those of its several series."""
    if len(chart.series) < 2:
        return {mark.category: mark.text for mark in chart.marks}
    return {
        category: {mark.series: mark.text for mark in chart.marks if mark.category == category}
        for category in chart.categories
    }


def _series_rows(
    words: Sequence[Shape], numbers: Sequence[Shape], *, chart: Chart
) -> Iterator[dict[str, Found]]:
    if len(words) == 2 and len(numbers) == 1:
        name, series = sorted(words, key=lambda part: bool(_SERIES.search(part.words)))
        for mark in chart.marks:
            held = labelled(mark)
            yield {
                name.name: _name(held),
                series.name: _name(replace(held, category=mark.series)),
                numbers[0].name: _number(held),
            }
    elif len(words) == 1 and len(numbers) > 1:
        columns = {
            part.name: match
            for part in numbers
            if (match := next((s for s in chart.series if s and _same(part.words, s.lower())), ""))
        }
        for category in chart.categories:
            own = {mark.series: labelled(mark) for mark in chart.marks if mark.category == category}
            row = {name: _number(own[series]) for name, series in columns.items() if series in own}
            if row:
                yield {words[0].name: _name(next(iter(own.values()))), **row}


def _name(value: Labelled) -> Found:
    label = TextLine(value.category, value.line.quad, value.line.confidence)
    return Found(value.category, value.category, (label,), "a label", label)


def _number(value: Labelled) -> Found:
    number = read_number(re.sub(r"[%$€£¥\s]", "", value.value))
    plain = value.value if number is None else number
    return Found(value.value, plain, (value.line,), value.why, value.line)


def _same(words: str, header: str) -> bool:
    plain = re.sub(r"[\W_]+", "", words), re.sub(r"[\W_]+", "", header)
    return bool(plain[0]) and bool(plain[1]) and (plain[0] in plain[1] or plain[1] in plain[0])
