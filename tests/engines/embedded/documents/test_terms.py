"""The numbers of a page that a question names, with how many of each it wants."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from qwen_vision.engines.embedded.extract.terms import (
    item_terms,
    named_terms,
    only_amount,
    said_amounts,
)
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table, TextLine

LayOut = Callable[..., Reading]


def stock() -> Reading:
    """A table of things with a price and then how many are left."""
    texts = (
        ("Lamp", "Price", "Left"),
        ("Desk lamp", "$20.00", "14"),
        ("Floor lamp", "$20.00", "3"),
        ("Bulb", "$4.50", "90"),
    )
    lines, cells = [], []
    for row, cols in enumerate(texts):
        for column, text in enumerate(cols):
            left, top = 20.0 + 200 * column, 20.0 + 40 * row
            right, bottom = left + 100, top + 20
            quad = ((left, top), (right, top), (right, bottom), (left, bottom))
            lines.append(TextLine(text, quad, 0.98, row=row))
            cells.append(Cell(row, column, text, Box(left - 5, top - 5, right + 5, bottom + 5)))
    return Reading(tuple(lines), tables=(Table(4, 3, tuple(cells), Box(0, 0, 640, 200)),))


def values(page: Reading, question: str) -> list[tuple[float, int]]:
    return [(float(term.value), term.count) for term in named_terms(page, question)]


def test_a_row_of_a_table_is_named_by_its_own_word_and_its_price_is_its_own() -> None:
    terms = named_terms(stock(), "How much are a floor lamp and two bulbs?")
    assert [(term.value, term.count) for term in terms] == [
        (Decimal("20.00"), 1),
        (Decimal("4.50"), 2),
    ]
    assert terms[0].line.box.top == 100
    assert all(term.quantity is None for term in terms)


@pytest.mark.parametrize(
    ("rows", "question", "wanted"),
    [
        (
            ("Gig: £18 advance / £22 on the door",),
            "How much more is it on the door than in advance?",
            [(18, 1), (22, 1)],
        ),
        (
            ("1. Tea $3.00", "2. Cake $4.00"),
            "3 x tea and a cake",
            [(3, 3), (4, 1)],
        ),
        (
            ("豆浆 ¥3.00", "油条 ¥2.50"),
            "两杯豆浆和一份油条多少钱",
            [(3, 2), (2.5, 1)],
        ),
        (("Opens 9:30", "Tea $3.00"), "tea", [(3, 1)]),
        (("Subtotal 40.00", "Tax 8.00", "Total 48.00"), "tax of the total", [(8, 1), (48, 1)]),
        (("Tea $3.00", "Tea $4.00"), "the coffee", []),
    ],
)
def test_a_question_names_the_amounts_of_a_page(
    lay_out: LayOut,
    *,
    rows: tuple[str, ...],
    question: str,
    wanted: list[tuple[float, int]],
) -> None:
    assert sorted(values(lay_out(*rows), question)) == sorted(wanted)


def test_the_lines_of_a_bill_say_how_many_they_are_for(lay_out: LayOut) -> None:
    page = lay_out(
        [(20, "Item"), (300, "Qty"), (500, "Amount")],
        [(20, "Paper"), (300, "3"), (500, "12.00")],
        [(20, "Pens"), (300, "10"), (500, "5.00")],
    )
    assert [(term.name, term.value, term.quantity) for term in item_terms(page)] == [
        ("Paper", Decimal(12), Decimal(3)),
        ("Pens", Decimal(5), Decimal(10)),
    ]


def test_a_price_tag_holds_one_sum_of_money(lay_out: LayOut) -> None:
    tag = only_amount(lay_out("Jacket 38", "€ 79.90"))
    assert tag is not None
    assert tag.value == Decimal("79.90")
    assert only_amount(lay_out("€ 79.90", "€ 59.90")) is None


def test_percentages_are_no_sums_a_question_says() -> None:
    assert [one.value for one in said_amounts("with 10 % off $40 和50元")] == [40, 50]


def test_the_bars_of_a_chart_are_named_by_what_stands_under_them(lay_out: LayOut) -> None:
    chart = lay_out(
        "Visitors",
        [(100, "120"), (300, "95"), (500, "143")],
        [(100, "Mon"), (300, "Tue"), (500, "Wed")],
    )
    assert values(chart, "How many more came on Mon than on Tue?") == [(120, 1), (95, 1)]


def test_the_count_of_a_row_is_not_part_of_its_name(lay_out: LayOut) -> None:
    page = lay_out(
        [(20, "Harbour tour"), (300, "2 x"), (500, "18.00")], [(20, "Pier"), (500, "4.00")]
    )
    (term,) = named_terms(page, "What does one harbour tour cost?")
    assert (term.name, float(term.value)) == ("Harbour tour", 18)
