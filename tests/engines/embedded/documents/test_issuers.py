"""Who issued a page and whom it is for, where no heading says so."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.embedded.facts import Reading, TextLine

if TYPE_CHECKING:
    from tests.engines.embedded.documents.conftest import Fill

LayOut = Callable[..., Reading]
TEXT = {"type": ["string", "null"]}


def party(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, TEXT)}


BOTH = {"sender": party("name", "address"), "recipient": party("name", "address")}


def test_of_two_addresses_the_one_with_an_email_is_the_issuers(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out(
        [(600, "Ottilie Brandt")],
        [(600, "Piano lessons")],
        [(600, "5 Harbour Steps")],
        [(600, "Cardiff CF10 1AB")],
        [(600, "ottilie@brandt.example")],
        [],
        "Seaview Academy Ltd",
        "90 Marine Parade",
        "Barry CF62 6AA",
        [],
        "Total: 120.00",
    )
    assert fill(page, BOTH) == {
        "sender": {"name": "Ottilie Brandt", "address": "5 Harbour Steps, Cardiff CF10 1AB"},
        "recipient": {"name": "Seaview Academy Ltd", "address": "90 Marine Parade, Barry CF62 6AA"},
    }


def test_prose_with_a_number_to_call_is_no_address(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        "Pinecone Energy Ltd",
        "4 Mill Road",
        "Leeds LS1 4AB",
        [],
        [(600, "Ada Quill")],
        [(600, "9 Rook Lane")],
        [(600, "York YO1 7HU")],
        [],
        "For every question about this letter and its figures write to our office or call",
        "phone 0800 555 120, at Pinecone House, Leeds LS1 4AB",
    )
    assert fill(page, {"sender": party("name")}) == {"sender": {"name": "Pinecone Energy Ltd"}}


def test_the_foot_of_a_page_names_the_company_behind_a_logo(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        "Quillon",
        [],
        "Billed to",
        "Marten & Sons",
        "3 Ferry Street",
        "Hull HU1 3DZ",
        [],
        [(20, "Work"), (600, "Amount")],
        [(20, "Repair of a gate"), (600, "£80.00")],
        [],
        "Quillon Ironworks Ltd | 12 Forge Lane, Leeds LS11 5PS | ABN 51 824 753 556",
        tall=0,
    )
    told = fill(page, {"seller": party("name", "address", "abn"), "buyer": party("name")})
    assert told == {
        "seller": {
            "name": "Quillon Ironworks Ltd",
            "address": "12 Forge Lane, Leeds LS11 5PS",
            "abn": "51 824 753 556",
        },
        "buyer": {"name": "Marten & Sons"},
    }


def test_the_sender_in_small_letters_over_an_address_is_known_without_his_street(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out(
        "Tischlerei Ohm, Werftstr. 3, 24143 Kiel",
        "Frau",
        "Berta Kling",
        "Am Markt 7",
        "24103 Kiel",
        [],
        "Rechnung 2025/17",
        [(20, "Endbetrag"), (600, "90,00 €")],
    )
    wanted = {
        "lieferant": TEXT,
        "kunde": party("name", "anschrift"),
        "rechnungsnummer": TEXT,
        "brutto": {"type": ["number", "null"]},
    }
    assert fill(page, wanted) == {
        "lieferant": "Tischlerei Ohm",
        "kunde": {"name": "Berta Kling", "anschrift": "Am Markt 7, 24103 Kiel"},
        "rechnungsnummer": "2025/17",
        "brutto": 90,
    }


def test_who_owns_a_company_is_not_the_company(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Studio Linde", "Owner: Carl Linde", "Total: 12.00")
    assert fill(page, {"company": TEXT}) == {"company": "Studio Linde"}


def test_the_bank_is_not_at_home_where_its_customer_lives(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        "Sparbank Aue eG",
        [],
        "Herrn",
        "Jost Timm",
        "Deichweg 4",
        "26721 Emden",
        [(20, "Alter Kontostand"), (600, "10,00")],
        [(20, "Neuer Kontostand"), (600, "25,50")],
    )
    wanted = {
        "bank_address": TEXT,
        "company": party("address"),
        "kontoinhaber": TEXT,
        "opening_balance": {"type": ["number", "null"]},
        "closing_balance": {"type": ["number", "null"]},
    }
    told = fill(page, wanted)
    assert told["company"] == {"address": None}
    assert told["kontoinhaber"] == "Jost Timm"
    assert (told["opening_balance"], told["closing_balance"]) == (10, 25.5)


def test_a_number_is_no_customer(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Client : 7.112.4460", "Total: 12.00")
    assert fill(page, {"client_name": TEXT}) == {"client_name": None}


def test_the_buyer_of_an_order_is_not_where_it_is_delivered(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        "Purchase order",
        [(20, "Larkspur Bakery Co."), (600, "Date: May 2, 2025")],
        [(20, "33 Mill Race Lane")],
        [(20, "Burlington, VT 05401")],
        [],
        [(20, "Supplier:"), (600, "Deliver to:")],
        [(20, "Green Cone Flour LLC"), (600, "Larkspur Cold Store")],
        [(20, "4800 Valley Rd"), (600, "9 Depot Street")],
        [(20, "Yakima, WA 98901"), (600, "Winooski, VT 05404")],
    )
    wanted = {"buyer": TEXT, "supplier": TEXT, "ship_to": TEXT, "po_date": TEXT}
    assert fill(page, wanted) == {
        "buyer": "Larkspur Bakery Co.",
        "supplier": "Green Cone Flour LLC",
        "ship_to": "Larkspur Cold Store",
        "po_date": "May 2, 2025",
    }


def test_a_labelled_address_inside_the_lines_of_a_party_is_its_own(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out(
        [(20, "供货单位：海联五金厂"), (600, "收货单位：恒信机电有限公司")],
        [(20, "电话：0574-87650021"), (600, "地址：苏州市星湖街328号")],
        [(600, "单号：SH20250915-02")],
        "送货人：陈伟收货人：",
    )
    wanted = dict.fromkeys(("供应商", "收货单位", "收货地址", "单号", "送货人"), TEXT)
    assert fill(page, wanted) == {
        "供应商": "海联五金厂",
        "收货单位": "恒信机电有限公司",
        "收货地址": "苏州市星湖街328号",
        "单号": "SH20250915-02",
        "送货人": "陈伟",
    }


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (
            (
                "This agreement is made on June 2, 2025 between Cove Rentals LLC, of 5 Bay Road",
                '(the "Lessor"), and Irma Falk (the "Lessee").',
            ),
            {"lessor": "Cove Rentals LLC", "lessee": "Irma Falk", "agreement_date": "2025-06-02"},
        ),
        (
            (
                "Service Agreement between Copper Clean Ltd (hereinafter “Provider”)",
                "and St Anne School (“Client”).",
            ),
            {"provider": "Copper Clean Ltd", "client": "St Anne School"},
        ),
        (
            ("Landlord: Holloway Homes LLC", "Tenant: Max Frey"),
            {"landlord": "Holloway Homes LLC", "tenant": "Max Frey"},
        ),
    ],
)
def test_a_contract_names_its_parties(
    lay_out: LayOut, fill: "Fill", *, texts: tuple[str, ...], wanted: dict[str, str]
) -> None:
    day = {**TEXT, "format": "date"}
    asked = {name: day if name.endswith("date") else TEXT for name in wanted}
    assert fill(lay_out("Agreement", *texts), asked) == wanted


@pytest.mark.parametrize(
    ("rows", "name", "address"),
    [
        # A salutation and a number stand before the name, the country after the code.
        (
            ("Bill to:", "Firma", "4711", "Brill AG", "Weg 2", "3011 Bern", "Schweiz", "Extra"),
            "Brill AG",
            "Weg 2, 3011 Bern, Schweiz",
        ),
        # The next line says the name in full.
        (
            ("Bill to:", "Brill", "Brill Optics Ltd", "2 Lens Road", "York YO1 7HU"),
            "Brill Optics Ltd",
            "2 Lens Road, York YO1 7HU",
        ),
        # No name: what begins with the street is an address alone.
        (("Bill to:", "9 Rook Lane", "York YO1 7HU"), None, "9 Rook Lane, York YO1 7HU"),
        # The head alone says nothing.
        (("Bill to:", "14.05.2025"), None, None),
        # Chinese lines are joined without a comma.
        (
            ("客户：蓝天公司", "苏州市工业园区", "星湖街328号", "215000"),
            "蓝天公司",
            "苏州市工业园区星湖街328号215000",
        ),
    ],
)
def test_the_lines_under_a_heading_are_a_name_and_an_address(
    lay_out: LayOut, fill: "Fill", *, rows: tuple[Any, ...], name: str | None, address: str | None
) -> None:
    told = fill(lay_out(*rows), {"customer": party("name", "address")})
    assert told == {"customer": {"name": name, "address": address}}


def test_what_stands_beside_a_heading_is_the_party_where_an_entry_is_under_it(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out(
        [(20, "Bill to"), (160, "Ada Quill")],
        [(20, "Date: 4 May 2025"), (160 + 300, "9 Rook Lane")],
    )
    assert fill(page, {"customer_name": TEXT}) == {"customer_name": "Ada Quill"}


def test_a_heading_down_the_side_names_the_lines_beside_it(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        [(80, "名称：青藤教育科技有限公司"), (680, "名称：泽文图书销售有限公司")],
        [(80, "税号：91330106MA2KJ7XX3B"), (680, "税号：91310115MA1H9LQ27T")],
    )
    sides = [(20.0, "购买方信息"), (620.0, "销售方信息")]
    heads = tuple(
        TextLine(text, ((left, 0.0), (left + 25, 0.0), (left + 25, 90.0), (left, 90.0)), 0.98)
        for left, text in sides
    )
    told = fill(Reading((*heads, *page.lines)), {"购买方名称": TEXT, "销售方名称": TEXT})
    assert told == {
        "购买方名称": "青藤教育科技有限公司",
        "销售方名称": "泽文图书销售有限公司",
    }


def test_the_contact_of_a_vendor_is_not_the_buyer(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Vendor", "Ridge Fasteners LLC", "Attn: Sales Desk", "Akron, OH 44310")
    assert fill(page, {"customer_name": TEXT}) == {"customer_name": None}


def test_a_charge_for_customers_is_no_customer(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out("Customer charge $14.50", "Make checks payable to: Prairie Power")
    assert fill(page, {"customer_name": TEXT}) == {"customer_name": None}


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("Terms: Net 45 Ship via: Ground Buyer: Marta Olsen", "terms", "Net 45"),
        ("桌号：A08 人数：3", "桌号", "A08"),
        ("Sort code 09-01-28, account 77120345", "sort_code", "09-01-28"),
        ("Invoice 2025/17", "number", None),
        ("Bus 14/7", "bus_number", "14/7"),
        ("Invoice No.77120", "invoice_number", "77120"),
        ("IBAN CH56 0483 5012 3456 7800 9", "iban", "CH56 0483 5012 3456 7800 9"),
        ("National Insurance 128.74", "national_insurance_number", None),
        ("Note no: DN-5582", "delivery_note_number", "DN-5582"),
    ],
)
def test_a_value_ends_where_the_next_entry_begins(
    lay_out: LayOut, fill: "Fill", *, text: str, name: str, wanted: str | None
) -> None:
    assert fill(lay_out(text), {name: TEXT}) == {name: wanted}


def test_of_units_a_rate_and_their_product_the_product_is_the_amount(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out([(20, "Basic pay"), (300, "150.00"), (450, "16.40"), (600, "2,460.00")])
    assert fill(page, {"basic_pay": {"type": ["number", "null"]}}) == {"basic_pay": 2460}
