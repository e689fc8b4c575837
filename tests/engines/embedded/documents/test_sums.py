"""The sums of a bill, and the rows that are items, names of items or neither."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.embedded.documents.amounts import read_number
from qwen_vision.engines.embedded.documents.headings import find_title
from qwen_vision.engines.embedded.documents.kinds import document_words
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import shared
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.facts import Reading

if TYPE_CHECKING:
    from tests.engines.embedded.documents.conftest import Fill

LayOut = Callable[..., Reading]
TEXT = {"type": ["string", "null"]}
NUMBER = {"type": ["number", "null"]}
SUMS = {"subtotal": NUMBER, "tax": NUMBER, "total": NUMBER}


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        # A rounding that makes no printed sum changes nothing.
        (("Total 10.02", "Rounding -0.02", "Thank you"), (None, None, 10.02)),
        (("Total 10.02", "Rounding -0.02", "10.00"), (None, None, 10)),
        # Of two the net that makes the total with the tax is the bill's.
        (("Subtotal 5.00", "Subtotal 10.00", "VAT 2.00", "Total 12.00"), (10, 2, 12)),
        (("Subtotal 10.00", "Total 12.00"), (10, None, 12)),
        (("Balance from last bill £96.40", "Please pay £126.00"), (None, None, 126)),
    ],
)
def test_the_sums_of_a_bill_fit_each_other(
    lay_out: LayOut, fill: "Fill", *, texts: tuple[str, ...], wanted: tuple[float | None, ...]
) -> None:
    assert tuple(fill(lay_out(*texts), SUMS).values()) == wanted


def named(page: Reading) -> list[tuple[str, str, str | None]]:
    items = bill_items(Sheet.of(page))
    return [
        (item.values["description"], item.values["amount"], item.values.get("quantity"))
        for item in items
    ]


def test_an_item_may_be_named_under_its_numbers(lay_out: LayOut) -> None:
    page = lay_out(
        [(20, "Item"), (300, "Qty"), (500, "Amount")],
        [(300, "3"), (500, "12.00")],
        [(20, "Posters")],
        [(20, "Cards"), (300, "2"), (500, "5.00")],
    )
    assert named(page) == [("Posters", "12.00", "3"), ("Cards", "5.00", "2")]


def test_items_end_where_another_part_of_the_page_begins(lay_out: LayOut) -> None:
    rows: list[Any] = [[(20, "Item"), (500, "Amount")], [(20, "Cards"), (500, "5.00")]]
    page = lay_out(*rows, *[[] for _ in range(6)], [(20, "Deposit"), (500, "9.00")])
    assert named(page) == [("Cards", "5.00", None)]


def test_of_three_numbers_two_make_the_last(lay_out: LayOut) -> None:
    page = lay_out(
        [(20, "Tea"), (300, "1"), (400, "1.00"), (500, "1.00")],
        [(20, "Cake"), (300, "3"), (400, "2.50"), (500, "7.50")],
    )
    assert named(page) == [("Tea", "1.00", None), ("Cake", "7.50", "3")] or named(page) == [
        ("Tea", "1.00", "1"),
        ("Cake", "7.50", "3"),
    ]


def test_labels_and_values_fill_a_list_of_both(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Colour: red", "Weight: 3 kg")
    row = {"type": "object", "properties": {"label": TEXT, "value": {"type": "string"}}}
    told = fill(page, {"facts": {"type": "array", "items": row}})
    assert told["facts"] == [
        {"label": "Colour", "value": "red"},
        {"label": "Weight", "value": "3 kg"},
    ]
    other = {"type": "object", "properties": {"place": TEXT, "height": NUMBER}}
    assert fill(page, {"peaks": {"type": "array", "items": other}}) == {"peaks": []}


def test_what_a_row_lacks_is_left_out_where_it_may_be(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        [(20, "Part"), (300, "Shelf"), (500, "Count")],
        [(20, "Vase"), (300, "B4"), (500, "8")],
        [(20, "Rope"), (500, "9")],
    )
    row = {
        "type": "object",
        "properties": {"part": TEXT, "shelf": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["part"],
    }
    assert fill(page, {"parts": {"type": "array", "items": row}})["parts"] == [
        {"part": "Vase", "shelf": "B4", "count": 8},
        {"part": "Rope", "count": 9},
    ]


def test_small_words_numbers_and_long_lines_name_nothing(
    lay_out: LayOut, sheet_of: Callable[..., Sheet]
) -> None:
    assert shared("the", "the tea") == 0
    assert find_title(sheet_of("12 34", "56")) == []
    assert document_words(lay_out("Please bring this receipt whenever you return a thing")) is None
    assert str(read_number("1.234.567")) == "1234567"


def test_a_label_over_a_label_has_no_value(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Full name", "Address", "9 Rook Lane, York YO1 7HU")
    assert fill(page, {"full_name": TEXT}) == {"full_name": None}
