"""Values of one kind taken out of a text, parts of addresses, and markup."""

from decimal import Decimal

import pytest

from qwen_vision.engines.embedded.documents.addresses import find_address_part
from qwen_vision.engines.embedded.documents.concepts import Kind
from qwen_vision.engines.embedded.documents.layout import Part
from qwen_vision.engines.embedded.documents.markup import html_page, latex_page, markdown_page
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.take import looks_dialled, take
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table, TextLine


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("VAT 7.5 % included", "percent", Decimal("7.5")),
        ("no share", "percent", None),
        ("Items: 12", "count", Decimal(12)),
        ("1.250,00", "count", None),
        ("at 16:42 sharp", "time", "16:42"),
        ("at noon", "time", None),
        ("Ref. AB-1234/7", "id", "AB-1234/7"),
        ("12.50", "id", None),
        ("mail to desk@example.com.", "email", "desk@example.com"),
        ("no mail", "email", None),
        ("see www.example.com/shop, please", "url", "www.example.com/shop"),
        ("Tel (030) 1234567", "phone", "(030) 1234567"),
        ("Tel 2024-03-05", "phone", None),
        ("Total HKD 20.00", "currency", "HKD"),
        ("prices in GBP", "currency", "GBP"),
        ("no money", "currency", None),
        ("IBAN GB00 NWIN 0000 0012 3456 78 BIC NWINGB00", "iban", "GB00 NWIN 0000 0012 3456 78"),
        ("BIC NWINGB00", "bic", "NWINGB00"),
        (" : ; ", "text", None),
        ("3 (4) 5", "amount", Decimal(3)),
        ("nothing", "amount", None),
        ("nothing", "date", None),
    ],
)
def test_a_value_is_taken_out_of_its_text(text: str, kind: Kind, wanted: object) -> None:
    taken = take(text, kind)
    assert (taken.plain if taken else None) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("13812345678", True),
        ("+49 30 1234567", True),
        ("030 1234567", True),
        ("555-123-4567", True),
        ("4021", False),
        ("20240305", False),
    ],
)
def test_digits_look_dialled_or_not(text: str, wanted: bool) -> None:
    assert looks_dialled(text) is wanted


def letterhead(*texts: str) -> Sheet:
    lines = []
    for number, text in enumerate(texts):
        top, right = 10.0 + 30 * number, 20.0 + 10 * len(text)
        quad = ((20.0, top), (right, top), (right, top + 20), (20.0, top + 20))
        lines.append(TextLine(text, quad, 0.98, row=number))
    return Sheet.of(Reading(tuple(lines)))


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (
            ("Alpine Tools GmbH", "Lange Straße 5", "80331 München", "Germany"),
            ("Lange Straße 5", "München", "80331", "", "Germany", "DE"),
        ),
        (
            ("Prairie Foods Inc.", "12 Oak Street", "Springfield, IL 62704", "USA"),
            ("12 Oak Street", "Springfield", "62704", "IL", "USA", "US"),
        ),
        (
            ("Northwind Ltd.", "8 Harbour Street, Bristol BS1 4RW, United Kingdom"),
            ("8 Harbour Street", "Bristol", "BS1 4RW", "", "United Kingdom", "GB"),
        ),
        (("Alpine Tools GmbH", "Thank you"), ("", "", "", "", "", "")),
    ],
)
def test_an_address_is_taken_apart(texts: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    sheet = letterhead(*texts)
    parts = ("street", "city", "postal_code", "state", "country", "country_code")
    found = [find_address_part(sheet, part) for part in parts]
    assert tuple(values[0].text if values else "" for values in found) == wanted


BOX = Box(0, 0, 10, 10)
TABLE = Table(
    rows=2,
    columns=2,
    cells=(
        Cell(0, 0, "A|B", is_header=True, column_span=2),
        Cell(1, 0, "50% & more"),
        Cell(1, 1, "x_1"),
    ),
    box=BOX,
)


def written(*texts: str) -> tuple[tuple[TextLine, ...], ...]:
    """One row of text after the other."""
    quad = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    return tuple((TextLine(text, quad, 0.9),) for text in texts)


PARTS = (
    Part("title", BOX, written("Costs & gains"), level=1),
    Part("paragraph", BOX, written("# not a heading", "1. not a list", "a < b")),
    Part("title", BOX, written("Table"), level=2),
    Part("table", BOX, (), table=TABLE),
)


def test_a_page_becomes_markdown_that_means_the_same() -> None:
    assert list(markdown_page(PARTS, None)) == [
        "# Costs & gains",
        "\\# not a heading\n\\1. not a list\na < b",
        "## Table",
        "| A\\|B |  |\n| --- | --- |\n| 50% & more | x_1 |",
    ]


def test_a_page_becomes_latex_with_its_signs_escaped() -> None:
    assert list(latex_page(PARTS)) == [
        r"\section*{Costs \& gains}",
        "\\# not a heading\n1. not a list\na < b",
        r"\subsection*{Table}",
        "\\begin{tabular}{ll}\nA|B &  \\\\\n50\\% \\& more & x\\_1 \\\\\n\\end{tabular}",
    ]


def test_a_page_becomes_html_with_spans_and_places() -> None:
    pieces = list(html_page(PARTS, lambda box: f"{box.left:.0f} {box.bottom:.0f}"))
    assert pieces[0] == '<h1 data-bbox="0 10">Costs &amp; gains</h1>'
    assert pieces[1].endswith("1. not a list<br/>a &lt; b</p>")
    assert '<th colspan="2">A|B</th>' in pieces[3]
    assert pieces[3].startswith('<table data-bbox="0 10">')
