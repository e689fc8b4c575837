"""Charts asked what they hold and what they do not: signs, changes, units, absent names."""

import json
from typing import Any

import pytest

from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from tests.engines.embedded.conftest import Sketch
from tests.engines.embedded.rooms.conftest import Ask
from tests.engines.embedded.rooms.plotting import (
    FOOT,
    LEFT,
    turned_text,
    values_in,
    with_axis,
    with_bars,
    with_legend,
)

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

COLORS = ("#4472c4", "#ed7d31")
NAMES = ("Ann", "Ben", "Cleo", "Dan")
VALUES = (30, 12, 44, 21)
DAYS = ("Mon", "Tue", "Wed", "Thu")


def _signed() -> Sketch:
    """Profits of four regions, two of them below zero."""
    chart = Sketch(820, 560)
    for number, tick in enumerate((40, 20, 0, -20, -40)):
        chart.write(str(tick), (70, 27 + number * 100), size_px=22)
    for place, (name, value) in enumerate(
        (("East", 30), ("West", -25), ("North", 12), ("South", -8))
    ):
        left = 150 + place * 150
        top, bottom = sorted((240, 240 - value * 5))
        chart.draw.rectangle((left, top, left + 70, bottom), fill="#c0504d")
        chart.write(name, (left, 520), size_px=22)
    return turned_text(chart, "Profit (EUR)", (50, 180), turn_deg=90)


def _stacked_areas() -> Sketch:
    """Low of 10, 15, 12 and 20 with High of 15, 10, 18 and 12 on it, from Monday on."""
    chart = with_axis(Sketch(960, 560))
    places = (180, 330, 480, 630)
    low = [(x, FOOT - 8 * value) for x, value in zip(places, (10, 15, 12, 20), strict=True)]
    both = [(x, FOOT - 8 * value) for x, value in zip(places, (25, 25, 30, 32), strict=True)]
    for line, color in ((both, COLORS[1]), (low, COLORS[0])):
        chart.draw.polygon([(180, FOOT - 1), *line, (630, FOOT - 1)], fill=color)
    for x, name in zip(places, DAYS, strict=True):
        chart.write(name, (x - 20, FOOT + 14), size_px=22)
    return with_legend(chart, ("Low", "High"), COLORS, at=(790, 100))


def _line() -> Sketch:
    """A line that falls from 45 in 2020 over 30 and 18 to 10 in 2023."""
    chart = with_axis(Sketch(800, 560))
    points = [(180 + place * 150, FOOT - 8 * y) for place, y in enumerate((45, 30, 18, 10))]
    chart.draw.line(points, fill="#d62728", width=3)
    for (x, _), year in zip(points, ("2020", "2021", "2022", "2023"), strict=True):
        chart.write(year, (x - 24, FOOT + 14), size_px=22)
    return chart


def _hatched() -> Sketch:
    """Bars of strokes, which have no flat colour to be measured by."""
    chart = with_axis(Sketch(800, 560))
    for place, (name, value) in enumerate(zip(NAMES, VALUES, strict=True)):
        left, top = 150 + place * 150, FOOT - value * 8
        for y in range(top, FOOT - 6, 7):
            chart.draw.line((left, y + 6, left + 70, y), fill="black")
        chart.write(name, (left, FOOT + 14), size_px=22)
    return chart


def _shaded(*, fades: bool = False) -> Sketch:
    """Bars whose blue grows paler downwards, or upwards until nothing is left of it."""
    chart = with_axis(Sketch(800, 560))
    for place, (name, value) in enumerate(zip(NAMES, VALUES, strict=True)):
        left, top = 150 + place * 150, FOOT - value * 8
        for y in range(top, FOOT):
            part = (y - top) / (FOOT - top)
            pale = 1 - part if fades else 0.8 * part
            chart.draw.line(
                (left, y, left + 70, y), fill=(int(40 + 215 * pale), int(90 + 165 * pale), 255)
            )
        chart.write(name, (left, FOOT + 14), size_px=22)
    return chart


