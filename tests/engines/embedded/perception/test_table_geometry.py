"""Tables out of lines laid out by hand: what stands in which row, column and reading order."""

from qwen_vision.engines.embedded.facts import Quad, Table, TextLine
from qwen_vision.engines.embedded.perception.order import reading_order
from qwen_vision.engines.embedded.perception.rules import Rule, Rules
from qwen_vision.engines.embedded.perception.tables import find_tables

_HEIGHT = 20.0
_LETTER = 10.0
_PROSE = "the garden was laid out in the spring"


def line(text: str, left: float, top: float, *, height: float = _HEIGHT) -> TextLine:
    right = left + _LETTER * len(text)
    quad: Quad = ((left, top), (right, top), (right, top + height), (left, top + height))
    stops = tuple((index + 0.5) / len(text) for index in range(len(text)))
    return TextLine(text, quad, 0.99, stops=stops)


def rows(table: Table) -> list[list[str]]:
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def only(lines: list[TextLine], rules: Rules | None = None) -> list[list[str]]:
    found = find_tables(lines, rules or Rules())
    assert len(found) == 1
    return rows(found[0])


def test_three_columns_of_running_text_are_read_one_after_the_other() -> None:
    lefts = (0.0, 420.0, 840.0)
    texts = [f"{_PROSE} {word}" for word in ("a", "b", "c")]
    lines = [
        line(text, left, top)
        for top in (0.0, 22.0, 44.0, 66.0)
        for left, text in zip(lefts, texts, strict=True)
    ]
    read = [one.text for one in reading_order(lines)]
    assert read == [text for text in texts for _ in range(4)]
    assert find_tables(lines, Rules()) == ()


def test_bulleted_lists_beside_each_other_are_no_table() -> None:
    lines = [
        line(text, left, top)
        for top, texts in (
            (0.0, ("Good", "Bad")),
            (40.0, ("• It is quick", "• It is dear")),
            (70.0, ("• It runs long", "• It is loud")),
        )
        for left, text in zip((0.0, 500.0), texts, strict=True)
    ]
    assert find_tables(lines, Rules()) == ()
    assert [one.text for one in reading_order(lines)][:3] == [
        "Good",
        "• It is quick",
        "• It runs long",
    ]


def test_headings_left_of_the_numbers_under_them_keep_their_columns() -> None:
    lines = [
        line(text, left, 0)
        for text, left in zip(("Area", "Score", "Rank"), (0, 150, 260), strict=True)
    ]
    for top, (name, score, rank) in enumerate(
        (("Botanical Garden", "6.6", "12"), ("City", "8.0", "9"), ("Harbour", "7.5", "3")), start=1
    ):
        lines += [line(name, 0, 30 * top), line(score, 205, 30 * top), line(rank, 320, 30 * top)]
    assert only(lines)[0] == ["Area", "Score", "Rank"]


def test_running_text_over_a_table_is_no_row_of_it() -> None:
    lines = [
        line("1", 0, 0),
        line("Results", 40, 0),
        line(f"{_PROSE} {_PROSE}", 0, 40),
        line(f"{_PROSE} {_PROSE}", 0, 62),
    ]
    for top, cells in enumerate((("Group", "2024", "2025"), ("A", "4", "5"), ("B", "6", "7")), 1):
        lines += [line(text, 150 * at, 70 + 30 * top) for at, text in enumerate(cells)]
    assert only(lines) == [["Group", "2024", "2025"], ["A", "4", "5"], ["B", "6", "7"]]


def test_numbers_under_numbers_are_rows_of_their_own() -> None:
    cells = (
        ("Region", "Item", "Units"),
        ("North", "Desk", "41"),
        ("", "Lamp", "52"),
        ("", "Chair", "63"),
    )
    lines = [
        line(text, 150 * at, 22 * top)
        for top, texts in enumerate(cells)
        for at, text in enumerate(texts)
        if text
    ]
    assert only(lines) == [list(texts) for texts in cells]


def test_a_lone_digit_taller_than_wide_stands_on_its_row() -> None:
    lines = []
    for top in range(4):
        left, high = 0.0, 30.0 * top
        # Its corners start at the bottom left: the longer side passes for the line.
        quad: Quad = ((left, high + 20), (left, high), (left + 9, high), (left + 9, high + 20))
        lines += [
            TextLine(str(top + 1), quad, 0.9),
            line("Beijing", 80, high),
            line("485", 200, high),
        ]
    assert only(lines)[0] == ["1", "Beijing", "485"]


def test_headings_without_lines_between_them_are_parted_where_the_columns_are() -> None:
    walls = (0.0, 120.0, 240.0, 360.0)
    rules = Rules(
        horizontal=tuple(Rule(at, 0, 360) for at in (0.0, 40.0, 80.0, 120.0)),
        vertical=(
            Rule(walls[0], 0, 120),
            Rule(walls[1], 41, 120),
            Rule(walls[2], 41, 120),
            Rule(walls[3], 0, 120),
        ),
    )
    head = "Area" + " " * 8 + "Owner" + " " * 7 + "Units"
    lines = [line(head, 10, 10)]
    for top in (50, 90):
        lines += [line(text, 10 + 120 * at, top) for at, text in enumerate(("Leeds", "Ann", "4"))]
    assert only(lines, rules) == [
        ["Area", "Owner", "Units"],
        ["Leeds", "Ann", "4"],
        ["Leeds", "Ann", "4"],
    ]


def test_white_bands_part_rows_whose_cells_have_several_lines() -> None:
    cells = (
        (0, ("Task", "Best tool")),
        (40, ("Show usual output", "print")),
        (62, ("of a program", "")),
        (102, ("", "Warnings where the code")),
        (113, ("Report a warning", "")),
        (124, ("", "should be changed")),
        (164, ("Report an error", "Raise it")),
    )
    lines = [
        line(text, left, top)
        for top, texts in cells
        for left, text in zip((0.0, 300.0), texts, strict=True)
        if text
    ]
    assert only(lines) == [
        ["Task", "Best tool"],
        ["Show usual output of a program", "print"],
        ["Report a warning", "Warnings where the code should be changed"],
        ["Report an error", "Raise it"],
    ]


def test_blocks_of_an_address_beside_each_other_are_no_table() -> None:
    blocks = (
        ("To Ben Carter", "Offer 1394"),
        ("30 Church Lane", "Of March 24"),
        ("Central", "Until May 23"),
    )
    lines = [
        line(text, 500.0 * at, 22.0 * top)
        for top, texts in enumerate(blocks)
        for at, text in enumerate(texts)
    ]
    assert find_tables(lines, Rules()) == ()


def test_rows_without_lines_between_them_are_parted_inside_a_ruled_grid() -> None:
    rules = Rules(
        horizontal=tuple(Rule(at, 0, 400) for at in (0.0, 40.0, 160.0, 200.0)),
        vertical=tuple(Rule(at, 0, 200) for at in (0.0, 200.0, 400.0)),
    )
    cells = ((10, "Head"), (50, "first"), (90, "second"), (130, "third"), (170, "last"))
    lines = [line(f"{text} {at}", 20 + 200 * at, top) for top, text in cells for at in (0, 1)]
    assert [texts[0] for texts in only(lines, rules)] == [f"{text} 0" for _, text in cells]
