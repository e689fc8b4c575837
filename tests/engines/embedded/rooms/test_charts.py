"""Charts that are drawn here and read back: bars, lines, points and slices."""

import json
from typing import TYPE_CHECKING

import pytest

from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from tests.engines.embedded.rooms.plotting import FOOT, pie, with_axis, with_legend

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

HUNDRED = ("0", "20", "40", "60", "80", "100")
FRUIT = {"Apples": 62, "Pears": 35, "Plums": 88, "Figs": 17}


def _bars(sketch: "type[Sketch]") -> "Sketch":
    chart = with_axis(sketch(800, 540), HUNDRED).write("Fruit sold in June", (270, 14), size_px=30)
    for place, (name, value) in enumerate(FRUIT.items()):
        left = 160 + place * 150
        chart.draw.rectangle((left, FOOT - value * 4, left + 80, FOOT - 1), fill="#2f7d4f")
        chart.write(name, (left, FOOT + 14), size_px=22)
    return chart


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What does this chart show?", "- Apples: ≈ 62"),
        ("What does this chart show?", "Values with ≈ are measured against the axis"),
        ("Describe this image.", "A bar chart, “Fruit sold in June”:"),
        ("What is the value of Plums?", "“Plums”: ≈ 88"),
        ("Which category is the highest?", "(Plums)"),
        ("哪个类别最低？", "（Figs）"),
        ("What is the difference between Apples and Pears?", "difference is ≈ 27"),
        ("Apples和Pears的总和是多少？", "总和是 ≈ 97"),
        ("How many bars are there?", "I count 4."),
        ("What is the title of the chart?", "“Fruit sold in June”"),
        ("Which fruits are above 50?", "Apples (≈ 62"),
        ("Are any of the bars negative?", "None of them."),
        ("Convert the table to HTML.", "<tr><td>Pears</td><td>≈ 35"),
    ],
)
async def test_bars_are_measured_against_the_axis(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(_bars(sketch).image, question)).text


async def test_a_measured_value_is_proved_by_the_box_of_its_bar(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    answer = await ask(_bars(sketch).image, "What is the value of Plums?")
    proof = answer.evidence[0]
    assert (proof.field, proof.note) == ("Plums", "measured against the axis")
    assert float(str(proof.text)) == pytest.approx(88, abs=0.5)
    assert proof.box == pytest.approx((460, 88, 541, 440), abs=2)


async def test_the_rows_of_a_chart_fill_a_schema(ask: "Ask", sketch: "type[Sketch]") -> None:
    row = {
        "type": "object",
        "properties": {"fruit": {"type": "string"}, "sold": {"type": "number"}},
        "required": ["fruit", "sold"],
    }
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    wanted = ResponseFormat("json_schema", JsonSchemaFormat(name="answer", schema=schema))
    request = {"response_format": wanted}
    answer = await ask(_bars(sketch).image, "Extract the data.", request=request)
    rows = {item["fruit"]: item["sold"] for item in json.loads(answer.text)["rows"]}
    assert rows == pytest.approx(FRUIT, abs=1)


async def test_bars_below_zero_are_told_as_negative(ask: "Ask", sketch: "type[Sketch]") -> None:
    chart = sketch(700, 460)
    for number, tick in enumerate((40, 20, 0, -20, -40)):
        chart.write(str(tick), (40, 27 + number * 80), size_px=22)
    for place, (name, value) in enumerate((("East", 30), ("West", -25), ("North", 12))):
        left, end = 150 + place * 160, 200 - value * 4
        chart.draw.rectangle((left, min(200, end), left + 70, max(200, end)), fill="#c0504d")
        chart.write(name, (left, 410), size_px=22)
    told = await ask(chart.image, "Which regions are negative?")
    assert "West (≈ -25)" in told.text
    assert "East" not in told.text


async def test_lines_of_two_colours_are_told_by_their_legend(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    chart = with_axis(sketch(940, 540))
    places = {"Mon": 180, "Tue": 330, "Wed": 480, "Thu": 630}
    series = {"Ada": ((12, 30, 22, 45), "#d62728"), "Bob": ((40, 35, 8, 20), "#1f77b4")}
    for values, color in series.values():
        points = [(x, FOOT - value * 8) for x, value in zip(places.values(), values, strict=True)]
        chart.draw.line(points, fill=color, width=3)
    for name, x in places.items():
        chart.write(name, (x - 22, FOOT + 14), size_px=22)
    with_legend(chart, series, (color for _, color in series.values()), at=(790, 100))
    told = (await ask(chart.image, "What is the value of Bob on Wed?")).text
    assert "“Wed / Bob”: ≈ 8" in told
    assert "Ada" not in told
    assert "| Thu | ≈ 4" in (await ask(chart.image, "Read this chart.")).text


async def test_slices_have_the_share_of_their_angle(ask: "Ask") -> None:
    shares = (("Rent", 45), ("Food", 30), ("Other", 25))
    chart = pie(shares, ("#4472c4", "#ed7d31", "#70ad47"))
    assert "(Rent)" in (await ask(chart.image, "Which slice is the largest?")).text
    assert "“Food”: ≈ 30%" in (await ask(chart.image, "What share does Food have?")).text


async def test_a_table_with_even_numbers_is_no_chart(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(640, 400).write("Stock list", (40, 10), size_px=30)
    for number, (count, name) in enumerate(((40, "bolts"), (30, "nuts"), (20, "screws"))):
        page.draw.rectangle((30, 70 + number * 100, 610, 120 + number * 100), fill="#dde6f0")
        page.write(str(count), (40, 80 + number * 100)).write(name, (300, 80 + number * 100))
    told = (await ask(page.image, "What does this chart show?")).text
    assert "≈" not in told
