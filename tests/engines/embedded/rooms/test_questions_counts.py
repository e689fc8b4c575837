"""How many, whether and where on drawn pages: lines, words, rows, entries, shapes, boxes."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = (
    ("Runner", "Club", "Time"),
    ("Ada", "North", "12.5"),
    ("Ben", "East", "13.1"),
    ("Cleo", "North", "12.9"),
    ("Dov", "West", "14.0"),
)
MENU = (("Tea", "$3.00"), ("Coffee", "$4.00"), ("Soup of the day", "$6.50"))


def race(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(640, 420)
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            left, top = 40 + column * 190, 40 + row * 60
            page.draw.rectangle((left, top, left + 190, top + 60), outline="black", width=2)
            page.write(cell, (left + 20, top + 16), size_px=26)
    return page.image


def menu(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(560, 360).write("CAFE ROSSO", (180, 24), size_px=34)
    for row, (name, price) in enumerate(MENU):
        page.write(name, (40, 110 + row * 64), size_px=28)
        page.write(price, (420, 110 + row * 64), size_px=28)
    return page.image


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many rows does the table have?", "The table has 5 rows, its head included"),
        ("How many columns are there?", "The table has 3 columns"),
        ("表格有几列？", "表格有 3 列"),
        ("How many runners are there?", "The table lists 4 under “Runner”."),
        ("Is there a table?", "Yes: a table of 5 rows and 3 columns"),
        ("Where is the table?", "“a table of 5 rows and 3 columns” is at the"),
        ('How many times does "North" appear?', "“North” appears 2 times."),
        ('How many times is "Dov" printed?', "“Dov” appears once."),
        ("How many bananas are there?", "“bananas”"),
        ("How many QR codes are there?", "I count 0 (QR codes)."),
        ("How many pictures did I send?", "You sent 1 picture."),
        ("Is there a chart?", "doesn't mention “chart”"),
    ],
)
async def test_a_table_is_counted(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(race(sketch), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many lines of text are there?", "I read 4 lines of text."),
        ("How many words are there?", "I read 11 words."),
        ("图中有几个字符？", "图中有 45 个字符。"),
        ("How many items are on the menu?", "I count 3 lines with an amount."),
        ("How many vegetarian dishes are there?", "vegetarian dishes"),
        ("Is there any text?", "Yes: 4 lines of text."),
        ("Is there a table with grids?", "table"),
        ("Does it mention soup?", "Yes: “Soup of the day” at the"),
        ('Is there "Sale"? Answer yes or no.', "No"),
        ("How many soups are there?", "I find nothing labelled “soups”"),
        ("Where is the soup?", "“Soup of the day” is at the"),
        ("Where is the elephant?", "“elephant”"),
    ],
)
async def test_a_menu_is_counted(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(menu(sketch), question)).text


async def test_coins_are_counted_as_shapes(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(500, 400)
    for place in range(5):
        left, top = 40 + 150 * (place % 3), 60 + 160 * (place // 3)
        page.draw.ellipse((left, top, left + 90, top + 90), fill=(170, 120, 40))
    answer = (await ask(page.image, "How many coins are there?")).text
    assert answer.startswith("I count 5 separate shapes on an even ground, 5 of them clearly round")


async def test_places_come_in_the_form_that_is_asked_for(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = menu(sketch)
    boxes = (await ask(page, "Locate the word Coffee, give its bounding box as JSON.")).text
    (found,) = json.loads(boxes.removeprefix("```json").removesuffix("```"))
    left, top, right, bottom = found["bbox_2d"]
    assert found["label"] == "Coffee"
    assert left < 40 / 560 * 1000 + 60 < right
    assert top < 190 / 360 * 1000 < bottom
    points = (await ask(page, "Point to the word Tea.")).text
    assert '"point_2d"' in points
    missing = (await ask(page, "Locate the giraffe, give bounding boxes in JSON.")).text
    assert missing.startswith("```json\n[]\n```\n")
    assert "giraffe" in missing


async def test_each_of_two_pictures_is_answered_for(ask: "Ask", sketch: "type[Sketch]") -> None:
    pages = menu(sketch), race(sketch)
    answer = (await ask(*pages, "Is there any table in both of these pictures?")).text
    assert "Picture 1: " in answer
    assert "Picture 2: Yes: a table of 5 rows and 3 columns" in answer
    counts = (await ask(*pages, "How many lines of text are in each of these pictures?")).text
    assert counts == "I read 4 lines of text.\nI read 5 lines of text."
