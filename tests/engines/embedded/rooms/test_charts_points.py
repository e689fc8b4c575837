"""Charts of points, a ring, a growing scale and printed values, drawn here and asked."""

import json
from typing import TYPE_CHECKING

import pytest

from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from tests.engines.embedded.rooms.plotting import FOOT, LEFT, pie, with_axis

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def _points(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(800, 540))
    for number in range(6):
        x = LEFT + number * 120
        chart.draw.line((x, FOOT, x, FOOT + 6), fill="black")
        chart.write(str(number * 2), (x - 8, FOOT + 10), size_px=22)
    for x, y in ((1, 5), (2, 12), (4, 20), (5, 31), (7, 36), (9, 47)):
        at = (LEFT + x * 60, FOOT - y * 8)
        chart.draw.ellipse((at[0] - 6, at[1] - 6, at[0] + 6, at[1] + 6), fill="#1f77b4")
    return chart


def _growing(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(800, 540), ("1", "10", "100", "1000", "10000"))
    for place, (name, high) in enumerate((("Ant", 100), ("Bee", 200), ("Cat", 300))):
        left = 180 + place * 180
        chart.draw.rectangle((left, FOOT - high, left + 80, FOOT - 1), fill="#9467bd")
        chart.write(name, (left + 20, FOOT + 14), size_px=22)
    return chart


def _printed(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(800, 540))
    for place, (name, value) in enumerate((("Red", 14), ("Green", 37), ("Blue", 26))):
        left = 180 + place * 180
        chart.draw.rectangle((left, FOOT - value * 8, left + 80, FOOT - 1), fill="#ff7f0e")
        chart.write(str(value), (left + 26, FOOT - value * 8 - 30), size_px=22)
        chart.write(name, (left + 10, FOOT + 14), size_px=22)
    return chart


def _ring() -> "Sketch":
    shares = (("Bus", 50), ("Tram", 30), ("Bike", 20))
    chart = pie(shares, ("#4472c4", "#ed7d31", "#70ad47"))
    chart.draw.ellipse((150, 150, 270, 270), fill="white")
    return chart


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Describe this image.", "scatter"),
        ("How many points are there?", "6"),
        ("Read this chart.", "6"),
    ],
)
async def test_points_are_counted(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_points(sketch).image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [("What is the value of Bee?", "≈ 10"), ("Which is the highest?", "Cat")],
)
async def test_bars_on_a_scale_of_powers_are_measured(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_growing(sketch).image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the value of Green?", "37"),
        ("How much larger is Green than Red?", "23"),
        ("What is the total of all bars?", "77"),
        ("Read this chart.", "- Blue: 26"),
    ],
)
async def test_printed_values_win(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    told = (await ask(_printed(sketch).image, question)).text
    assert wanted in told
    assert "≈" not in told


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What share does the bus have?", "≈ 49.9%"),
        ("Which slice is the smallest?", "Bike"),
        ("Read this chart.", "Tram: ≈ 30%"),
        ("How many slices are there?", "3"),
        ("What is the second largest?", "Tram"),
    ],
)
async def test_a_ring_has_shares(ask: "Ask", question: str, wanted: str) -> None:
    assert wanted in (await ask(_ring().image, question)).text


async def test_shares_fill_a_schema(ask: "Ask") -> None:
    row = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "percent": {"type": "number"}},
        "required": ["name", "percent"],
    }
    schema = {"type": "object", "properties": {"slices": {"type": "array", "items": row}}}
    wanted = ResponseFormat("json_schema", JsonSchemaFormat(name="answer", schema=schema))
    answer = await ask(_ring().image, "Extract.", request={"response_format": wanted})
    found = {item["name"]: item["percent"] for item in json.loads(answer.text)["slices"]}
    assert found == pytest.approx({"Bus": 50, "Tram": 30, "Bike": 20}, abs=1)
