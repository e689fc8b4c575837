"""Pages laid out as a reader would hand them over: texts at places, without pictures."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table, TextLine
from qwen_vision.engines.embedded.rooms.extract import fill_schema

# A row is its texts with the place (in pixels) where each begins.
Row = Sequence[tuple[int, str]]
LayOut = Callable[..., Reading]
Fill: TypeAlias = Callable[[Reading, dict[str, Any]], dict[str, Any]]

_STEP_PX, _HEIGHT_PX, _LETTER_PX = 40, 20, 10


def _line(text: str, left: float, *, row: int, height_px: float = _HEIGHT_PX) -> TextLine:
    top = 20.0 + row * _STEP_PX
    right = left + _LETTER_PX * len(text)
    quad = ((left, top), (right, top), (right, top + height_px), (left, top + height_px))
    return TextLine(text, quad, 0.98, row=row)


def _lay_out(*rows: Row | str, tall: int | None = None) -> Reading:
    lines: list[TextLine] = []
    for place, row in enumerate(rows):
        texts = [(20, row)] if isinstance(row, str) else row
        height_px = _HEIGHT_PX * 1.5 if place == tall else _HEIGHT_PX
        lines += [_line(text, left, row=place, height_px=height_px) for left, text in texts]
    return Reading(tuple(lines))


def _table(*rows: Sequence[str]) -> Reading:
    cells = tuple(
        Cell(row, column, text, Box(column * 100, row * 40, column * 100 + 90, row * 40 + 30))
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    )
    lines = tuple(
        _line(text, 20 + column * 200, row=row)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    )
    box = Box(0, 0, len(rows[0]) * 100, len(rows) * 40)
    return Reading(lines, tables=(Table(len(rows), len(rows[0]), cells, box),))


def _fill(page: Reading, properties: dict[str, Any]) -> dict[str, Any]:
    pages = [Page(index=0, number=None, reading=page, sheet=Sheet.of(page))]
    value = fill_schema({"type": "object", "properties": properties}, pages).value
    told: dict[str, Any] = json.loads(json.dumps(value))
    return told


@pytest.fixture
def fill() -> Fill:
    """Fills an object of these properties from a page, as an answer in JSON."""
    return _fill


@pytest.fixture
def lay_out() -> LayOut:
    """A page of rows: a text at the left edge, or several with their places.

    The row numbered `tall` is printed larger.
    """
    return _lay_out


@pytest.fixture
def tabled() -> Callable[..., Reading]:
    """A page with one table of these rows."""
    return _table


@pytest.fixture
def sheet_of() -> Callable[..., Sheet]:
    """The sheet of a page of rows."""
    return lambda *rows, tall=None: Sheet.of(_lay_out(*rows, tall=tall))
