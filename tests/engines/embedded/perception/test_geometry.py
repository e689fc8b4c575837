"""Reading order, pieces and rows of tables: lines laid out by hand."""

from collections.abc import Sequence

from qwen_vision.engines.embedded.facts import Box, TextLine
from qwen_vision.engines.embedded.perception.order import Placed, placed, reading_order
from qwen_vision.engines.embedded.perception.pieces import (
    cut_at_walls,
    pieces_of,
    split_at,
)
from qwen_vision.engines.embedded.perception.rules import Rule, Rules
from qwen_vision.engines.embedded.perception.table_rows import Body, Row, Slot, logical_rows

EDGES = (100.0, 200.0)


def line(text: str, left: float, top: float, *, width: float = 0.0) -> TextLine:
    """A line 20 high whose letters are 10 wide, or spread over `width`."""
    right = left + (width or 10.0 * len(text))
    quad = ((left, top), (right, top), (right, top + 20), (left, top + 20))
    stops = tuple((index + 0.5) / len(text) for index in range(len(text)))
    return TextLine(text, quad, 0.9, stops=stops)


def test_words_of_one_phrase_are_joined_with_a_space_or_none() -> None:
    latin = reading_order([line("Riverside", 0, 0), line("station", 96, 1)])
    assert [read.text for read in latin] == ["Riverside station"]
    assert len(latin[0].stops) == len("Riverside station")
    assert list(latin[0].stops) == sorted(latin[0].stops)
    assert latin[0].box == Box(0, 0, 166, 21)
    chinese = reading_order([line("北京", 0, 0), line("车站", 22, 0)])
    assert [read.text for read in chinese] == ["北京车站"]


def test_words_far_apart_share_a_row_but_stay_apart() -> None:
    read = reading_order([line("22.84", 300, 2), line("Total", 0, 0), line("Thanks", 0, 40)])
    assert [(item.text, item.row) for item in read] == [("Total", 0), ("22.84", 0), ("Thanks", 1)]


def test_two_columns_of_running_text_are_read_one_after_the_other() -> None:
    left = [line(f"left column, line {number}", 0, 40 + 30 * number) for number in range(4)]
    right = [line(f"right column line {number}", 300, 40 + 30 * number) for number in range(4)]
    title = line("A title that stands across both of the columns", 40, 0)
    mixed = [title, *(item for pair in zip(left, right, strict=True) for item in pair)]
    texts = [item.text for item in reading_order(mixed)]
    assert texts == [title.text, *(item.text for item in left), *(item.text for item in right)]


def test_nothing_is_read_in_order_where_nothing_stands() -> None:
    assert reading_order([]) == ()


def spread(*words: tuple[str, int]) -> TextLine:
    """One line whose words begin at letters of a grid of 10 pixels."""
    text = " ".join(word for word, _ in words)
    places = [start + index for word, start in words for index in range(len(word) + 1)][:-1]
    end = places[-1] + 1
    quad = ((0.0, 0.0), (10.0 * end, 0.0), (10.0 * end, 20.0), (0.0, 20.0))
    return TextLine(text, quad, 0.9, stops=tuple((place + 0.5) / end for place in places))


def test_a_line_that_runs_over_a_wide_gap_is_taken_apart() -> None:
    parts = pieces_of([spread(("Garden", 0), ("chair", 7), ("39.90", 30))], angle_deg=0)
    assert [part.line.text for part in parts] == ["Garden chair", "39.90"]
    assert 115 <= parts[0].box.right <= 130
    assert 290 <= parts[1].box.left <= 305
    assert len(parts[1].line.stops) == 5


def test_a_line_is_cut_at_an_edge_only_where_its_words_stand_apart() -> None:
    whole = placed([spread(("Garden", 0), ("39.90", 10))], angle_deg=0)[0]
    cut = split_at(whole, (80.0,), angle_deg=0)
    assert [part.line.text for part in cut] == ["Garden", "39.90"]
    assert split_at(whole, (30.0,), angle_deg=0) == [whole]
    close = placed([spread(("Garden", 0), ("chair", 7))], angle_deg=0)[0]
    assert split_at(close, (65.0,), angle_deg=0) == [close]
    single = placed([TextLine("A", whole.line.quad, 0.9)], angle_deg=0)[0]
    assert split_at(single, (5.0,), angle_deg=0) == [single]


def test_a_line_is_cut_at_the_space_where_a_rule_runs_through_it() -> None:
    whole = placed([spread(("Garden", 0), ("chair", 7), ("39.90", 13))], angle_deg=0)[0]
    cut = cut_at_walls(whole, (70.0, 125.0))
    assert [part.line.text for part in cut] == ["Garden", "chair", "39.90"]
    assert cut[1].box.left < 75 < cut[1].box.right
    # Through letters, or beside the line, a rule parts nothing.
    assert cut_at_walls(whole, (30.0, 500.0)) == [whole]
    # Headings must stand further apart than words of one heading do.
    assert cut_at_walls(whole, (65.0, 125.0), wider=0.6) == [whole]
    far = placed([spread(("Garden", 0), ("39.90", 12))], angle_deg=0)[0]
    assert [part.line.text for part in cut_at_walls(far, (90.0,), wider=0.6)] == ["Garden", "39.90"]


