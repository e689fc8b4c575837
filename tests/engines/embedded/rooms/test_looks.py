"""Describing, measuring, finding and refusing."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_is_in_the_picture_tells_size_colour_and_text(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(640, 320, ground="#f5e050").write("WET PAINT", (180, 120), size_px=48).image
    answer = await ask(page, "What is in this image?")
    assert "landscape" in answer.text
    assert "640 × 320" in answer.text
    assert "yellow" in answer.text
    assert "WET PAINT" in answer.text


async def test_a_chinese_question_gets_a_chinese_answer(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(640, 320).write("WET PAINT", (180, 120), size_px=48).image
    answer = await ask(page, "这张图片里有什么？")
    assert "横向" in answer.text
    assert "WET PAINT" in answer.text


async def test_round_things_are_counted_without_a_guess_at_what_they_are(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(520, 300, ground="#303840")
    for number in range(7):
        left, top = 40 + number % 4 * 120, 40 + number // 4 * 130
        page.draw.ellipse((left, top, left + 60, top + 60), fill="#d8b060")
    answer = await ask(page.image, "How many coins are there?")
    assert "7 separate shapes" in answer.text
    assert "I can't tell" in answer.text
    assert "7 个独立的形状" in (await ask(page.image, "图里有多少枚硬币？")).text
    assert "7 separate shapes" in (await ask(page.image, "What is in this image?")).text
    assert "7" not in (await ask(page.image, "How many kites are there?")).text


async def test_a_blank_picture_is_called_blank(ask: "Ask", sketch: "type[Sketch]") -> None:
    answer = await ask(sketch(300, 300).image, "Describe this picture.")
    assert "blank" in answer.text
    assert "no text" in answer.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How wide is this image in pixels?", "640 pixels wide"),
        ("What colours are in it?", "blue"),
        ("图片的尺寸是多少？", "640"),
    ],
)
async def test_measured_facts_are_told(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(640, 320, ground="#2355d2").write("Deep", (200, 120), size_px=60).image
    assert wanted in (await ask(page, question)).text


async def test_boxes_come_in_thousandths_for_a_relative_family(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(800, 400).lines(["EXIT", "ENTRANCE"], (80, 60), size_px=40, step_px=200).image
    answer = await ask(page, 'Locate "ENTRANCE" and give its bounding box as JSON.')
    boxes = json.loads(answer.text.strip().removeprefix("```json").removesuffix("```"))
    assert [box["label"] for box in boxes] == ["ENTRANCE"]
    left, top, right, bottom = boxes[0]["bbox_2d"]
    assert 70 < left < 130
    assert 600 < top < 720
    assert left < right < 500
    assert top < bottom < 850


async def test_text_is_found_and_counted(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(800, 300).lines(["EXIT left", "EXIT right", "Stairs"], (60, 40)).image
    assert (await ask(page, 'Is there a "Stairs"?')).text.startswith("Yes")
    assert "no “Lift”" in (await ask(page, 'Is there a "Lift"?')).text
    assert "2 times" in (await ask(page, 'How many times does "EXIT" appear?')).text
    assert "3 lines" in (await ask(page, "How many lines of text are there?")).text


@pytest.mark.parametrize(
    "question",
    [
        "Is there a windmill?",
        "Translate this into French.",
        "What mood is the woman in?",
        "这个人是谁？",
    ],
)
async def test_what_can_not_be_seen_is_refused_with_a_way_out(
    ask: "Ask", sketch: "type[Sketch]", question: str
) -> None:
    page = sketch(500, 200).write("Quiet please", (60, 80), size_px=40).image
    answer = await ask(page, question)
    assert "DASHSCOPE_API_KEY" in answer.text
    assert "yes" not in answer.text.lower().split()


async def test_a_prompt_without_media_says_what_to_send(ask: "Ask") -> None:
    assert "picture" in (await ask("Hello")).text
    assert "图片" in (await ask("你好")).text


async def test_each_of_several_pictures_is_read(ask: "Ask", sketch: "type[Sketch]") -> None:
    first = sketch(400, 120).write("Monday menu", (30, 40)).image
    second = sketch(400, 120).write("Tuesday menu", (30, 40)).image
    both = await ask(first, second, "Read the text.")
    assert "Picture 1:\nMonday menu" in both.text
    assert "Picture 2:\nTuesday menu" in both.text
    only = await ask(first, second, "What does the second picture say?")
    assert only.text == "Tuesday menu"
