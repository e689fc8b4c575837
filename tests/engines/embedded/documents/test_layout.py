"""A page becomes titles of several ranks, paragraphs, lists and tables."""

from dataclasses import replace
from itertools import count

from qwen_vision.engines.embedded.documents.layout import Part, page_parts
from qwen_vision.engines.embedded.documents.markup import html_page, latex_page, markdown_page
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table, TextLine

_PROSE = "the garden was laid out in the spring of that year and"
_HEIGHT = 20.0


def line(text: str, top: float, *, left: float = 40.0, size: float = 1.0) -> TextLine:
    """A line whose letters are `size` times as large as usual."""
    tall = _HEIGHT * size
    right = left + sum(0.27 if char in " .,il" else 0.55 for char in text) * 0.75 * tall
    quad = ((left, top), (right, top), (right, top + tall), (left, top + tall))
    return TextLine(text, quad, 0.99)


def page(*lines: TextLine) -> Reading:
    """Lines from top to bottom, each on a row of its own."""
    rows = count()
    return Reading(
        tuple(TextLine(one.text, one.quad, one.confidence, row=next(rows)) for one in lines)
    )


def told(*lines: TextLine) -> list[str]:
    return list(markdown_page(page_parts(page(*lines)), None))


def place(_box: Box) -> str:
    return "1 2 3 4"


def test_headings_are_ranked_by_the_size_of_their_letters() -> None:
    assert told(
        line("annual report", 0, size=2.0),
        line(_PROSE, 70),
        line("rose gardens", 120, size=1.5),
        line(_PROSE, 180),
        line("Roses and tulips", 230, size=1.3),
        line(_PROSE, 290),
    ) == ["# annual report", _PROSE, "## rose gardens", _PROSE, "### Roses and tulips", _PROSE]


def test_sections_are_ranked_by_their_numbers() -> None:
    assert told(
        line("2 Rose gardens", 0, size=1.4),
        line(_PROSE, 70),
        line("2.1 Tea roses", 120, size=1.35),
        line(_PROSE, 180),
    ) == ["# 2 Rose gardens", _PROSE, "## 2.1 Tea roses", _PROSE]


def test_a_row_further_down_than_usual_begins_a_paragraph() -> None:
    rows = [line(_PROSE, top) for top in (0, 21, 42, 73, 94, 115)]
    assert told(*rows) == ["\n".join([_PROSE] * 3)] * 2


def test_a_row_that_left_room_for_the_next_word_ends_its_paragraph() -> None:
    rows = [line(_PROSE, 0), line("It grew.", 21), line(_PROSE, 42), line(_PROSE, 63)]
    assert told(*rows) == [f"{_PROSE}\nIt grew.", f"{_PROSE}\n{_PROSE}"]


def test_bulleted_rows_are_a_list_and_indented_ones_lie_inside() -> None:
    assert told(
        line(_PROSE, 0),
        line("• Tools", 40, left=60),
        line("o Spade with a long", 61, left=100),
        line("handle", 82, left=118),
        line("• Seeds", 103, left=60),
    ) == [_PROSE, "- Tools\n   - Spade with a long handle\n- Seeds"]


def test_numbers_that_follow_each_other_are_a_list() -> None:
    parts = page_parts(
        page(line("3. Dig", 0), line("4. Plant", 21), line("5. Water", 42), line(_PROSE, 100))
    )
    assert next(iter(markdown_page(parts, None))) == "3. Dig\n4. Plant\n5. Water"
    assert next(iter(html_page(parts, place))) == (
        '<ol start="3">\n<li data-bbox="1 2 3 4">Dig</li>\n<li data-bbox="1 2 3 4">Plant</li>\n'
        '<li data-bbox="1 2 3 4">Water</li>\n</ol>'
    )
    assert next(iter(latex_page(parts))) == (
        "\\begin{enumerate}\n\\item Dig\n\\item Plant\n\\item Water\n\\end{enumerate}"
    )


def test_a_large_line_beside_usual_ones_is_a_title_by_itself() -> None:
    head, address = line("Town Supplies", 0, size=2.0), line("85 Dock Street", 10, left=600)
    body = line(_PROSE, 80)
    rows = [replace(one, row=at) for one, at in ((head, 0), (address, 0), (body, 1))]
    assert list(markdown_page(page_parts(Reading(tuple(rows))), None)) == [
        "# Town Supplies",
        "85 Dock Street",
        _PROSE,
    ]


def test_tables_beside_each_other_are_both_told() -> None:
    lines = [line(text, 0, left=left) for text, left in (("Ann", 40), ("Bob", 400))]
    tables = tuple(
        Table(1, 1, (Cell(0, 0, one.text),), Box(left, -10, left + 200, 40))
        for one, left in zip(lines, (0, 380), strict=True)
    )
    written = list(markdown_page(page_parts(Reading(tuple(lines), tables=tables)), None))
    assert written == ["| Ann |\n| --- |", "| Bob |\n| --- |"]


def test_a_number_alone_begins_no_list() -> None:
    assert told(line(_PROSE, 0), line("3. March", 60), line(_PROSE, 120)) == [
        _PROSE,
        "\\3. March",
        _PROSE,
    ]


def test_an_empty_page_has_no_parts() -> None:
    assert page_parts(Reading(())) == list[Part]()
