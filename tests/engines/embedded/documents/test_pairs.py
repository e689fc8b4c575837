"""All that a page says, for a request that names nothing: its pairs, the usual fields, its rows."""

import json
from collections.abc import Callable
from typing import Any

from qwen_vision.engines.embedded.documents.layout import page_parts
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table
from qwen_vision.engines.embedded.rooms.extract import fill_schema

LayOut = Callable[..., Reading]


def told(page: Reading) -> dict[str, Any]:
    value = fill_schema(
        {"type": "object"}, [Page(index=0, number=None, reading=page, sheet=Sheet.of(page))]
    ).value
    read: dict[str, Any] = json.loads(json.dumps(value))
    return read


def test_a_bill_tells_its_pairs_its_parties_and_its_items(lay_out: LayOut) -> None:
    page = lay_out(
        [(20, "Marlow Prints Ltd"), (600, "Invoice # M-118")],
        [(20, "4 Quay Street"), (600, "Due: 19 June 2025")],
        [(20, "Bristol BS1 4DJ")],
        [(20, "Phone 020 7946 0018")],
        [],
        [(20, "Invoice to:"), (600, "Order no: 77-12")],
        [(20, "Ida Beck")],
        [],
        [(20, "Item"), (300, "Qty"), (500, "Amount")],
        [(20, "Posters"), (300, "3"), (500, "12.00")],
        [(20, "Cards"), (300, "10"), (500, "5.00")],
        [(20, "Total"), (500, "17.00")],
    )
    assert told(page) == {
        "Due": "19 June 2025",
        "Invoice to": "Ida Beck",
        "Order no": "77-12",
        "company": "Marlow Prints Ltd",
        "address": "4 Quay Street, Bristol BS1 4DJ",
        "phone": "020 7946 0018",
        "invoice number": "M-118",
        "Total": "17.00",
        "items": [
            {"Item": "Posters", "Qty": "3", "Amount": "12.00"},
            {"Item": "Cards", "Qty": "10", "Amount": "5.00"},
        ],
    }


def test_a_statement_without_colons_tells_whose_account_it_is(lay_out: LayOut) -> None:
    page = lay_out(
        "Sparbank Aue eG",
        "Kontonummer 88 120 334",
        "IBAN DE89 3704 0044 0532 0130 00",
        "Datum 31.07.2025",
    )
    read = told(page)
    assert read["company"] == "Sparbank Aue eG"
    assert read["bank account"] == "88 120 334"
    assert read["iban"] == "DE89 3704 0044 0532 0130 00"


def test_a_price_in_the_sentence_of_a_letter_is_no_item(lay_out: LayOut) -> None:
    page = lay_out("Re: Your lease", "We renew it for twelve months at a rent of", "£985.00.")
    assert told(page) == {"Re": "Your lease"}


def test_heads_in_two_rows_name_the_columns_together(lay_out: LayOut) -> None:
    def cell(row: int, column: int, text: str, *, spans: tuple[int, int] = (1, 1)) -> Cell:
        box = Box(100.0 * column, 40.0 * row, 100.0 * column + 90, 40.0 * row + 30)
        return Cell(row, column, text, box, row_span=spans[0], column_span=spans[1])

    cells = (
        cell(0, 0, "Product", spans=(2, 1)),
        cell(0, 1, "Units", spans=(1, 2)),
        cell(1, 1, "Online"),
        cell(1, 2, "Store"),
        cell(2, 0, "Kettle"),
        cell(2, 1, "120"),
        cell(2, 2, "85"),
    )
    lines = lay_out("Sales of the year").lines
    page = Reading(lines, tables=(Table(3, 3, cells, Box(0, 0, 300, 120)),))
    assert told(page)["rows"] == [{"Product": "Kettle", "Units Online": "120", "Units Store": "85"}]


def test_a_hollow_bullet_read_as_a_full_stop_begins_an_item(lay_out: LayOut) -> None:
    page = lay_out(
        "• Clear the trees", [(60, "。Birch Hollow")], [(60, "。Otter Creek")], "• Signs"
    )
    (part,) = page_parts(page)
    assert [(item.text, item.depth) for item in part.items] == [
        ("Clear the trees", 0),
        ("Birch Hollow", 1),
        ("Otter Creek", 1),
        ("Signs", 0),
    ]
