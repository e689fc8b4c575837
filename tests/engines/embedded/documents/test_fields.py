"""Fields of documents that can not be drawn here: lines laid out by hand."""

from decimal import Decimal

import pytest

from qwen_vision.engines.embedded.documents.amounts import find_amounts, read_number
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.fields import find_field, find_words
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import Reading, TextLine


def line(text: str, left: float, top: float, *, height: float = 20) -> TextLine:
    wide = sum(height if char > "\u2e80" else height / 2 for char in text)
    right, bottom = left + wide, top + height
    return TextLine(text, ((left, top), (right, top), (right, bottom), (left, bottom)), 0.98)


def sheet(*rows: tuple[float, float, str]) -> Sheet:
    return Sheet.of(Reading(tuple(line(text, left, top) for left, top, text in rows)))


FAPIAO = sheet(
    (200, 10, "电子发票（普通发票）"),
    (500, 40, "发票号码：24312000000012345678"),
    (500, 70, "开票日期：2024年03月05日"),
    (20, 120, "购买方名称：北京海风科技有限公司"),
    (500, 120, "销售方名称：上海东港文具有限公司"),
    (500, 150, "纳税人识别号：91310000MA1FL0X123"),
    (20, 220, "项目名称"), (300, 220, "数量"), (420, 220, "单价"), (560, 220, "金额"),
    (20, 260, "*文具*签字笔"), (310, 260, "10"), (420, 260, "3.50"), (560, 260, "35.00"),
    (20, 340, "合计"), (560, 340, "¥35.00"),
    (20, 380, "税额"), (560, 380, "¥4.55"),
    (20, 420, "价税合计（小写）"), (560, 420, "¥39.55"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("invoice_number", "24312000000012345678"),
        ("date", "2024-03-05"),
        ("company", "上海东港文具有限公司"),
        ("customer", "北京海风科技有限公司"),
        ("tax_id", "91310000MA1FL0X123"),
        ("tax", "4.55"),
        ("total", "39.55"),
    ],
)
def test_a_chinese_invoice_is_understood(name: str, wanted: str) -> None:
    assert str(find_field(FAPIAO, concepts()[name])[0].plain) == wanted


def test_rounding_and_cash_find_the_amount_that_was_paid() -> None:
    bill = sheet(
        (20, 10, "Total"), (300, 10, "60.31"),
        (20, 40, "Rounding Adj"), (300, 40, "-0.01"),
        (300, 70, "60.30"),
        (20, 100, "Cash"), (300, 100, "70.30"),
        (20, 130, "Change"), (300, 130, "10.00"),
    )  # fmt: skip
    assert find_field(bill, concepts()["total"])[0].plain == Decimal("60.30")


def test_a_total_without_tax_is_no_total() -> None:
    bill = sheet(
        (20, 10, "Total excl. VAT"), (300, 10, "100.00"),
        (20, 40, "VAT 20%"), (300, 40, "20.00"),
        (20, 70, "Total incl. VAT"), (300, 70, "120.00"),
        (20, 100, "Total items: 7"),
    )  # fmt: skip
    assert find_field(bill, concepts()["total"])[0].plain == 120
    assert find_field(bill, concepts()["subtotal"])[0].plain == 100
    assert find_field(bill, concepts()["tax"])[0].plain == 20


def test_a_label_of_the_askers_own_is_found() -> None:
    pass_ = sheet((20, 10, "Gate"), (200, 10, "Seat"), (20, 40, "B42"), (200, 40, "17C"))
    assert find_words(pass_, "seat")[0].text == "17C"
    assert find_words(pass_, "platform") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,5", "1234.5"),
        ("12,50", "12.50"),
        ("1,250", "1250"),
        ("-3.00", "-3.00"),
        ("seven", None),
    ],
)
def test_numbers_are_read_with_either_decimal_mark(text: str, value: str | None) -> None:
    assert read_number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("RM30.90", "30.90", "MYR"),
        ("€ -9,32", "-9.32", "EUR"),
        ("(12.00)", "-12.00", None),
        ("¥128.00元", "128.00", "CNY"),
        ("USD 1,000", "1000", "USD"),
    ],
)
def test_amounts_carry_sign_and_currency(text: str, value: str, currency: str | None) -> None:
    [amount] = find_amounts(text)
    assert (amount.value, amount.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-05", "2024-03-05"),
        ("05/03/2024", "2024-03-05"),
        ("18-11-18", "2018-11-18"),
        ("7. Mai 2014", "2014-05-07"),
        ("19 april 2014", "2014-04-19"),
        ("Jan 1, 2022", "2022-01-01"),
        ("2024年3月5日", "2024-03-05"),
        ("31.12.2017", "2017-12-31"),
        ("20240305", "2024-03-05"),
    ],
)
def test_dates_are_read_in_many_ways(text: str, iso: str) -> None:
    assert [date.date.isoformat() for date in find_dates(text)] == [iso]


@pytest.mark.parametrize("text", ["32/01/2024", "10 Market 20", "12:30", "3.50", "INV-2024"])
def test_what_is_no_date_is_left_alone(text: str) -> None:
    assert find_dates(text) == []
