"""The tasks of an OCR model, comparison, arithmetic and tools."""

import json
import re
from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.base import Text, Turn
from qwen_vision.protocol.messages import FunctionTool, Tool
from qwen_vision.protocol.request import NamedFunction, NamedTool

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def bill(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(700, 460)
    rows = [("Item", "Price"), ("Blue chair", "20.00"), ("Green lamp", "30.50"), ("Total", "50.50")]
    for number, (name, price) in enumerate(rows):
        page.write(name, (40, 40 + number * 70)).write(price, (480, 40 + number * 70))
    return page.image


async def test_words_come_with_rotated_rectangles(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(800, 400).lines(["First words", "Last words"], (200, 100), step_px=200).image
    answer = await ask(
        page,
        "Locate every text line and return the rotate_rect ([cx, cy, width, height, angle]).",
        model="qwen-vl-ocr",
    )
    found = json.loads(answer.text.removeprefix("```json").removesuffix("```"))
    assert [entry["text"] for entry in found] == ["First words", "Last words"]
    center_x, center_y, width, height, angle = found[1]["rotate_rect"]
    assert 250 < center_x < 400
    assert 720 < center_y < 820
    assert width > height
    assert angle == 0


async def test_a_document_becomes_html_with_boxes(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(800, 500).write("Annual report", (60, 40), size_px=56)
    page.lines(["Sales grew by a tenth.", "Costs < sales."], (60, 200), size_px=24)
    answer = await ask(page.image, "qwenvl html")
    assert re.search(r'<h\d data-bbox="\d+ \d+ \d+ \d+">Annual report</h\d>', answer.text)
    assert "Costs &lt; sales." in answer.text


async def test_a_document_becomes_markdown(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(800, 500).write("Annual report", (60, 40), size_px=56)
    page.lines(["Sales grew by a tenth."], (60, 200), size_px=24)
    answer = await ask(page.image, "Convert the document to markdown.")
    assert re.fullmatch(r"#+ Annual report\n\nSales grew by a tenth\.", answer.text)


async def test_formulas_are_refused(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(400, 160).write("a2 + b2 = c2", (40, 50), size_px=40).image
    answer = await ask(page, "Convert the formula to LaTeX.", model="qwen-vl-ocr")
    assert "can't read formulas" in answer.text


async def test_two_pictures_are_compared_by_text_and_place(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    first = sketch(600, 400).lines(["Open daily", "Closed Monday"], (60, 60), step_px=200).image
    second = sketch(600, 400).lines(["Open daily", "Closed Friday"], (60, 60), step_px=200).image
    answer = await ask(first, second, "What are the differences?")
    assert "“Closed Monday” became “Closed Friday”" in answer.text
    assert "changed" in answer.text
    box = answer.evidence[0].box or (0, 0, 0, 0)
    assert box[1] > 200
    same = await ask(first, first, "Compare these two images.")
    assert "identical" in same.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the sum of all items?", "50.50"),
        ("Which item is the most expensive?", "30.50 (Green lamp)"),
        ("What is the average?", "25.25"),
        ("最便宜的是什么？", "20.00"),
    ],
)
async def test_arithmetic_shows_its_numbers(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    answer = await ask(bill(sketch), question)
    assert wanted in answer.text
    assert "20.00" in answer.text


SAVE = Tool(
    FunctionTool(
        name="save_expense",
        description="Store one expense in the books.",
        parameters={
            "type": "object",
            "properties": {"total": {"type": "number"}, "currency": {"type": ["string", "null"]}},
            "required": ["total"],
        },
    )
)


async def test_a_forced_tool_is_filled_like_a_schema(ask: "Ask", sketch: "type[Sketch]") -> None:
    choice = NamedTool(NamedFunction("save_expense"))
    answer = await ask(bill(sketch), "Go.", request={"tools": [SAVE], "tool_choice": choice})
    assert answer.reason == "tool_calls"
    assert json.loads(answer.calls["save_expense"] + answer.calls.get("", ""))["total"] == 50.5
    assert answer.text == ""


async def test_a_tool_is_called_only_when_asked_for_and_seen(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    tools = {"tools": [SAVE]}
    asked = await ask(bill(sketch), "Please save this expense.", request=tools)
    assert asked.reason == "tool_calls"
    other = await ask(bill(sketch), "What is the total?", request=tools)
    assert other.reason == "stop"
    assert "50.50" in other.text
    blank = await ask(sketch(300, 200).image, "Please save this expense.", request=tools)
    assert blank.reason == "stop"


async def test_a_reply_of_a_tool_is_passed_on(ask: "Ask") -> None:
    replied = Turn("tool", (Text("saved as #12"),), tool_call_id="call_1")
    answer = await ask(before=(Turn("user", (Text("Save it."),)),), last=replied)
    assert "saved as #12" in answer.text


async def test_the_items_of_a_bill_are_listed(ask: "Ask", sketch: "type[Sketch]") -> None:
    answer = await ask(bill(sketch), "What did I buy?")
    assert answer.text == "- Blue chair: 20.00\n- Green lamp: 30.50"
    assert [proof.field for proof in answer.evidence] == ["items[0]", "items[1]"]


async def test_json_in_a_prompt_gives_fenced_json(ask: "Ask", sketch: "type[Sketch]") -> None:
    answer = await ask(bill(sketch), "What is the total? Answer as JSON.")
    text = answer.text.removeprefix("```json\n").removesuffix("\n```")
    assert json.loads(text) == {"total": "50.50"}


async def test_a_question_beyond_the_rules_gets_the_lines_nearest_to_it(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    notice = ["Library rules", "Silence after eight", "Dogs stay outside"]
    page = sketch(600, 240).lines(notice, (40, 40), step_px=60).image
    answer = await ask(page, "May my dogs come along?")
    assert "can't judge" in answer.text
    assert "> Dogs stay outside" in answer.text
    assert "Silence" not in answer.text


async def test_a_chart_tells_the_numbers_printed_over_its_labels(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    chart = sketch(800, 500).write("Boats in the harbour", (220, 20), size_px=32)
    for number, tick in enumerate((40, 30, 20, 10, 0)):
        chart.write(str(tick), (40, 90 + number * 80))
    for place, (month, count) in enumerate((("May", 12), ("June", 31), ("July", 38), ("Aug", 25))):
        left, top = 150 + place * 150, 410 - 8 * count
        chart.draw.rectangle((left, top, left + 60, 430), fill="#2355d2")
        chart.write(str(count), (left + 15, top - 36)).write(month, (left + 5, 445))
    told = await ask(chart.image, "What does this chart show?")
    assert "- May: 12\n- June: 31\n- July: 38\n- Aug: 25" in told.text
    assert "Boats in the harbour" in told.text
    assert "38 (July)" in (await ask(chart.image, "Which month has the highest value?")).text
    assert "31" in (await ask(chart.image, "What is the value for June?")).text
