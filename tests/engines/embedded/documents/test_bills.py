"""A small set of bills of our own: layouts and languages, and what each says."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.fill import fill
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.shape import read_shape
from qwen_vision.engines.embedded.facts import Reading

if TYPE_CHECKING:
    from tests.engines.embedded.documents.conftest import Row

NUMBER = {"type": ["number", "null"]}
TEXT = {"type": ["string", "null"]}
DATE = {"type": ["string", "null"], "format": "date"}
LINE = {
    "type": "object",
    "properties": {"description": {"type": "string"}, "quantity": NUMBER, "amount": NUMBER},
    "required": ["description", "quantity", "amount"],
}
FIELDS: dict[str, dict[str, Any]] = {
    "company": TEXT, "customer": TEXT, "invoice_number": TEXT, "date": DATE, "due_date": DATE,
    "subtotal": NUMBER, "tax": NUMBER, "total": NUMBER, "currency": TEXT,
}  # fmt: skip


def extracted(reading: Reading, properties: dict[str, Any]) -> dict[str, Any]:
    page = Page(index=0, number=None, reading=reading, sheet=Sheet.of(reading))
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    value: dict[str, Any] = json.loads(json.dumps(fill(read_shape(schema), [page]).value))
    return value


GERMAN: list["Row | str"] = [
    [(20, "Ahorn Werkzeuge GmbH"), (640, "RECHNUNG")],
    [(20, "Birkenweg 4"), (640, "Rechnungs-Nr. 2024-118")],
    [(20, "80331 München"), (640, "Rechnungsdatum: 5. März 2024")],
    [(20, "Kunde:"), (640, "Zahlbar bis: 19.03.2024")],
    "Petra Vogel",
    [(20, "Bezeichnung"), (400, "Menge"), (600, "Einzelpreis"), (800, "Gesamtpreis")],
    [(20, "Bohrersatz"), (400, "3"), (600, "12,50 €"), (800, "37,50 €")],
    [(20, "Akkuschrauber"), (400, "2"), (600, "610,00 €"), (800, "1.220,00 €")],
    [(500, "Summe netto"), (800, "1.257,50 €")],
    [(500, "zzgl. 19% MwSt."), (800, "238,93 €")],
    [(500, "Gesamtbetrag"), (800, "1.496,43 €")],
]
FRENCH: list["Row | str"] = [
    [(20, "FACTURE"), (640, "Librairie Colbert SAS")],
    [(640, "5 rue des Lilas")],
    [(640, "69002 Lyon")],
    [(20, "Client"), (560, "Facture n°: F-0093")],
    [(20, "Mairie de Vienne"), (560, "Date d'émission: 27 novembre 2023")],
    [(560, "Échéance: 11/12/2023")],
    [(20, "Désignation"), (400, "Qté"), (600, "P.U. HT"), (800, "Montant HT")],
    [(20, "Papier A4"), (400, "2"), (600, "60,64 €"), (800, "121,28 €")],
    [(20, "Encre noire"), (400, "12"), (600, "75,00 €"), (800, "900,00 €")],
    [(500, "Total HT"), (800, "1 021,28 €")],
    [(500, "TVA (20%)"), (800, "204,26 €")],
    [(500, "Net à payer"), (800, "1 225,54 €")],
]
OVER_THEIR_LABELS: list["Row | str"] = [
    [(20, "Harbor & Finch LLC"), (640, "Invoice")],
    "48 Dock Street",
    "Portland, OR 97204",
    [(20, "INV-2207"), (320, "08/12/2024"), (620, "09/26/2024")],
    [(20, "Invoice #"), (320, "Date"), (620, "Due Date")],
    "",
    "Bill To: Ridgeway Clinic",
    [(20, "Item"), (400, "Quantity"), (600, "Rate"), (800, "Amount")],
    [(20, "Cable tray"), (400, "5"), (600, "$4.15"), (800, "$20.75")],
    [(500, "Subtotal"), (800, "$20.75")],
    [(500, "Sales Tax (8.25%)"), (800, "$1.71")],
    [(500, "Balance Due"), (800, "$22.46")],
]
CHINESE: list["Row | str"] = [
    "销售发票",
    "杭州云杉科技有限公司",
    [(20, "发票号码：0048213"), (500, "开票日期：2024年9月5日")],
    [(20, "客户名称：南京晨光小学"), (500, "付款期限：2024年10月20日")],
    [(20, "商品名称"), (400, "数量"), (600, "单价"), (800, "金额")],
    [(20, "台灯"), (400, "2"), (600, "￥50.00"), (800, "￥100.00")],
    [(500, "不含税金额"), (800, "￥100.00")],
    [(500, "税额"), (800, "￥13.00")],
    [(500, "价税合计"), (800, "￥113.00")],
]
JAPANESE: list["Row | str"] = [
    [(20, "請求書"), (600, "株式会社みどり商店")],
    [(600, "請求書番号：A-0042")],
    [(20, "ご請求先"), (600, "発行日：2024年7月1日")],
    [(20, "佐藤建設"), (600, "お支払期限：2024年7月31日")],
    [(20, "品名"), (400, "数量"), (600, "単価"), (800, "金額")],
    [(20, "ノート"), (400, "5"), (600, "¥156"), (800, "¥780")],
    [(500, "小計"), (800, "¥780")],
    [(500, "消費税(10%)"), (800, "¥78")],
    [(500, "ご請求金額"), (800, "¥858")],
]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (GERMAN, ("Ahorn Werkzeuge GmbH", "Petra Vogel", "2024-118", "2024-03-05", "2024-03-19",
                  1257.5, 238.93, 1496.43, "EUR")),
        (FRENCH, ("Librairie Colbert SAS", "Mairie de Vienne", "F-0093", "2023-11-27",
                  "2023-12-11", 1021.28, 204.26, 1225.54, "EUR")),
        (OVER_THEIR_LABELS, ("Harbor & Finch LLC", "Ridgeway Clinic", "INV-2207", "2024-08-12",
                             "2024-09-26", 20.75, 1.71, 22.46, "USD")),
        (CHINESE, ("杭州云杉科技有限公司", "南京晨光小学", "0048213", "2024-09-05", "2024-10-20",
                   100, 13, 113, "CNY")),
        (JAPANESE, ("株式会社みどり商店", "佐藤建設", "A-0042", "2024-07-01", "2024-07-31",
                    780, 78, 858, "JPY")),
    ],
    ids=["German", "French", "values over their labels", "Chinese", "Japanese"],
)  # fmt: skip
def test_an_invoice_is_read_in_its_language_and_layout(
    lay_out: Callable[..., Reading], *, rows: list["Row | str"], wanted: tuple[Any, ...]
) -> None:
    reading = lay_out(*(row for row in rows if row))
    assert extracted(reading, FIELDS) == dict(zip(FIELDS, wanted, strict=True))


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (GERMAN, [("Bohrersatz", 3, 37.5), ("Akkuschrauber", 2, 1220)]),
        (FRENCH, [("Papier A4", 2, 121.28), ("Encre noire", 12, 900)]),
        (JAPANESE, [("ノート", 5, 780)]),
        (
            [
                "HOBBS BAKERY",
                "3 High Street, York YO1 7HP",
                "Receipt no: R04174",
                "20/04/2023 16:58",
                "Bap",
                [(40, "2 x £8.74"), (400, "£17.48")],
                "Scone",
                [(40, "1 x £23.69"), (400, "£23.69")],
                [(20, "Meal deal saving"), (400, "-£4.12")],
                [(20, "TOTAL TO PAY"), (400, "£37.05")],
            ],
            [("Bap", 2, 17.48), ("Scone", 1, 23.69)],
        ),
        (
            [
                [(20, "Leistung"), (400, "Wann"), (600, "Wieviel"), (800, "Betrag")],
                [(20, "Beratung"), (400, "5"), (600, "CHF 13.50"), (800, "CHF 67.50")],
                [(500, "Zwischentotal"), (800, "CHF 67.50")],
            ],
            [("Beratung", 5, 67.5)],
        ),
    ],
    ids=["German", "French", "Japanese", "names over numbers", "by their product"],
)
def test_the_lines_of_a_bill_stop_at_its_sums(
    lay_out: Callable[..., Reading],
    *,
    rows: list["Row | str"],
    wanted: list[tuple[str, float, float]],
) -> None:
    found = extracted(lay_out(*rows), {"items": {"type": "array", "items": LINE}})["items"]
    assert [tuple(line.values()) for line in found] == wanted


def test_a_number_with_its_percent_sign_is_no_amount_of_tax(
    lay_out: Callable[..., Reading],
) -> None:
    reading = lay_out(
        [(20, "BTW 21%:"), (400, "€ 119,92")], [(20, "Te betalen"), (400, "€ 690,99")]
    )
    assert extracted(reading, {"tax": NUMBER, "total": NUMBER}) == {"tax": 119.92, "total": 690.99}


def test_a_date_and_a_time_read_as_one_are_told_apart(lay_out: Callable[..., Reading]) -> None:
    reading = lay_out("小票号：06966-1", "2025-10-1910:10", [(20, "合计"), (400, "80.42")])
    assert extracted(reading, {"date": DATE, "total": NUMBER}) == {
        "date": "2025-10-19",
        "total": 80.42,
    }


def test_the_balance_before_is_not_the_balance(lay_out: Callable[..., Reading]) -> None:
    reading = lay_out(
        "Account holder: Ruth Adeyemi",
        [(20, "Opening balance"), (400, "1,250.00")],
        [(20, "Closing balance"), (400, "2,335.80")],
    )
    wanted = {"account_holder": TEXT, "opening_balance": NUMBER, "closing_balance": NUMBER}
    assert list(extracted(reading, wanted).values()) == ["Ruth Adeyemi", 1250, 2335.8]