def test_a_line_whose_letters_have_no_place_stays_whole() -> None:
    bare = TextLine("Garden chair", line("Garden chair", 0, 0).quad, 0.9)
    whole = placed([bare], angle_deg=0)[0]
    assert cut_at_walls(whole, (65.0,)) == [whole]
    assert split_at(whole, (65.0,), angle_deg=0) == [whole]


def row(top: float, *cells: tuple[int, str]) -> Row:
    """A line of text whose cells stand in their columns, 100 wide each."""
    slots = []
    for column, text in cells:
        piece = placed([line(text, 100.0 * column + 5, top)], angle_deg=0)[0]
        slots.append(Slot(column, column, (piece,)))
    return Row(tuple(slots))


def table(rows: Sequence[Row], *, rules: Sequence[Rule] = ()) -> tuple[list[list[str]], int]:
    body = Body(
        tuple(rows), EDGES, Box(0, 0, 300, 400), 20.0, Rules(horizontal=tuple(rules), vertical=())
    )
    cells, headers = logical_rows(body)
    return [[slot.text for slot in slots] for slots in cells], headers


HEAD = row(0, (0, "Item"), (1, "Count"), (2, "Price"))


def test_a_first_line_of_words_over_numbers_is_a_heading() -> None:
    cells, headers = table([HEAD, row(40, (0, "Chair"), (1, "4"), (2, "39.90"))])
    assert cells == [["Item", "Count", "Price"], ["Chair", "4", "39.90"]]
    assert headers == 1


def test_figures_in_brackets_after_words_leave_a_heading_a_heading() -> None:
    head = row(0, (0, "Variable"), (1, "n (%)"), (2, "OR (95% CI)"))
    _, headers = table([head, row(40, (0, "Copper"), (1, "140 (89.5)"), (2, "0.35 (0.7-4.4)"))])
    assert headers == 1
    _, headers = table([row(0, (0, "Lead"), (1, "12"), (2, "(120.50)")), head])
    assert headers == 0


def test_a_line_that_goes_on_in_small_letters_belongs_to_the_cell_above() -> None:
    cells, _ = table(
        [
            HEAD,
            row(40, (0, "Chair"), (1, "4"), (2, "39.90")),
            row(62, (0, "of oak")),
            row(100, (0, "Table"), (1, "1"), (2, "99.00")),
        ]
    )
    assert cells[1:] == [["Chair of oak", "4", "39.90"], ["Table", "1", "99.00"]]


def test_a_heading_of_two_lines_is_one_row() -> None:
    cells, headers = table(
        [
            HEAD,
            row(22, (1, "pieces"), (2, "in euros")),
            row(70, (0, "Chair"), (1, "4"), (2, "39.90")),
            row(110, (0, "Table"), (1, "1"), (2, "99.00")),
        ]
    )
    assert cells[0] == ["Item", "Count pieces", "Price in euros"]
    assert headers == 1


def test_a_heading_over_a_rule_spans_the_columns_the_rule_runs_under() -> None:
    rules = [Rule(at=32.0, start=105.0, end=295.0), Rule(at=72.0, start=0.0, end=300.0)]
    body = Body(
        (
            row(0, (1, "Goods")),
            row(42, (0, "Name"), (1, "Count"), (2, "Price")),
            row(82, (0, "Chair"), (1, "4"), (2, "39.90")),
        ),
        EDGES,
        Box(0, 0, 300, 120),
        20.0,
        Rules(horizontal=tuple(rules), vertical=()),
    )
    cells, headers = logical_rows(body)
    assert [(slot.text, slot.first, slot.last) for slot in cells[0]] == [("Goods", 1, 2)]
    assert headers == 2


def test_a_heading_over_the_middle_of_two_others_spans_both() -> None:
    wide = placed([line("Both kinds", 150, 0)], angle_deg=0)[0]
    body = Body(
        (
            Row((*row(0, (0, "Ware")).slots, Slot(1, 1, (wide,)))),
            row(40, (0, "Name"), (1, "Count"), (2, "Price")),
            row(90, (0, "Chair"), (1, "4"), (2, "39.90")),
        ),
        EDGES,
        Box(0, 0, 300, 120),
        20.0,
        Rules(horizontal=(Rule(at=75.0, start=0.0, end=300.0),), vertical=()),
    )
    cells, headers = logical_rows(body)
    assert [(slot.text, slot.first, slot.last) for slot in cells[0]] == [
        ("Ware", 0, 0),
        ("Both kinds", 1, 2),
    ]
    assert headers == 2


def test_rules_between_all_rows_keep_the_lines_of_a_cell_together() -> None:
    rules = [Rule(at=at, start=0.0, end=300.0) for at in (30.0, 90.0, 130.0)]
    cells, headers = table(
        [
            HEAD,
            row(40, (0, "Chair"), (1, "4"), (2, "39.90")),
            row(64, (0, "Oak"), (2, "each")),
            row(100, (0, "Table"), (1, "1"), (2, "99.00")),
            row(140, (0, "Lamp"), (1, "2"), (2, "20.00")),
        ],
        rules=rules,
    )
    assert cells[1] == ["Chair Oak", "4", "39.90 each"]
    assert [cells[2][0], cells[3][0], headers] == ["Table", "Lamp", 1]


def test_a_placed_line_knows_its_middle_and_height() -> None:
    item: Placed = placed([line("Level", 0, 10)], angle_deg=0)[0]
    assert (item.middle, item.height) == (20, 20)
