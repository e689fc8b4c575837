"""Bills drawn here and reckoned with: shares, weights, prices of one, checks; signs and notices."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

BILL = (
    ("Item", "Qty", "Price"),
    ("Tomato soup", "2", "13.00"),
    ("Grilled trout", "1", "18.50"),
    ("Apple pie", "4", "24.00"),
    ("Mineral water", "3", "10.50"),
    ("Subtotal", "", "66.00"),
    ("Tax 10%", "", "6.60"),
    ("Total", "", "72.60"),
)
SIGN = [
    "Harbour Museum",
    "Open Tuesday to Sunday",
    "from 10:00 to 17:30",
    "Adults $9.00",
    "Children $4.50",
    "Closed on 25 December",
]


def bill(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(640, 620).write("CAFE ROSSO", (220, 30), size_px=32)
    for number, row in enumerate(BILL):
        for x, cell in zip((50, 350, 490), row, strict=True):
            page.write(cell, (x, 110 + number * 58))
    return page.image


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("If four people split the bill, what does each pay?", "18.15"),
        ("Split the total between 3", "24.20"),
        ("What is the total without the apple pie?", "42.00"),
        ("What does one tomato soup cost?", "6.50"),
        ("What is the unit price of the apple pie?", "6"),
        ("How many items are there in total, counting quantities?", "10"),
        ("Do the items add up to the subtotal?", "Yes"),
        ("How much are the trout and the soup together?", "31.50"),
        ("What change do I get from 100?", "27.40"),
        ("What is 15% of the subtotal?", "9.90"),
        ("What would the total be with 20 % off?", "58.08"),
        ("How much less is the trout than the pie?", "5.50"),
        ("Is the tax higher than 10?", "No"),
        ("小费15%是多少？", "10.89"),
        ("三个人平分，每人多少？", "24.20"),
        ("最贵的是什么？", "Apple pie"),
        ("List the items.", "Grilled trout"),
        ("How many mineral waters were ordered?", "3"),
        ("Convert the table to Markdown.", "| Tomato soup | 2 | 13.00 |"),
        ("What is the sum of the price column?", "is 66.00;"),
        ("What is the most expensive item?", "24.00 (Apple pie)"),
        ("What is the cheapest item?", "10.50 (Mineral water)"),
    ],
)
async def test_a_bill_with_quantities_is_reckoned_with(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(bill(sketch), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How long is it open each day?", "7"),
        ("Is it open on Mondays?", "Tuesday to Sunday"),
        ("What is the heading?", "The title is Harbour Museum"),
        ("What does a child pay?", "4.50"),
        ("What do two adults and three children cost?", "31.50"),
        ("What does the third line say?", "from 10:00 to 17:30"),
        ("What does the last line say?", "Closed on 25 December"),
        ("What stands below Adults?", "Children"),
        ("Does it mention dogs?", "doesn't mention “dogs”."),
        ("Does it mention children?", "Yes"),
        ("How many lines of text are there?", "6"),
        ("How much more does an adult pay than a child?", "4.50"),
        ("成人票多少钱？", "9.00"),
        ("Translate this into French.", "Harbour Museum"),
        ("Where is the word December?", "December"),
        ("Which day is it closed?", "25 December"),
    ],
)
async def test_a_notice_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(640, 420).lines(SIGN, (60, 40), step_px=58, size_px=30)
    assert wanted.lower() in (await ask(page.image, question)).text.lower()