def _half_hidden() -> Sketch:
    """Pairs of bars, the last of which runs under the legend."""
    chart = with_axis(Sketch(800, 560))
    for place, pair in enumerate(((30, 12), (42, 24), (18, 47))):
        for value, left, color in zip(pair, (160, 210), COLORS, strict=True):
            x = left + place * 200
            chart.draw.rectangle((x, FOOT - value * 8, x + 46, FOOT - 1), fill=color)
        chart.write(("North", "South", "West")[place], (175 + place * 200, FOOT + 14), size_px=22)
    chart.draw.rectangle((590, 40, 755, 140), fill="white", outline="#bbbbbb")
    return with_legend(chart, ("Ada", "Bob"), COLORS, at=(610, 52))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many bars are negative?", "I count 2: West (≈ -25"),
        ("Which regions are positive?", "East (≈ 30.1) and North (≈ 12.1)."),
        ("What is the unit?", "The axis says “Profit (EUR)”: EUR."),
        ("What does the x-axis show?", "I find no title printed at the x-axis."),
        ("What is the unit of the x-axis?", "I find no unit printed at the axis."),
        ("What does the y-axis show?", "The y-axis shows “Profit (EUR)”."),
        ("What is the title?", "I find no title over the chart."),
        ("What kind of chart is this?", "It is a bar chart."),
        ("How many categories are there?", "I count 4."),
        ("Which region is the third highest?", "The third highest is ≈ -8.1 (South)"),
        ("哪个地区排第二高？", "（North）"),
        ("Is any value above 100?", "None of them."),
        ("What is the ratio of East to North?", "The ratio is ≈ 2.49"),
        ("What is the difference between the highest and the lowest?", "≈ 55.2 (East"),
        ("What is the value of Berlin?", "I find no “Berlin” in this chart. It shows East, West"),
        ("What is the value of the middle?", "- West: ≈ -25"),
        ("What is the difference between East and Bavaria?", "I find no “Bavaria” in this chart"),
        ("2025年是多少？", "图表中没有找到“2025”。它包含East、West、North和South。"),
        ("What is the value of East? Answer with the number only.", "30.1"),
        ("What is the difference between East and North? Answer only the number.", "18"),
    ],
)
async def test_a_chart_of_gains_and_losses_answers(ask: Ask, *, question: str, wanted: str) -> None:
    assert wanted in (await ask(_signed().image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How much did it fall from 2020 to 2022?", "It fell by ≈ 26.9, from ≈ 45 (2020)"),
        ("下降了多少？", "下降了 ≈ 34.8，从 ≈ 45（2020）"),
        ("What is the trend?", "It falls throughout"),
        ("趋势如何？", "一直下降，从 ≈ 45"),
        ("What was the value in 1999?", "I find no “1999” in this chart. It shows 2020, 2021"),
        ("By how much did it drop? Reply with only the number.", "34.8"),
    ],
)
async def test_a_line_tells_how_much_it_changed(ask: Ask, *, question: str, wanted: str) -> None:
    assert wanted in (await ask(_line().image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When was it highest?", "The highest is ≈ 44.9 (2019), measured against the axis; 3 more"),
        ("Read this chart.", "3 more could not be named or measured surely"),
    ],
)
async def test_a_line_with_few_labels_says_that_it_has_more_places(
    ask: Ask, *, question: str, wanted: str
) -> None:
    chart = with_axis(Sketch(800, 560))
    points = [(160 + place * 110, FOOT - 8 * y) for place, y in enumerate((45, 30, 18, 10, 25, 8))]
    chart.draw.line(points, fill="#d62728", width=3)
    for place, year in ((0, "2019"), (1, "2020"), (3, "2022")):
        chart.write(year, (points[place][0] - 24, FOOT + 14), size_px=22)
    assert wanted in (await ask(chart.image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "A stacked area chart:"),
        ("这是什么图？", "堆叠面积图"),
        ("What is High on Wed?", "“Wed / High”: ≈ 17.9"),
        ("What is Low on Thu?", "“Thu / Low”: ≈ 20.2"),
        ("What is High on Sunday?", "I find no “Sunday”"),
        ("What is Medium on Wed?", "each for Low and High."),
        ("How much did Low rise?", "Low rose by ≈ 9.9"),
    ],
)
async def test_an_area_on_another_is_measured_from_where_it_stands(
    ask: Ask, *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_stacked_areas().image, question)).text


