"""What people ask about a receipt, an invoice and a chart."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from qwen_vision.protocol.schema import SchemaCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def extracted(ask: "Ask", picture: "Drawn", properties: dict[str, Any]) -> dict[str, Any]:
    """What the engine fills in for these properties, all of them required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    wanted = ResponseFormat("json_schema", JsonSchemaFormat(name="answer", schema=schema))
    answer = await ask(picture, "Extract.", request={"response_format": wanted})
    value: dict[str, Any] = json.loads(answer.text)
    assert SchemaCheck(schema, param="schema").problem(value) is None
    return value


TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the total?", "The total is EUR 22.84 (at the bottom right"),
        ("总金额是多少？", "总金额是 EUR 22.84（右下角"),
        ("When was it issued?", "2026-03-14"),
        ("What is the receipt number?", "004817"),
        ("Who was the cashier?", "The cashier is Mia"),
        ("What is the phone number?", "555-0142"),
        ("店名是什么？", "GREEN VALLEY MARKET"),
        ("What is the sum of all items?", "is 21.35; I read 1.29, 3.80, 4.15, 1.67, 2.49 and 7.95"),
        ("平均价格是多少？", "平均值是 3.56"),
        ("What is the median price?", "is 3.145"),
        ("中位数是多少？", "中位数是 3.145"),
        ("最贵的是什么？", "7.95（Olive oil 500 ml）"),
        ("What did I buy?", "- Whole milk 1 l: 1.29\n- Sourdough bread: 3.80"),
        ("How much was the olive oil?", "“Olive oil 500 ml”: 7.95"),
        ("What is the IBAN?", "I find no IBAN in the text"),
        ("What is the wifi password?", "I find no wifi password in the text"),
    ],
)
async def test_a_receipt_is_asked(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(example("receipt.png"), question)).text


async def test_the_first_item_is_proved_by_its_own_line_alone(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    answer = await ask(example("receipt.png"), "What did I buy?")
    assert len(answer.evidence) == 6
    left, top, right, bottom = answer.evidence[0].box or (0, 0, 0, 0)
    assert bottom - top < 70
    assert right - left > 400


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who is the customer?", "The customer is Acme Optics GmbH"),
        ("What is the IBAN?", "The IBAN is GB00 NWIN 0000 0012 3456 78 (at"),
        ("What is the BIC?", "The BIC is NWINGB00"),
        ("What is the street?", "The street is 8 Harbour Street ("),
        ("In which city is it?", "The city is Bristol"),
        ("What is the postal code?", "BS1 4RW"),
        ("What is the due date and the invoice number?", "The due date is 2026-03-29"),
        ("What is the due date and the invoice number?", "The invoice number is NW-2026-0391"),
        ("What is the sum of the Quantity column?", "“Quantity” is 16; I read 2, 3, 10 and 1."),
        ("What is the average of the Amount column?", "is 233.38"),
        ("Which unit price is the highest?", "is 240.00 (Calibration service)"),
        ("Which description has the highest amount?", "is 378.00 (Microscope lens 40x)"),
        ("Which unit price is the lowest?", "is 12.20 (Glass slides, box of 100)"),
        ("Where is the total due?", "“GBP 1,120.20” is at the right"),
        ("Is there an IBAN?", "Yes: “GB00 NWIN 0000 0012 3456 78"),
    ],
)
async def test_an_invoice_is_asked(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(example("invoice.png"), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Give me the table as Markdown.", "| LED ring light | 3 | 64.50 | 193.50 |\n"),
        (
            "Convert the table to HTML.",
            "<tr><td>LED ring light</td><td>3</td><td>64.50</td><td>193.50</td></tr>",
        ),
        ("把表格转换成HTML", "<tr><th>Description</th><th>Quantity</th><th>Unit price</th>"),
        ("Give me the tables.", "| --- | --- | --- | --- |\n| Microscope lens 40x | 2 |"),
        ("Give me the table as CSV.", '"Glass slides, box of 100",10,12.20,122.00\n'),
        ("qwenvl markdown", "-->\n| Description | Quantity | Unit price | Amount |"),
        ("Convert the document to LaTeX.", r"VAT 20\% & 186.70 \\"),
        ("Convert the document to LaTeX.", "\\begin{tabular}{llll}\nDescription & Quantity &"),
    ],
)
async def test_an_invoice_becomes_markup(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(example("invoice.png"), question)).text


async def test_an_invoice_becomes_html_with_boxes_in_thousandths(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    answer = await ask(example("invoice.png"), "qwenvl html")
    assert '<table data-bbox="89 301 924 491">\n<tr><th>Description</th>' in answer.text
    assert ">VAT registration GB 000 1234 56</p>" in answer.text


@pytest.mark.parametrize("question", ["Extract all key information as JSON", "提取关键信息"])
async def test_key_information_of_an_invoice_is_listed(
    ask: "Ask", example: "Callable[[str], Drawn]", question: str
) -> None:
    answer = await ask(example("invoice.png"), question)
    value = json.loads(answer.text.removeprefix("```json\n").removesuffix("\n```"))
    assert value["company"] == "Northwind Instruments Ltd."
    assert value["Invoice number"] == "NW-2026-0391"
    assert value["Total due"] == "GBP 1,120.20"


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What does the chart show?", "“Visitors to the museum in 2025”:\n- Jan: 12\n- Feb: 15"),
        ("这个图表显示什么？", "- Nov: 17\n- Dec: 21\n\n以上是各标签上方印出的数字"),
        ("What is the value for May?", "“May”: 31"),
        ("Which month has the lowest value?", "12 (Jan)"),
        ("哪个月最高？", "46（Jul）"),
        ("What is the sum of all values?", "is 326; I read"),
    ],
)
async def test_a_chart_is_asked(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(example("chart.png"), question)).text


