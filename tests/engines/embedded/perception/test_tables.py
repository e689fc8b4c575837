"""Tables: from text that stands in columns, and from lines ruled around cells."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qwen_vision.engines.embedded.facts import Table
from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch

PRICES = [
    ("Item", "Count", "Price"),
    ("Garden chair", "4", "39.90"),
    ("Table", "1", "129.00"),
    ("Parasol", "2", "54.50"),
]
LEFTS = (40, 320, 480)


def _write(page: "Sketch", rows: Sequence[Sequence[str]], *, top: int, step: int) -> None:
    for number, row in enumerate(rows):
        for left, text in zip(LEFTS, row, strict=True):
            page.write(text, (left, top + number * step))


def _texts(table: Table) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell.text)
    return rows


async def test_text_in_columns_is_a_table(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(640, 300)
    _write(page, PRICES, top=40, step=55)
    tables = (await eyes.read(page.image)).tables
    assert [_texts(table) for table in tables] == [[list(row) for row in PRICES]]
    assert {cell.text for cell in tables[0].cells if cell.is_header} == {"Item", "Count", "Price"}


async def test_cells_say_where_they_stand(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(640, 300)
    _write(page, PRICES, top=40, step=55)
    cells = (await eyes.read(page.image)).tables[0].cells
    box = next(cell.box for cell in cells if cell.text == "129.00")
    assert box is not None
    assert 465 <= box.left <= 485
    assert 140 <= box.top <= 165


async def test_a_cell_of_two_lines_is_one_cell(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(640, 340)
    _write(page, PRICES[:2], top=40, step=60)
    page.write("made of oak", (40, 126))
    _write(page, PRICES[2:], top=180, step=60)
    table = (await eyes.read(page.image)).tables[0]
    assert _texts(table)[1] == ["Garden chair made of oak", "4", "39.90"]
    assert table.rows == 4


async def test_a_ruled_grid_keeps_empty_and_spanning_cells(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(640, 300)
    xs, ys = (30, 230, 420, 610), (30, 100, 170, 240)
    for y in ys:
        page.draw.line((xs[0], y, xs[-1], y), fill="black", width=2)
    for x in xs:
        # The heading runs over the last two columns.
        page.draw.line((x, ys[1] if x == 420 else ys[0], x, ys[-1]), fill="black", width=2)
    page.write("City", (50, 50)).write("Inhabitants", (330, 50))
    page.write("Bern", (50, 120)).write("133000", (250, 120)).write("134000", (450, 120))
    page.write("Chur", (50, 190)).write("38000", (450, 190))
    table = (await eyes.read(page.image)).tables[0]
    assert (table.rows, table.columns) == (3, 3)
    wide = [(cell.text, cell.column_span) for cell in table.cells if cell.column_span > 1]
    assert wide == [("Inhabitants", 2)]
    assert _texts(table)[2] == ["Chur", "", "38000"]


async def test_a_heading_over_two_columns_spans_them(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(640, 320)
    page.write("Name", (40, 40)).write("Goods", (375, 40))
    page.draw.line((310, 76, 570, 76), fill="black", width=2)
    page.write("Count", (320, 85)).write("Price", (480, 85))
    page.draw.line((30, 122, 580, 122), fill="black", width=2)
    _write(page, PRICES[1:], top=140, step=50)
    table = (await eyes.read(page.image)).tables[0]
    assert (table.rows, table.columns) == (5, 3)
    spans = [(cell.text, cell.column, cell.column_span) for cell in table.cells if cell.row == 0]
    assert spans == [("Name", 0, 1), ("Goods", 1, 2)]
    assert {cell.row for cell in table.cells if cell.is_header} == {0, 1}


async def test_running_text_is_no_table(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(760, 300).lines(
        [
            "The house stood on a slight rise just on the edge",
            "of the village. It stood on its own and looked out",
            "over a broad spread of farmland to the west. Not",
            "a remarkable house by any means, it was about",
            "thirty years old, squat and square.",
        ],
        (40, 40),
    )
    assert (await eyes.read(page.image)).tables == ()