@pytest.mark.parametrize(
    "question",
    ["What is the value of Ben?", "Which is the highest?", "What is the average?", "Cleo是多少？"],
)
@pytest.mark.parametrize("drawn", [_hatched(), _shaded(fades=True)], ids=["hatched", "fading"])
async def test_bars_without_an_end_that_can_be_seen_are_not_guessed(
    ask: Ask, *, drawn: Sketch, question: str
) -> None:
    told = (await ask(drawn.image, question)).text
    assert "but I can't measure the marks of it" in told or "无法测量对应的图形" in told


async def test_bars_of_a_running_shade_are_measured_to_their_ends(ask: Ask) -> None:
    told = values_in((await ask(_shaded().image, "Read this chart.")).text)
    assert told == pytest.approx(dict(zip(NAMES, VALUES, strict=True)), abs=0.5)


async def test_a_bar_that_runs_under_the_legend_is_left_out(ask: Ask) -> None:
    told = (await ask(_half_hidden().image, "Read this chart.")).text
    assert "| West | ≈ 18 |  |" in told
    assert "1 more could not be named or measured surely" in told
    assert "I count 6." in (await ask(_half_hidden().image, "How many bars are there?")).text


@pytest.mark.parametrize("ground", ["#20222a", "#f4f0e6"])
async def test_bars_on_a_coloured_ground_are_measured(ask: Ask, *, ground: str) -> None:
    ink = "#dddddd" if ground == "#20222a" else "black"
    chart = Sketch(800, 560, ground=ground)
    for number in range(6):
        y = FOOT - number * 80
        chart.draw.line((LEFT, y, 760, y), fill="#8a8f99")
        chart.write(str(number * 10).rjust(3), (50, y - 13), size_px=22, ink=ink)
    with_bars(chart, VALUES, color="#4f83f7")
    for place, name in enumerate(NAMES):
        chart.write(name, (150 + place * 150, FOOT + 14), size_px=22, ink=ink)
    told = values_in((await ask(chart.image, "Read this chart.")).text)
    assert told == pytest.approx(dict(zip(NAMES, VALUES, strict=True)), abs=0.6)


def _rows_of(**properties: str) -> dict[str, Any]:
    fields = {name: {"type": kind} for name, kind in properties.items()}
    row = {"type": "object", "properties": fields, "required": list(fields)}
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    return {"response_format": ResponseFormat("json_schema", JsonSchemaFormat("a", schema=schema))}


async def test_a_row_of_a_schema_is_a_mark_where_it_names_the_series(ask: Ask) -> None:
    wanted = _rows_of(day="string", series="string", value="number")
    answer = await ask(_stacked_areas().image, "Extract the data.", request=wanted)
    rows = {(row["day"], row["series"]): row["value"] for row in json.loads(answer.text)["rows"]}
    assert len(rows) == 8
    assert rows["Tue", "High"] == pytest.approx(10, abs=0.4)


async def test_a_row_of_a_schema_is_a_category_where_it_has_the_series_as_fields(ask: Ask) -> None:
    wanted = _rows_of(day="string", low="number", high="number")
    answer = await ask(_stacked_areas().image, "Extract the data.", request=wanted)
    rows = json.loads(answer.text)["rows"]
    assert [row["day"] for row in rows] == list(DAYS)
    assert [row["low"] for row in rows] == pytest.approx([10, 15, 12, 20], abs=0.4)
    assert [row["high"] for row in rows] == pytest.approx([15, 10, 18, 12], abs=0.4)


async def test_json_of_a_chart_holds_its_measured_values(ask: Ask) -> None:
    areas = (await ask(_stacked_areas().image, "Extract the data as JSON.")).text
    told = json.loads(areas.strip("`").removeprefix("json"))
    assert float(told["Mon"]["High"]) == pytest.approx(15, abs=0.4)
    bars = (await ask(_signed().image, "Extract the data as JSON.")).text
    assert json.loads(bars.strip("`").removeprefix("json"))["West"] == "-25.1"
