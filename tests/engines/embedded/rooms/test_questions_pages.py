"""Questions about drawn timetables, menus with headings, tickets and recipes."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNS = (
    ("Stop", "Run 1", "Run 2", "Run 3"),
    ("Airport", "05:50", "06:35", "23:45"),
    ("Hospital", "06:11", "06:56", "00:06"),
    ("Old Town", "06:24", "07:09", "00:49"),
)


def grid(sketch: "type[Sketch]", rows: "Sequence[Sequence[str]]") -> "Drawn":
    page = sketch(180 * len(rows[0]) + 60, 60 * len(rows) + 80)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            left, top = 30 + column * 180, 40 + row * 60
            page.draw.rectangle((left, top, left + 180, top + 60), outline="black", width=2)
            page.write(cell, (left + 20, top + 16), size_px=26)
    return page.image


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How long does it take from the Airport to the Old Town?", "34 min (Airport 05:50"),
        ("How long is the ride from the Airport to the Hospital?", "21 min (Airport 05:50"),
        ("When does Run 2 get to the Hospital?", "“Hospital”, “Run 2”: 06:56"),
        ("从 Hospital 到 Old Town 要多久？", "13 min（"),
        ("Which stop has the highest altitude?", "I find no “altitude” in this picture"),
    ],
)
async def test_a_timetable_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert (await ask(grid(sketch, RUNS), question)).text.startswith(wanted)


PASS = (
    ("From", "To", "Seat"),
    ("Lisbon", "Dublin", "17C"),
    ("Gate", "Boarding", "Departure"),
    ("B9", "13:35", "14:10"),
)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which gate?", "“Gate”: B9"),
        ("Where is she flying to?", "The destination is Dublin"),
        ("Where does the flight depart from?", "The origin is Lisbon"),
        ("How long is it between boarding and departure?", "35 min (Boarding 13:35"),
        ("Seat number only.", "17C"),
        ("When does the gate close?", "The text doesn't say that in so many words"),
    ],
)
async def test_heads_over_values_are_told_by_what_stands_under_them(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert (await ask(grid(sketch, PASS), question)).text.startswith(wanted)


LEDGER = (
    ("Date", "Description", "Amount"),
    ("02.09.2025", "Rent", "-1,150.00"),
    ("12.09.2025", "Salary", "2,900.00"),
    ("27.09.2025", "Grocery", "-84.30"),
)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When was the salary paid?", "“Salary”, “Date”: 12.09.2025"),
        ("How much is the rent?", "“Rent”, “Amount”: -1,150.00"),
    ],
)
async def test_a_ledger_is_asked_for_its_entries(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert (await ask(grid(sketch, LEDGER), question)).text.startswith(wanted)


DISHES = (
    ("Mains", ()),
    ("Salmon", "$17.50"),
    ("Lamb curry", "$15.00"),
    ("Drinks", ()),
    ("Coffee", "$3.20"),
    ("Orange juice", "$4.10"),
    ("Pot of tea", "$2.80"),
)


def menu(sketch: "type[Sketch]") -> "Drawn":
    page = sketch(560, 560).write("THE KETTLE", (160, 20), size_px=40)
    for row, (name, price) in enumerate(DISHES):
        page.write(name, (40, 100 + row * 60), size_px=26 if price else 34)
        if price:
            page.write(str(price), (420, 100 + row * 60), size_px=26)
    return page.image


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the cheapest drink?", "2.80 (Pot of tea)"),
        ("What is the most expensive main?", "17.50 (Salmon)"),
        ("What is the average price of the drinks?", "3.37"),
        ("What is the sum of all drinks?", "10.10"),
        ("What do two coffees and a pot of tea cost?", "$9.20"),
        ("I'd like the salmon and a coffee. What will it cost?", "$20.70"),
        (
            "What do two coffees and three waffles cost?",
            "The text doesn't say that in so many words",
        ),
        ("Which drinks do they have?", "Under “Drinks”:\n- Coffee $3.20"),
        ("Is the salmon cheaper than the lamb curry?", "No: Salmon $17.50 > Lamb curry $15.00."),
    ],
)
async def test_a_menu_with_headings_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(menu(sketch), question)).text


@pytest.mark.parametrize(
    ("lines", "question", "wanted"),
    [
        (["12", "7", "5"], "What is the average of the numbers?", "is 8.00"),
        (["12", "7", "5"], "What is the median?", "is 7;"),
        (["Hello there"], "What is the sum of the numbers?", "I find no numbers in this picture."),
        (["Weight: 2.4 kg", "To: Ann Lee"], "Is the parcel heavier than 2 kg?", "Yes: Weight 2.4"),
        (["Weight: 2.4 kg", "To: Ann Lee"], "Is it at most 2 kg?", "No: Weight 2.4 kg > 2 kg."),
        (["Status: Approved", "By: Ann Lee"], "Is it approved?", "Yes: “Status: Approved”."),
        (["Status: Approved", "By: Ann Lee"], "Is it not approved?", "No: “Status: Approved”."),
        (["Language: English"], "Language是French吗？", "否：“Language: English”。"),
        (["Square - Parking", "Circle - Water"], "What does the square mean?", "Parking"),
        (["Student ID: 20418-77"], "Student ID? Just the number.", "20418-77"),
        (["Milk 2 x 1.10  2.20", "TOTAL 2.20"], "What does one milk cost?", "1.10 ("),
        (["Hours per week: 40", "5 weeks of holiday"], "How many hours per week?", "40"),
        (["Until 18 May 2026", "Open 8:00 to 18:00"], "Until when must I pay?", "I find no"),
        (["The tower is old."], "How tall is the tower?", "I can't judge that myself"),
        (["Fee $39.00", "Visits this month 9"], "What do I pay in three months?", "The text"),
        (["Total: $21.50", "Tax: $1.50"], "Total as a plain number please.", "21.50"),
    ],
)
async def test_short_pages_are_asked(
    ask: "Ask", sketch: "type[Sketch]", *, lines: list[str], question: str, wanted: str
) -> None:
    page = sketch(560, 120 + 70 * len(lines)).lines(lines, (50, 50), step_px=70, size_px=30)
    assert wanted in (await ask(page.image, question)).text
