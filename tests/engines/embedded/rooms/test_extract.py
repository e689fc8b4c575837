"""Structured answers: valid for the schema, true to the picture, with evidence."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.base import Text, Turn
from qwen_vision.errors import AbilityError
from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from qwen_vision.protocol.schema import SchemaCheck

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Answer, Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

INVOICE: list[tuple[int, int, str]] = [
    (40, 30, "Brightwater Tools Ltd"),
    (40, 70, "8 Mill Lane"),
    (40, 110, "Bristol BS1 4DJ"),
    (560, 30, "INVOICE"),
    (560, 70, "Invoice No: INV-3301"),
    (560, 110, "Date: 5 March 2024"),
    (40, 180, "Bill To:"),
    (40, 220, "Ann Carter"),
    (40, 300, "Description"), (420, 300, "Qty"), (540, 300, "Unit Price"), (740, 300, "Amount"),
    (40, 350, "Steel hammer"), (430, 350, "2"), (560, 350, "15.00"), (750, 350, "30.00"),
    (40, 400, "Box of nails"), (430, 400, "10"), (560, 400, "1.25"), (750, 400, "12.50"),
    (560, 470, "Subtotal"), (750, 470, "42.50"),
    (560, 510, "VAT 20%"), (750, 510, "8.50"),
    (560, 550, "Total due"), (750, 550, "$51.00"),
]  # fmt: skip


def invoice(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(880, 640)
    for x, y, text in INVOICE:
        page.write(text, (x, y), size_px=24)
    return page.image


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    wanted = ResponseFormat("json_schema", JsonSchemaFormat(name="answer", schema=schema))
    return {"response_format": wanted}


def value_of(answer: "Answer", schema: dict[str, Any]) -> "dict[str, Any]":
    value: dict[str, Any] = json.loads(answer.text)
    assert SchemaCheck(schema, param="schema").problem(value) is None
    return value


FULL = {
    "type": "object",
    "properties": {
        "seller": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "address": {"type": ["string", "null"]}},
            "required": ["name", "address"],
        },
        "customerName": {"type": "string"},
        "invoiceNumber": {"type": "string", "pattern": "^[A-Z]+-\\d+$"},
        "issued": {"type": "string", "format": "date", "description": "invoice date"},
        "currency": {"enum": ["EUR", "USD", "GBP", None]},
        "amount_due": {"type": "number"},
        "tax": {"type": ["number", "null"]},
        "iban": {"type": ["string", "null"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    },
    "required": ["seller", "invoiceNumber", "issued", "amount_due", "iban", "lines"],
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {
                "description": {"type": "string"},
                "quantity": {"type": "integer"},
                "price": {"type": "number"},
                "total": {"type": "number"},
            },
            "required": ["description", "total"],
        }
    },
}


async def test_a_schema_is_filled_by_meaning_with_nested_objects_and_line_items(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    answer = await ask(invoice(sketch), "Extract.", request=schema_format(FULL))
    value = value_of(answer, FULL)
    assert value["seller"] == {
        "name": "Brightwater Tools Ltd",
        "address": "8 Mill Lane, Bristol BS1 4DJ",
    }
    assert value["customerName"] == "Ann Carter"
    assert value["invoiceNumber"] == "INV-3301"
    assert value["issued"] == "2024-03-05"
    assert value["currency"] == "USD"
    assert value["amount_due"] == 51
    assert value["tax"] == 8.5
    assert value["iban"] is None
    assert value["lines"] == [
        {"description": "Steel hammer", "quantity": 2, "price": 15, "total": 30},
        {"description": "Box of nails", "quantity": 10, "price": 1.25, "total": 12.5},
    ]


async def test_items_of_no_named_shape_are_the_lines_of_the_bill_by_its_header(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    schema = {"type": "object", "properties": {"items": {"type": "array"}}}
    answer = await ask(invoice(sketch), "Extract.", request=schema_format(schema))
    assert value_of(answer, schema)["items"] == [
        {
            "Description": "Steel hammer",
            "Qty": "2",
            "Unit Price": "15.00",
            "Amount": "30.00",
        },
        {
            "Description": "Box of nails",
            "Qty": "10",
            "Unit Price": "1.25",
            "Amount": "12.50",
        },
    ]


@pytest.mark.parametrize("place", ["system", "user"])
async def test_a_json_schema_in_the_words_is_filled(
    ask: "Ask", sketch: "type[Sketch]", place: str
) -> None:
    schema = {
        "type": "object",
        "properties": {"amount_due": {"type": "number"}},
        "required": ["amount_due"],
    }
    words = f"Answer in JSON that fits this schema:\n{json.dumps(schema, indent=1)}"
    before = (Turn("system", (Text(words),)),) if place == "system" else ()
    question = "What is due?" if place == "system" else f"What is due? {words}"
    answer = await ask(invoice(sketch), question, before=before)
    assert json.loads(answer.text.strip("`json\n")) == {"amount_due": 51}
    wanted = {"response_format": ResponseFormat("json_object")}
    answer = await ask(invoice(sketch), question, before=before, request=wanted)
    assert json.loads(answer.text) == {"amount_due": 51}


async def test_every_value_carries_evidence(ask: "Ask", sketch: "type[Sketch]") -> None:
    answer = await ask(invoice(sketch), "Extract.", request=schema_format(FULL))
    proofs = {proof.field: proof for proof in answer.evidence}
    left, top, right, bottom = proofs["amount_due"].box or (0, 0, 0, 0)
    assert 740 <= left < right <= 880
    assert 540 <= top < bottom <= 590
    assert float(proofs["amount_due"].confidence or 0) > 0.5
    assert "lines[1].total" in proofs
    assert "not found" in str(proofs["iban"].note)


async def test_dates_and_amounts_stay_as_printed_when_the_schema_takes_strings(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    schema = {
        "type": "object",
        "properties": {"date": {"type": "string"}, "total": {"type": "string"}},
    }
    answer = await ask(invoice(sketch), "Extract.", request=schema_format(schema))
    assert value_of(answer, schema) == {"date": "5 March 2024", "total": "$51.00"}


async def test_totals_are_checked_against_the_line_items(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(700, 420)
    rows = [("Item", "Price"), ("Blue chair", "20.00"), ("Green lamp", "30.00"), ("Total", "50.00")]
    for number, (name, price) in enumerate(rows):
        page.write(name, (40, 40 + number * 60)).write(price, (480, 40 + number * 60))
    schema = {
        "type": "object",
        "properties": {
            "total": {"type": "number"},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "price": {"type": "number"}},
                },
            },
        },
    }
    answer = await ask(page.image, "Extract.", request=schema_format(schema))
    assert value_of(answer, schema)["items"] == [
        {"name": "Blue chair", "price": 20},
        {"name": "Green lamp", "price": 30},
    ]
    note = next(str(proof.note) for proof in answer.evidence if proof.field == "total")
    assert "2 line items: they add up to it" in note


async def test_json_object_without_a_schema_gives_all_pairs(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(700, 260).lines(
        ["Name: Lena Vogt", "Seat: 14C", "Gate: B7"], (40, 40), step_px=60
    )
    answer = await ask(
        page.image,
        "Give me everything as JSON.",
        request={"response_format": ResponseFormat("json_object")},
    )
    assert json.loads(answer.text) == {"Name": "Lena Vogt", "Seat": "14C", "Gate": "B7"}


async def test_json_object_follows_the_keys_of_the_prompt(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    answer = await ask(
        invoice(sketch),
        "Return JSON with keys company, date and total.",
        request={"response_format": ResponseFormat("json_object")},
    )
    assert json.loads(answer.text) == {
        "company": "Brightwater Tools Ltd",
        "date": "5 March 2024",
        "total": "$51.00",
    }


async def test_a_template_in_the_prompt_is_filled(ask: "Ask", sketch: "type[Sketch]") -> None:
    template = 'Extract the key information: {"invoice number": "", "buyer": {"name": ""}}'
    answer = await ask(invoice(sketch), template, model="qwen-vl-ocr")
    text = answer.text.removeprefix("```json\n").removesuffix("\n```")
    assert json.loads(text) == {"invoice number": "INV-3301", "buyer": {"name": "Ann Carter"}}


SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "object"},
    {"type": "object", "properties": {}, "additionalProperties": False},
    {"type": "array", "items": {"type": "string"}},
    {"type": "string"},
    {"type": "number"},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "integer", "minimum": 3, "maximum": 7},
    {"enum": ["left", "right"]},
    {"const": 5},
    {
        "type": "object",
        "properties": {"n": {"type": "number", "exclusiveMinimum": 2}},
        "required": ["n"],
    },
    {
        "type": "object",
        "properties": {"a": {"type": "array", "minItems": 2, "items": {"type": "integer"}}},
        "required": ["a"],
    },
    {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "parent": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["name", "children", "parent"],
            }
        },
    },
    {
        "allOf": [
            {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
            {"properties": {"y": {"type": ["string", "null"]}}, "required": ["y"]},
        ]
    },
    {
        "type": "object",
        "properties": {
            "when": {"type": "string", "format": "date-time"},
            "mail": {"type": "string", "format": "email"},
        },
    },
    {
        "type": "object",
        "properties": {"kind": {"oneOf": [{"const": "invoice"}, {"const": "other"}]}},
        "required": ["kind"],
    },
    {"type": "object", "minProperties": 1, "properties": {"zzz": {"type": "string"}}},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:50])
async def test_any_schema_gets_a_valid_answer(
    ask: "Ask", sketch: "type[Sketch]", schema: dict[str, Any]
) -> None:
    page = sketch(360, 120).write("Hello harbour", (30, 40)).image
    answer = await ask(page, "Extract.", request=schema_format(schema))
    value_of(answer, schema)


async def test_a_schema_that_no_true_value_fits_is_refused(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    schema = {
        "type": "object",
        "properties": {"plate": {"type": "string", "pattern": "^[A-Z]{3}-\\d{3}$"}},
        "required": ["plate"],
    }
    with pytest.raises(AbilityError, match="Allow null"):
        await ask(sketch(300, 100).image, "Extract.", request=schema_format(schema))


async def test_a_schema_without_any_picture_is_filled_with_nothing(ask: "Ask") -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": ["string", "null"]}, "text": {"type": "string"}},
        "required": ["title", "text"],
    }
    answer = await ask("Extract.", request=schema_format(schema))
    assert value_of(answer, schema) == {"title": None, "text": ""}


async def test_a_list_without_an_item_schema_holds_the_lines_of_a_bill(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(640, 520)
    rows = [("Corner Shop", ""), ("Date 14/03/2026", "Time 16:42"), ("Apple juice", "2.10")]
    rows += [("Rye bread", "3.80"), ("Plums 0.84 kg", "1.67"), ("TOTAL", "7.57")]
    for number, (left, right) in enumerate(rows):
        page.write(left, (40, 40 + 60 * number)).write(right, (420, 40 + 60 * number))
    image = page.image
    plain = {"type": "object", "properties": {"items": {"type": "array"}}}
    value = value_of(await ask(image, "Extract.", request=schema_format(plain)), plain)
    assert value["items"] == ["Apple juice 2.10", "Rye bread 3.80", "Plums 0.84 kg 1.67"]
    names = {"items": {"type": "array", "items": {"type": "string"}}}
    texts = {"type": "object", "properties": names}
    value = value_of(await ask(image, "Extract.", request=schema_format(texts)), texts)
    assert value["items"] == ["Apple juice", "Rye bread", "Plums 0.84 kg"]
