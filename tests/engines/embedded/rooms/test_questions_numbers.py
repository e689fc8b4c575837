"""Questions that want arithmetic, a yes or no, an entry of a list, or the answer alone."""

from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.base import Text, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What would a 10 % tip on the total be?", "2.28 (10 % × total EUR 22.84; "),
        ("What change do I get from 50 euros?", "27.16 (50 − total EUR 22.84)."),
        ("How much more is the olive oil than the bread?", "4.15 (Olive oil 500 ml 7.95 − "),
        ("What do the milk and the olive oil cost together?", "9.24 (Whole milk 1 l 1.29 + "),
        ("Is the total above 20?", "Yes: total EUR 22.84 > 20."),
        ("Is the total over 100?", "No: total EUR 22.84 < 100."),
        ("Is the total not more than 25?", "Yes: total EUR 22.84 < 25."),
        ("总金额超过20吗？", "是：总金额 EUR 22.84 > 20。"),
        ("What is the total? Only the number.", "22.84"),
        ("What is the date? Nothing else.", "2026-03-14"),
        ("Is there olive oil on it? yes or no", "Yes"),
        ("What is the total? And who was the cashier, in one word?", "EUR 22.84\n\nMia"),
    ],
)
async def test_a_receipt_is_reckoned_with(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, answer: str
) -> None:
    assert (await ask(example("receipt.png"), question)).text.startswith(answer)


async def test_that_means_what_was_asked_before(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    before = (
        Turn("user", (example("receipt.png"), Text("What is the total?"))),
        Turn("assistant", (Text("The total is EUR 22.84."),)),
    )
    answer = await ask("How much more is that than the subtotal?", before=before)
    assert answer.text == "1.49 (total EUR 22.84 − subtotal 21.35)."


async def test_a_system_that_wants_a_number_gets_one(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    system = Turn("system", (Text("Respond with only a number."),))
    answer = await ask(example("receipt.png"), "What is the total?", before=(system,))
    assert answer.text == "22.84"


RULES = ["HOUSE RULES", "1. No smoking indoors", "2. Quiet after ten", "3. Feed the cat"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is rule 2?", "2. Quiet after ten"),
        ("Read the third rule. Only the text.", "Feed the cat"),
        ("第一条是什么？", "1. No smoking indoors"),
        ("How many rules are listed?", "3, listed so:\n- No smoking indoors\n"),
    ],
)
async def test_a_list_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    page = sketch(480, 260).lines(RULES, (30, 30), step_px=50).image
    assert (await ask(page, question)).text.startswith(answer)


async def test_the_price_of_one_and_of_a_kilogram_is_reckoned(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    tag = sketch(400, 260).lines(["Wild rice", "$8.20", "500 g"], (60, 40), step_px=60).image
    assert (await ask(tag, "What is the price per kg?")).text.startswith("$16.40 (")
    assert (await ask(tag, "How much would 3 wild rice cost?")).text.startswith("$24.60 (3 × ")


async def test_a_change_is_told_by_its_two_numbers(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(700, 200).lines(
        ["Your monthly rent changes from $612 to $640.", "Revenue grew by a little."], (30, 40)
    )
    assert (await ask(page.image, "By how much does the rent go up?")).text.startswith("$28 (")
    assert "$28" not in (await ask(page.image, "By how much did revenue grow?")).text


async def test_of_several_pictures_the_one_that_prints_the_words_answers(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    tags = [
        sketch(320, 200).lines([name, price], (40, 40), step_px=60).image
        for name, price in (("Basmati rice", "$5.40"), ("Jasmine rice", "$4.95"))
    ]
    answer = (await ask(*tags, "How much is the jasmine rice?")).text
    assert answer.startswith("Picture 2: ")
    assert "5.40" not in answer
    total = (await ask(*tags, "How much do both cost together?")).text
    assert total.startswith("$10.35 (")


BILL = ["Seaview Hotel", "Room 3 nights      $360.00", "Breakfast      $54.00"]
BILL += ["Minibar      $17.50", "Amount due      $431.50"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the price per night?", "$120.00 ("),
        ("How many nights did he stay?", "3: it says “Room 3 nights"),
        ("What would it cost without the minibar?", "$414.00 ("),
        ("Was the minibar more expensive than breakfast?", "No: "),
        ("If two people split the total between two, what does each pay?", "$215.75 ("),
    ],
)
async def test_a_hotel_bill_is_reckoned_with(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    page = sketch(620, 360).lines(BILL, (30, 30), step_px=56).image
    assert (await ask(page, question)).text.startswith(answer)


RECIPE = ["Ingredients", "- flour", "- sugar", "- butter", "Method", "1. Mash it.", "2. Bake it."]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many ingredients does it need?", "3"),
        ("How many steps are there?", "2"),
        ("What is the first ingredient?", "flour"),
        ("What is step 2?", "Bake it."),
    ],
)
async def test_of_two_lists_the_one_that_is_meant_answers(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    page = sketch(460, 460).lines(RECIPE, (30, 30), size_px=28, step_px=56).image
    assert (await ask(page, question + " Only that, nothing else.")).text == answer
