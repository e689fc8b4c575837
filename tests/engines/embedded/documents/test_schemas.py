"""Schemas as people write them: names of the page itself, references, templates, lists."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.embedded.documents.chat import chat_messages
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.listed import asks_how_many, lists
from qwen_vision.engines.embedded.documents.markup import csv_table, json_table, markdown_table
from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.asked import asked_schema, told_schema
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.facts import (
    Barcode,
    ColorShare,
    ObjectSeen,
    PictureFacts,
    Reading,
)
from qwen_vision.engines.embedded.rooms.extract import fill_schema

if TYPE_CHECKING:
    from tests.engines.embedded.documents.conftest import Fill

LayOut = Callable[..., Reading]
TEXT = {"type": ["string", "null"]}
TEXTS = {"type": "array", "items": {"type": "string"}}


def test_a_reference_a_choice_and_a_title_are_followed(lay_out: LayOut) -> None:
    page = lay_out("Bright & Co. Ltd", "Invoice no: A-17", "Total: 12.00", "Issued by: Bright Ltd")
    schema: dict[str, Any] = {
        "$defs": {"a/b": {"type": "object", "properties": {"Invoice Number": TEXT}}},
        "allOf": [{"required": ["head"]}],
        "type": "object",
        "properties": {
            "head": {"$ref": "#/$defs/a~1b"},
            "x1": {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Total"},
            "x2": {"oneOf": [{"type": "null"}]},
            "totalDue": {"type": ["null", "number"]},
        },
    }
    sheet = Sheet.of(page)
    value = fill_schema(schema, [Page(index=0, number=None, reading=page, sheet=sheet)]).value
    assert json.loads(json.dumps(value)) == {
        "head": {"Invoice Number": "A-17"},
        "x1": 12,
        "x2": None,
        "totalDue": 12,
    }


def seen(page: Reading) -> Page:
    corner = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    code = Barcode("https://menu.example/7", "QR Code", corner)
    return Page(index=0, number=None, reading=page, sheet=Sheet.of(page), codes=(code,))


@pytest.mark.parametrize(
    ("name", "rules", "wanted"),
    [
        ("title", TEXT, "Harbour walk"),
        ("full_text", TEXT, "Harbour walk\n• boats\n• nets"),
        ("lines", TEXTS, ["Harbour walk", "• boats", "• nets"]),
        ("bullet_points", TEXTS, ["boats", "nets"]),
        ("qr_codes", TEXTS, ["https://menu.example/7"]),
        ("qr_code", TEXT, "https://menu.example/7"),
        ("website", TEXT, "https://menu.example/7"),
        ("has_qr_code", {"type": ["boolean", "null"]}, True),
        ("has_boats", {"type": ["boolean", "null"]}, True),
        ("has_cars", {"type": ["boolean", "null"]}, None),
        ("width", {"type": ["integer", "null"]}, None),
        ("colors", TEXTS, []),
        ("color", TEXT, None),
        ("language", TEXT, None),
        ("document_type", TEXT, None),
    ],
)
def test_a_name_may_ask_for_the_page_itself(
    lay_out: LayOut, *, name: str, rules: dict[str, Any], wanted: object
) -> None:
    page = seen(lay_out("Harbour walk", "• boats", "• nets", tall=0))
    schema = {"type": "object", "properties": {name: rules}}
    assert json.loads(json.dumps(fill_schema(schema, [page]).value)) == {name: wanted}


@pytest.mark.parametrize(
    ("text", "wanted"), [("ようこそ横浜へ", "ja"), ("欢迎来到上海", "zh"), ("", None)]
)
def test_the_language_of_a_page_is_told_by_its_script(
    lay_out: LayOut, fill: "Fill", *, text: str, wanted: str | None
) -> None:
    page = lay_out(text) if text else Reading(())
    assert fill(page, {"language": TEXT}) == {"language": wanted}


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        (
            'Give {"total": 0, "paid": false, "tags": [], "who": "the buyer"}',
            ("total", "paid", "tags", "who"),
        ),
        ('Fill [{"name": ""}]', ("name",)),
        ("Return JSON with the keys `buyer` and `date`", ("buyer", "date")),
        ("Extract the fields: buyer, date; total", ("buyer", "date", "total")),
        ("as JSON: what the long sentence that follows the colon says to everyone, now", ()),
        ("Hello there", ()),
        ("{broken", ()),
    ],
)
def test_a_prompt_names_the_keys_it_wants(prompt: str, wanted: tuple[str, ...]) -> None:
    schema = asked_schema(prompt)
    told = (schema or {}).get("items", schema) or {}
    assert tuple(told.get("properties", ())) == wanted


def test_a_schema_in_the_words_is_found_behind_other_braces() -> None:
    said = 'Use {x}: {"type": "object", "properties": {"a": {"type": "string"}}}'
    assert told_schema(said) == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert told_schema('the word "properties" alone') is None


def test_a_table_is_written_as_markdown_csv_and_json(tabled: Callable[..., Reading]) -> None:
    table = tabled(("Name", "Price"), ("Tea, green", "3|4")).tables[0]
    assert markdown_table(table) == "| Name | Price |\n| --- | --- |\n| Tea, green | 3\\|4 |"
    assert csv_table(table) == 'Name,Price\n"Tea, green",3|4'
    assert json.loads(json_table(table)) == [{"Name": "Tea, green", "Price": "3|4"}]
    bare = tabled(("Name", ""), ("Tea", "3")).tables[0]
    assert json.loads(json_table(bare)) == [["Name", ""], ["Tea", "3"]]


def test_messages_of_a_chat_end_at_their_times(lay_out: LayOut) -> None:
    page = lay_out("Ann", "Are you there?", "10:01", "Bo", "Yes", "10:02", "Ann", "Fine", "10:03")
    told = [(one.sender, one.text, one.time) for one in chat_messages(page)]
    assert told == [
        ("Ann", "Are you there?", "10:01"),
        ("", "Bo Yes", "10:02"),
        ("Ann", "Fine", "10:03"),
    ]
    assert chat_messages(lay_out("one", "10:01", *"abcdefghi", "10:02")) == []
    assert chat_messages(lay_out("10:01", "a", "10:02", "b", "c")) == []


def test_a_long_row_goes_on_in_the_next_one(lay_out: LayOut) -> None:
    page = lay_out(
        "The ferry to the island leaves twice on every working day of the",
        "week. Bicycles are carried for nothing on all of its many journeys.",
        [(20, "Bo"), (300, "12")],
    )
    assert sentences(page) == [
        "The ferry to the island leaves twice on every working day of the week.",
        "Bicycles are carried for nothing on all of its many journeys.",
        "Bo 12",
    ]


def test_a_wrapped_entry_of_a_list_is_one(lay_out: LayOut) -> None:
    page = lay_out("Packing list", "1. Boots", "2. A rope of ten", "metres", "3. Tent")
    assert [[entry.text for entry in one] for one in lists(page)] == [
        ["Boots", "A rope of ten metres", "Tent"]
    ]
    assert len(asks_how_many(page, "How many items are on the packing list?")) == 3
    assert asks_how_many(page, "How many penguins are there?") == []
    assert asks_how_many(page, "What is on the list?") == []


def test_the_rate_of_a_tax_stands_beside_it(sheet_of: Callable[..., Sheet]) -> None:
    page = sheet_of("Subtotal 100.00", "VAT 20% 20.00", "Discount 5%", "Total 120.00")
    rates = find_field(page, concepts()["tax_rate"])
    assert [str(rate.plain) for rate in rates][:1] == ["20"]
    assert all("Discount" not in rate.lines[0].text for rate in rates)


def test_colours_and_things_of_a_picture_fill_lists(lay_out: LayOut) -> None:
    page = lay_out("Sale")
    facts = PictureFacts(
        width_px=640, height_px=480, colors=(ColorShare("red", "#ff0000", 0.7),), brightness=0.5,
        contrast=0.5, sharpness=100.0, is_blank=False, is_grey=False,
    )  # fmt: skip
    thing = ObjectSeen("kite", 0.9, page.lines[0].box)
    looked = Page(
        index=0, number=None, reading=page, sheet=Sheet.of(page), facts=facts, objects=(thing,)
    )
    schema = {
        "type": "object",
        "properties": {
            "width": {"type": "integer"}, "height_px": {"type": "integer"},
            "colors": TEXTS, "main_color": TEXT, "objects": TEXTS,
        },
    }  # fmt: skip
    assert fill_schema(schema, [looked]).value == {
        "width": 640,
        "height_px": 480,
        "colors": ["red"],
        "main_color": "red",
        "objects": ["kite"],
    }


def test_a_schema_may_leave_out_kinds_and_refer_to_its_parts(lay_out: LayOut) -> None:
    page = lay_out(
        "Stock of emails and boxes",
        "Level: 3",
        "Open: yes",
        "Box: deep",
        [(20, "Item"), (300, "Qty"), (500, "Amount")],
        [(20, "Vase"), (300, "4"), (500, "8.00")],
        [(20, "Rope"), (300, "9"), (500, "9.00")],
    )
    schema: dict[str, Any] = {
        "type": "object",
        "$defs": {"cell": {"type": "string"}},
        "properties": {
            "level": {"enum": [1, 2, 3]},
            "open": {"enum": [True, False]},
            "boxes": {"items": {"type": "string"}},
            "extra": True,
            "items": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": {"$ref": "#/$defs/cell"}},
            },
        },
    }
    sheet = Sheet.of(page)
    value = fill_schema(schema, [Page(index=0, number=None, reading=page, sheet=sheet)]).value
    assert isinstance(value, dict)
    assert (value["level"], value["boxes"]) == (3, ["deep"])
    assert value["items"] == [
        {"Item": "Vase", "Qty": "4", "Amount": "8.00"},
        {"Item": "Rope", "Qty": "9", "Amount": "9.00"},
    ]


def test_sections_carry_what_their_shape_requires(lay_out: LayOut) -> None:
    page = lay_out(
        "STARTERS",
        [(20, "Soup"), (400, "$4.00")],
        [(20, "Bread"), (400, "$2.00")],
        "MAINS",
        [(20, "Stew"), (400, "$9.00")],
        [(20, "Pie"), (400, "$8.00")],
    )
    dish = {"type": "object", "properties": {"name": TEXT, "price": {"type": "number"}}}
    part = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "dishes": {"type": "array", "items": dish},
            "vegan": {"type": "boolean"},
            "note": {"type": "object"},
            "rank": {"type": "integer", "minimum": 1},
        },
        "required": ["title", "dishes", "vegan", "note", "rank"],
    }
    schema = {
        "type": "object",
        "properties": {"sections": {"type": "array", "items": part}},
        "required": ["sections"],
    }
    sheet = Sheet.of(page)
    value = fill_schema(schema, [Page(index=0, number=None, reading=page, sheet=sheet)]).value
    told = json.loads(json.dumps(value))["sections"]
    assert [one["title"] for one in told] == ["STARTERS", "MAINS"]
    assert told[1]["dishes"] == [{"name": "Stew", "price": 9}, {"name": "Pie", "price": 8}]
    assert (told[0]["vegan"], told[0]["note"], told[0]["rank"]) == (False, {}, 1)