async def test_two_papers_are_answered_one_by_one(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    papers = (example("receipt.png"), example("invoice.png"))
    totals = (await ask(*papers, "What is the total?")).text
    assert "Picture 1: The total is EUR 22.84" in totals
    assert "Picture 2: The total is GBP 1,120.20" in totals
    tables = (await ask(*papers, "give me the tables")).text
    assert tables.index("| Olive oil 500 ml | 7.95 |") < tables.index("| LED ring light | 3 |")


async def test_what_a_page_is_can_be_asked_for_by_schema(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    value = await extracted(
        ask,
        example("qrcode.png"),
        {
            "text": TEXT, "title": TEXT, "lines": TEXTS, "qr_codes": TEXTS, "qr_code": MAYBE,
            "width": {"type": "integer"}, "height": {"type": "integer"},
            "colors": TEXTS, "dominant_color": TEXT, "language": MAYBE,
            "has_qr_code": {"type": ["boolean", "null"]}, "is_paid": {"type": ["boolean", "null"]},
        },
    )  # fmt: skip
    assert value == {
        "text": "Scan for the menu\nTable 12",
        "title": "Scan for the menu",
        "lines": ["Scan for the menu", "Table 12"],
        "qr_codes": ["https://example.com/menu?table=12"],
        "qr_code": "https://example.com/menu?table=12",
        "width": 620,
        "height": 720,
        "colors": ["white", "black"],
        "dominant_color": "white",
        "language": None,
        "has_qr_code": True,
        "is_paid": None,
    }


async def test_parts_of_an_address_and_the_kind_of_a_paper_are_filled(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    address = {
        "type": "object",
        "properties": {
            "street": TEXT, "city": TEXT, "postal_code": TEXT, "country": TEXT,
            "country_code": TEXT, "state": MAYBE,
        },
    }  # fmt: skip
    properties = {
        "vendor_address": address,
        "document_type": TEXT,
        "kind": {"enum": ["receipt", "invoice", "letter"]},
        "currency": {"enum": ["EUR", "GBP"]},
        "payment": {"enum": ["cheque", "bank transfer", None]},
        "mentions": {"type": "array", "items": {"type": "number"}},
    }
    value = await extracted(ask, example("invoice.png"), properties)
    assert value["vendor_address"] == {
        "street": "8 Harbour Street",
        "city": "Bristol",
        "postal_code": "BS1 4RW",
        "country": "United Kingdom",
        "country_code": "GB",
        "state": None,
    }
    assert value["document_type"] == "invoice"
    assert value["kind"] == "invoice"
    assert value["currency"] == "GBP"
    assert value["payment"] == "bank transfer"


async def test_dates_and_times_take_the_form_that_a_schema_asks_for(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(620, 260).lines(
        ["Departure date: 5 March 2024 4:20 PM", "Departure time: 4:20 PM", "Seats: 3"],
        (30, 40),
        step_px=60,
    )
    value = await extracted(
        ask,
        page.image,
        {
            "departure_date": {"type": "string", "format": "date"},
            "departure_time": {"type": "string", "format": "time"},
            "seats": {"type": "integer"},
        },
    )
    assert value["departure_date"] == "2024-03-05"
    assert value["departure_time"].startswith("16:20:00")
    assert value["seats"] == 3


async def test_rows_of_a_table_are_filled_by_its_headings(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(640, 300)
    rows = [("City", "Founded", "River"), ("Bern", "1191", "Aare"), ("Basel", "1225", "Rhine")]
    for number, row in enumerate(rows):
        for left, text in zip((40, 240, 440), row, strict=True):
            page.write(text, (left, 40 + 60 * number))
    items = {
        "type": "object",
        "properties": {"city": TEXT, "founded": {"type": "integer"}, "river": TEXT, "mayor": MAYBE},
    }
    value = await extracted(ask, page.image, {"cities": {"type": "array", "items": items}})
    assert value["cities"] == [
        {"city": "Bern", "founded": 1191, "river": "Aare", "mayor": None},
        {"city": "Basel", "founded": 1225, "river": "Rhine", "mayor": None},
    ]


async def test_pairs_of_a_page_fill_rows_of_key_and_value(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(500, 220).lines(["Name: Lena Vogt", "Seat: 14C"], (40, 40), step_px=60)
    pair = {"type": "object", "properties": {"key": TEXT, "value": TEXT}}
    value = await extracted(ask, page.image, {"fields": {"type": "array", "items": pair}})
    assert value["fields"] == [
        {"key": "Name", "value": "Lena Vogt"},
        {"key": "Seat", "value": "14C"},
    ]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the total?", "There is no text in this picture"),
        ("总金额是多少？", "这张图片里没有可供回答的文字。"),
        ("What is the sum?", "I find no numbers in this picture."),
        ("求和", "这张图片里没有找到数字。"),
        ("Read the text.", "I found no text in this picture."),
        ("Give me the table.", "I find no table in this picture; it has 0 lines"),
        ("Convert the document to markdown.", "I found no text in this picture."),
        ("提取表格", "这张图片里没有找到表格"),
        ("What does the chart show?", "I find no printed words or numbers on this chart."),
        ("Locate every text line, give its position as JSON.", "```json\n[]\n```"),
        ("What did I buy?", "no"),
    ],
)
async def test_an_empty_page_is_said_to_be_empty(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(sketch(300, 200).image, question)).text
