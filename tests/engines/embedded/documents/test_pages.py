"""Tables, charts, cards, letters and forms: what a question or a schema finds in them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwen_vision.engines.embedded.documents.cells import (
    absent_row,
    charted,
    crossings,
    is_exact,
    lacking,
    measured,
    unheard,
)
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field, find_words, label_said
from qwen_vision.engines.embedded.documents.headings import find_title, section
from qwen_vision.engines.embedded.documents.kinds import document_words
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.fill import fill
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.shape import read_shape
from qwen_vision.engines.embedded.facts import Reading

STOCK = (
    ("Item", "Code", "In stock", "Price"),
    ("Bolts M6", "B-106", "1,240", "$0.12"),
    ("Hinges", "H-220", "86", "$2.45"),
    ("Green hinges", "H-221", "7", "$2.60"),
)
TEXT = {"type": "string"}


def filled(reading: Reading, properties: dict[str, Any]) -> dict[str, Any]:
    page = Page(index=0, number=None, reading=reading, sheet=Sheet.of(reading))
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    value: dict[str, Any] = json.loads(json.dumps(fill(read_shape(schema), [page]).value))
    return value


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many hinges are in stock?", ["86"]),
        ("What is the price of the bolts M6?", ["$0.12"]),
        ("What does a hinge cost?", ["$2.45"]),
        ("What is the code of the green hinges?", ["H-221"]),
        ("Tell me about the bolts M6", ["B-106", "1,240", "$0.12"]),
        ("What is the code of hinges and bolts M6?", ["B-106", "H-220"]),
        ("What is the price of nails?", []),
    ],
)
def test_a_question_names_the_row_and_the_column_of_a_cell(
    tabled: Callable[..., Reading], *, question: str, wanted: list[str]
) -> None:
    assert [cell.text for cell in crossings(tabled(*STOCK), question)] == wanted


YEARS = (("Year", "Jan", "May"), ("2013", "12", "720"), ("2014", "36", "41"))


def test_a_row_may_be_named_by_a_number_with_the_header_of_its_cell(
    tabled: Callable[..., Reading],
) -> None:
    reading = tabled(*YEARS)
    question = "What is the May of 2013?"
    found = crossings(reading, question)
    assert [cell.text for cell in found] == ["720"]
    assert is_exact(found, question)
    assert crossings(reading, "What happened in 2013?") == []


def test_a_column_or_row_that_a_table_lacks_is_told(tabled: Callable[..., Reading]) -> None:
    reading = tabled(*STOCK)
    asked = "What is the temperature of the bolts M6?"
    assert lacking(crossings(reading, asked), asked) == "temperature"
    priced = "What is the price of the bolts M6?"
    assert lacking(crossings(reading, priced), priced) == ""
    assert absent_row(tabled(*YEARS), "What is the May of Zanzibar?") == "Zanzibar"
    assert absent_row(tabled(*YEARS), "What is the May of 2014?") == ""


def test_what_is_compared_must_be_printed(tabled: Callable[..., Reading]) -> None:
    measure = measured("Which year has the highest humidity?")
    assert measure == "humidity"
    assert unheard(tabled(*YEARS), measure)
    assert not unheard(tabled(*YEARS), measured("Which year has the lowest May?"))


def test_rows_of_chinese_are_named_by_their_words(tabled: Callable[..., Reading]) -> None:
    prices = tabled(("男士剪发", "38元"), ("女士剪发", "58元"), ("烫发", "298元"))
    found = crossings(prices, "男士剪发和烫发分别多少钱？")
    assert [cell.text for cell in found] == ["38元", "298元"]


@pytest.mark.parametrize("question", ["How many in April?", "4月是多少？", "What about Apr?"])
def test_a_bar_of_a_chart_is_named_by_its_month(
    lay_out: Callable[..., Reading], question: str
) -> None:
    chart = lay_out(
        "Bicycles sold",
        [(100, "71"), (300, "93"), (500, "120")],
        [(100, "Mar"), (300, "Apr"), (500, "May")],
    )
    assert [bar.text for bar in charted(chart, question)] == ["93"]


def test_a_chart_fills_rows_of_a_name_and_a_number(lay_out: Callable[..., Reading]) -> None:
    chart = lay_out(
        "Visitors",
        [(100, "120"), (300, "95"), (500, "143")],
        [(100, "Mon"), (300, "Tue"), (500, "Wed")],
    )
    row = {"type": "object", "properties": {"day": TEXT, "visitors": {"type": "integer"}}}
    wanted = [{"day": "Mon", "visitors": 120}, {"day": "Tue", "visitors": 95}]
    assert filled(chart, {"data": {"type": "array", "items": row}})["data"][:2] == wanted


CARD = (
    "Elena Markovic",
    "Senior Structural Engineer",
    "Brightspan Consulting GmbH",
    "+49 40 5550 1822",
    "elena@brightspan.example",
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("person", "Elena Markovic"),
        ("job_title", "Senior Structural Engineer"),
        ("company", "Brightspan Consulting GmbH"),
        ("phone", "+49 40 5550 1822"),
    ],
)
def test_a_card_tells_who_it_is(sheet_of: Callable[..., Sheet], name: str, wanted: str) -> None:
    assert find_field(sheet_of(*CARD), concepts()[name])[0].text == wanted


def test_a_card_fills_lists_by_the_name_of_one(lay_out: Callable[..., Reading]) -> None:
    lists = {name: {"type": "array", "items": TEXT} for name in ("emails", "phones")}
    wanted = {"emails": ["elena@brightspan.example"], "phones": ["+49 40 5550 1822"]}
    assert filled(lay_out(*CARD), lists) == wanted


LETTER = (
    "Fernhill Housing Association",
    "6 Station Parade",
    "Bristol BS1 6QF",
    "12 February 2025",
    "Dear Mr. Whitlock,",
    "Re: Repair request",
    "Our engineer will visit on Tuesday.",
    "Yours sincerely,",
    "Priya Nair",
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("company", "Fernhill Housing Association"),
        ("customer", "Mr. Whitlock"),
        ("person", "Priya Nair"),
        ("subject", "Repair request"),
    ],
)
def test_a_letter_tells_who_writes_to_whom(
    sheet_of: Callable[..., Sheet], name: str, wanted: str
) -> None:
    assert find_field(sheet_of(*LETTER), concepts()[name])[0].text == wanted


def test_a_letter_is_told_by_its_greeting(lay_out: Callable[..., Reading]) -> None:
    assert document_words(lay_out(*LETTER)) == "a letter"


def test_the_title_is_the_tallest_line_near_the_top(sheet_of: Callable[..., Sheet]) -> None:
    assert find_title(sheet_of("page 3", "What we learned", "in spring", tall=1))[0].text == (
        "What we learned"
    )


MENU = (
    "STARTERS", [(20, "Onion soup"), (400, "€7.50")],
    "DESSERTS", [(20, "Lemon tart"), (400, "€7.90")],
)  # fmt: skip


def test_a_heading_that_a_question_says_has_its_rows(sheet_of: Callable[..., Sheet]) -> None:
    found = section(sheet_of(*MENU), "Which desserts are there?")
    assert found is not None
    assert [[line.text for line in row] for row in found[1]] == [["Lemon tart", "€7.90"]]


def test_headings_fill_a_list_of_sections(lay_out: Callable[..., Reading]) -> None:
    dish = {"type": "object", "properties": {"name": TEXT, "price": {"type": "number"}}}
    part = {"name": TEXT, "dishes": {"type": "array", "items": dish}}
    shape = {"type": "array", "items": {"type": "object", "properties": part, "required": ["name"]}}
    assert filled(lay_out(*MENU), {"sections": shape})["sections"] == [
        {"name": "STARTERS", "dishes": [{"name": "Onion soup", "price": 7.5}]},
        {"name": "DESSERTS", "dishes": [{"name": "Lemon tart", "price": 7.9}]},
    ]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ticket number", "77-1042"),
        ("patient's full name", "Daniel Osei"),
        ("slide number", "7"),
        ("code of the locker", "4471"),
        ("churn", None),
    ],
)
def test_words_find_the_label_that_says_the_same(
    sheet_of: Callable[..., Sheet], words: str, wanted: str | None
) -> None:
    sheet = sheet_of(
        "Ticket no: 77-1042", "Full name: Daniel Osei", "Slide 7 of 22", "Locker code: 4471",
        "Churn fell to 2.4%",
    )  # fmt: skip
    found = find_words(sheet, words)
    assert (found[0].text if found else None) == wanted


def test_the_label_whose_words_a_question_says_is_known(sheet_of: Callable[..., Sheet]) -> None:
    sheet = sheet_of("Emergency contact: Grace Osei", "Contact: desk 4")
    assert label_said(sheet, "Who is the emergency contact?") == "Emergency contact"


@pytest.mark.parametrize(("printed", "wanted"), [("On", True), ("Nein", False), ("maybe", None)])
def test_a_switch_fills_a_boolean(
    lay_out: Callable[..., Reading], printed: str, wanted: bool | None
) -> None:
    page = lay_out([(20, "Proxy"), (400, printed)], [(20, "Port"), (400, "80")])
    assert filled(page, {"proxy": {"type": ["boolean", "null"]}}) == {"proxy": wanted}


def test_a_pattern_gets_the_form_it_wants(lay_out: Callable[..., Reading]) -> None:
    page = lay_out([(20, "Total"), (400, "$ 1,411.80")], [(20, "Date"), (400, "3 May 2024")])
    wanted = {
        "total": TEXT | {"pattern": r"^\d+\.\d{2}$"},
        "date": TEXT | {"pattern": r"^\d{2}\.\d{2}\.\d{4}$"},
    }
    assert filled(page, wanted) == {"total": "1411.80", "date": "03.05.2024"}


def test_an_option_is_told_by_how_receipts_print_it(lay_out: Callable[..., Reading]) -> None:
    page = lay_out([(20, "TOTAL"), (400, "12.00")], "VISA ****1234")
    method = {"type": "string", "enum": ["cash", "card", "unknown"]}
    assert filled(page, {"payment_method": method}) == {"payment_method": "card"}


def test_heads_over_values_in_turn_name_what_stands_under_them(
    tabled: Callable[..., Reading],
) -> None:
    card = tabled(("Gate", "Boarding"), ("B12", "18:40"), ("Seat", "Class"), ("24 C", "Y1"))
    assert [cell.text for cell in crossings(card, "Which gate is it?")] == ["B12"]
    assert [cell.text for cell in crossings(card, "When is boarding?")] == ["18:40"]
    assert [cell.text for cell in crossings(card, "When is the seat?")] == []
