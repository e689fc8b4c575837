"""Whose lines a page's lines are: the issuer's, the customer's, or of whom goods go to."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.rooms.extract import fill_schema

TEXT = {"type": ["string", "null"]}


def filled(page: Reading, properties: dict[str, Any]) -> dict[str, Any]:
    pages = [Page(index=0, number=None, reading=page, sheet=Sheet.of(page))]
    value = fill_schema({"type": "object", "properties": properties}, pages).value
    told: dict[str, Any] = json.loads(json.dumps(value))
    return told


def party(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, TEXT)}


@pytest.fixture
def order(lay_out: Callable[..., Reading]) -> Reading:
    return lay_out(
        [(20, "Tamarind Robotics Inc."), (600, "PURCHASE ORDER")],
        [(20, "3300 Innovation Drive"), (600, "No. 118204")],
        [(20, "San Jose, CA 95134")],
        [(20, "Phone: 408-555-0160")],
        [],
        [(20, "VENDOR"), (400, "SHIP TO")],
        [(20, "Precision Castings Corp"), (400, "Tamarind Robotics Inc.")],
        [(20, "78 Forge Ave"), (400, "Dock 4, 3310 Innovation Drive")],
        [(20, "Cleveland, OH 44114"), (400, "San Jose, CA 95135")],
    )


def test_each_party_of_an_order_has_its_own_name_and_address(order: Reading) -> None:
    found = filled(
        order,
        {
            "vendor": party("name", "address"),
            "ship_to": party("name", "address"),
            "buyer": party("name", "phone"),
        },
    )
    assert found == {
        "vendor": {
            "name": "Precision Castings Corp",
            "address": "78 Forge Ave, Cleveland, OH 44114",
        },
        "ship_to": {
            "name": "Tamarind Robotics Inc.",
            "address": "Dock 4, 3310 Innovation Drive, San Jose, CA 95135",
        },
        "buyer": {"name": "Tamarind Robotics Inc.", "phone": "408-555-0160"},
    }


def test_a_part_of_an_address_is_that_of_the_party_asked_for(order: Reading) -> None:
    found = filled(order, {"vendor_city": TEXT, "vendor_zip": TEXT, "ship_to_postal_code": TEXT})
    assert found == {
        "vendor_city": "Cleveland",
        "vendor_zip": "44114",
        "ship_to_postal_code": "95135",
    }


def test_the_issuer_is_never_who_stands_under_bill_to(lay_out: Callable[..., Reading]) -> None:
    page = lay_out(
        [(20, "Brightwater Studio"), (600, "Invoice 2041")],
        [(20, "5 Harbour Street")],
        [(20, "Exeter EX1 1AA")],
        [],
        [(20, "Bill to:")],
        [(20, "Cedar & Finch Ltd")],
        [(20, "9 Canal Road")],
        [(20, "Leeds LS1 4AB")],
    )
    found = filled(page, {"seller": party("name", "address"), "customer": party("name", "address")})
    assert found["seller"]["name"] == "Brightwater Studio"
    assert found["seller"]["address"] == "5 Harbour Street, Exeter EX1 1AA"
    assert found["customer"] == {
        "name": "Cedar & Finch Ltd",
        "address": "9 Canal Road, Leeds LS1 4AB",
    }


def test_what_is_not_printed_of_the_customer_is_not_taken_from_the_issuer(
    lay_out: Callable[..., Reading],
) -> None:
    page = lay_out(
        [(20, "Brightwater Studio Ltd")],
        [(20, "5 Harbour Street, Exeter EX1 1AA")],
        [(20, "Tel 01392 555 010")],
        [],
        [(20, "Customer: Ada Quill")],
    )
    customer = filled(page, {"customer": party("name", "address", "phone", "email")})["customer"]
    assert customer == {"name": "Ada Quill", "address": None, "phone": None, "email": None}


def test_the_addressee_of_a_letter_stands_under_the_line_of_the_sender(
    lay_out: Callable[..., Reading],
) -> None:
    page = lay_out(
        [(20, "Kessler Gartenbau GmbH · Am Mühlbach 7 · 86150 Augsburg")],
        [(20, "Herrn")],
        [(20, "Max Brandl")],
        [(20, "Königsallee 92")],
        [(20, "80797 München")],
        [],
        [(20, "Rechnung Nr. 2024-1187")],
    )
    found = filled(page, {"lieferant": party("name", "adresse"), "empfaenger": TEXT})
    assert found["lieferant"]["name"] == "Kessler Gartenbau GmbH"
    assert found["lieferant"]["adresse"] == "Am Mühlbach 7 · 86150 Augsburg"
    assert found["empfaenger"] == "Max Brandl"


def test_who_is_addressed_by_title_is_not_the_issuer_named_at_the_foot(
    lay_out: Callable[..., Reading],
) -> None:
    page = lay_out(
        [(20, "Mrs Harriet Oduya")],
        [(20, "61 Larkspur Road")],
        [(20, "Norwich NR2 3QT")],
        [],
        [(20, "12 x Lavender plants £54.00")],
        [],
        [(20, "Bramble Nurseries Ltd, Mill Farm, Swaffham PE37 7XY. Tel 01760 555 021")],
    )
    found = filled(page, {"supplier": party("name", "address"), "customer": party("name")})
    assert found["supplier"]["name"] == "Bramble Nurseries Ltd"
    assert found["supplier"]["address"] == "Mill Farm, Swaffham PE37 7XY"
    assert found["customer"] == {"name": "Mrs Harriet Oduya"}
