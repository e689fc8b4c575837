"""More kinds of charts, drawn here and asked: bars in groups, stacked and lying, and areas."""

from typing import TYPE_CHECKING

import pytest

from tests.engines.embedded.rooms.plotting import FOOT, LEFT, level_axis, with_axis, with_legend

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

HUNDRED = ("0", "20", "40", "60", "80", "100")
COLORS = ("#d62728", "#1f77b4")
PLACES = {"North": 180, "South": 380, "West": 580}
TWO = {"Ada": (30, 42, 18), "Bob": (12, 24, 45)}


def _names(chart: "Sketch") -> None:
    for name, x in PLACES.items():
        chart.write(name, (x, FOOT + 14), size_px=22)


def _grouped(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(960, 540))
    for number, (values, color) in enumerate(zip(TWO.values(), COLORS, strict=True)):
        for x, value in zip(PLACES.values(), values, strict=True):
            left = x - 20 + number * 52
            chart.draw.rectangle((left, FOOT - value * 8, left + 48, FOOT - 1), fill=color)
    _names(chart)
    return with_legend(chart, TWO, COLORS, at=(800, 100))


def _stacked(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(960, 540), HUNDRED)
    for place, x in enumerate(PLACES.values()):
        low = 0
        for values, color in zip(TWO.values(), COLORS, strict=True):
            high = low + values[place]
            chart.draw.rectangle((x, FOOT - high * 4, x + 70, FOOT - low * 4 - 1), fill=color)
            low = high
    _names(chart)
    return with_legend(chart, TWO, COLORS, at=(800, 100))


def _lying(sketch: "type[Sketch]") -> "Sketch":
    chart = level_axis(sketch(860, 420))
    for place, (name, value) in enumerate((("Tea", 45), ("Milk", 20), ("Juice", 32))):
        top = 50 + place * 95
        chart.draw.rectangle((161, top, 160 + value * 12, top + 50), fill="#2f7d4f")
        chart.write(name, (70, top + 12), size_px=22)
    return chart


def _filled(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(800, 540))
    values = (10, 25, 40, 30)
    at = [(LEFT + 60 + 160 * place, FOOT - value * 8) for place, value in enumerate(values)]
    chart.draw.polygon([(at[0][0], FOOT - 1), *at, (at[-1][0], FOOT - 1)], fill="#7fb2e5")
    for (x, _), name in zip(at, ("2021", "2022", "2023", "2024"), strict=True):
        chart.write(name, (x - 24, FOOT + 14), size_px=22)
    return chart


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the value of Bob in the West?", "≈ 45"),
        ("What is the value for North, Ada?", "≈ 30"),
        ("Which region is highest for Bob?", "West"),
        ("Which region is lowest for Ada?", "West"),
        ("Read this chart.", "≈ 42"),
        ("What is the sum of Ada?", "≈ 90"),
        ("What is the average of Bob?", "≈ 27"),
        ("Which is larger in the South, Ada or Bob?", "Ada"),
        ("南部的Ada是多少？", "≈"),
        ("How many series are there?", "2"),
        ("What is the maximum?", "≈ 45"),
        ("What does the legend say?", "Ada"),
    ],
)
async def test_bars_side_by_side_are_told_apart_by_their_colours(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_grouped(sketch).image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "≈ 24"),
        ("What is the value of Ada in the South?", "≈ 42"),
        ("What is the value of Bob in the North?", "≈ 12"),
        ("Describe this image.", "stacked"),
    ],
)
async def test_stacked_bars_are_measured_each_from_the_one_below(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_stacked(sketch).image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "- Juice: ≈ 31.9"),
        ("What is the value of Tea?", "≈ 44.9"),
        ("Which is the lowest?", "Milk"),
        ("Tea比Milk多多少？", "≈ 24.9"),
        ("How many times larger is Tea than Milk?", "≈ 2.25"),
        ("Rank them from high to low.", "Tea"),
        ("Which are below 40?", "Juice"),
    ],
)
async def test_lying_bars_are_measured_along_their_axis(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_lying(sketch).image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "≈ 40"),
        ("What is the trend?", "up and down"),
        ("When was the peak?", "2023"),
        ("How much did it rise from 2021 to 2023?", "≈ 30"),
        ("What was the value in 2022?", "≈ 25"),
    ],
)
async def test_an_area_is_measured_at_its_places(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_filled(sketch).image, question)).text
