"""Rows: arrays of objects from the lines of a bill, a table, or the pairs of a page."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.extract.charted import chart_rows
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.leaf import Json, leaf_value, nothing
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.pairs import all_pairs
from qwen_vision.engines.embedded.extract.roles import name_role
from qwen_vision.engines.embedded.extract.ruled import ruled_rows
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.engines.embedded.extract.sums import is_sum_row
from qwen_vision.engines.embedded.facts import Box, Table, TextLine
from qwen_vision.engines.embedded.proofs import proof
from qwen_vision.protocol.receipt import Evidence

_LABEL: Final = re.compile(r"key|label|name|field|title|键|标签|名称", re.IGNORECASE)
_VALUE: Final = re.compile(r"value|text|content|值|内容", re.IGNORECASE)

Row = tuple[dict[str, Found], Page]


def fill_rows(
    shape: Shape, pages: Sequence[Page], *, path: str
) -> tuple[list[dict[str, Json]], list[Evidence]]:
    """One object per row that the pages show for such a shape, with evidence."""
    filled: list[dict[str, Json]] = []
    evidence: list[Evidence] = []
    for values, page in _rows(shape, pages):
        row: dict[str, Json] = {}
        for part in shape.fields:
            found = values.get(part.name)
            value = leaf_value(part, found, order=page.sheet.date_order) if found else None
            if value is None:
                if not part.required and not part.nullable:
                    continue
                value = nothing(part)[0]
            elif found is not None:
                place = f"{path}[{len(filled)}].{part.name}"
                evidence.append(proof(place, found, index=page.index, page=page.number))
            row[part.name] = value
        filled.append(row)
    return filled, evidence


def free_rows(
    pages: Sequence[Page], *, path: str, objects: bool
) -> tuple[list[Json], list[Evidence]]:
    """The lines of bills, or else the rows of tables, for a list whose schema names no parts.

    Each is an object keyed by the words of the header, or the printed line without one,
    unless only `objects` will do.
    """
    rows: list[Json] = []
    evidence: list[Evidence] = []
    lines = [line for line in _bill_lines(pages) if not (objects and "" in line[0])]
    tables = _all_tables(pages)
    if lines and not _says_more(tables, lines):
        tables = lines
    for values, page in tables:
        place = f"{path}[{len(rows)}]"
        for header, found in values.items():
            name = f"{place}.{header}" if header else place
            evidence.append(proof(name, found, index=page.index, page=page.number))
        texts: dict[str, Json] = {header: found.text for header, found in values.items()}
        rows.append(texts.get("", texts))
    return rows, evidence


def item_names(pages: Sequence[Page], *, path: str) -> tuple[list[str], list[Evidence]]:
    """What the lines of bills are for, for a list of strings."""
    found = [(item, page) for page in pages for item in bill_items(page.sheet)]
    names = [item.values["description"] for item, _ in found]
    evidence = [
        proof(
            f"{path}[{number}]",
            _found(name, item.lines),
            index=page.index,
            page=page.number,
        )
        for number, (name, (item, page)) in enumerate(zip(names, found, strict=True))
    ]
    return names, evidence


def _bill_lines(pages: Sequence[Page]) -> list[Row]:
    """Items by the words of their header; under "" the whole line of a bill without one."""
    lines: list[Row] = []
    for page in pages:
        for item in bill_items(page.sheet):
            if item.headers:
                named = {item.headers.get(role, role): text for role, text in item.values.items()}
                lines.append(({key: _found(text, item.lines) for key, text in named.items()}, page))
            else:
                whole = " ".join(line.text for line in item.lines)
                lines.append(({"": Found(whole, whole, item.lines, "a line of the bill")}, page))
    return lines


def _all_tables(pages: Sequence[Page]) -> list[Row]:
    """The rows of every table whose first row names each column."""
    rows: list[Row] = []
    for page in pages:
        for table in page.reading.tables:
            header = list(_header(table)[0].values())
            if len(set(header) - {""}) == table.columns and not any(map(find_dates, header)):
                rows += _table_rows({name: name.lower() for name in header}, table, page)
    return rows


def _header(table: Table) -> tuple[dict[int, str], int]:
    """The words over each column, and how many rows they stand in: spans make several one."""
    deep = max((cell.row_span for cell in table.cells if cell.row == 0), default=1)
    texts: dict[int, list[str]] = {column: [] for column in range(table.columns)}
    for cell in table.cells:
        if cell.row < deep:
            for column in range(cell.column, cell.column + cell.column_span):
                texts[column].append(cell.text)
    return {column: " ".join(filter(None, words)) for column, words in texts.items()}, deep


def _rows(shape: Shape, pages: Sequence[Page]) -> list[Row]:
    names = {part.name: part.words for part in shape.fields}
    roles = {name: role for name, words in names.items() if (role := name_role(words))}
    ruled = [row for page in pages for row in _ruled(names, page)]
    bill: list[Row] = []
    if {"amount", "price", "unit_price", "quantity"} & set(roles.values()):
        bill = [row for page in pages for row in _bill_rows(roles, page)]
    if len(bill) == len(ruled):
        bill = [
            (values | under, page) for (under, _), (values, page) in zip(ruled, bill, strict=True)
        ]
    rows = [
        row
        for page in pages
        for table in page.reading.tables
        for row in _table_rows(names, table, page)
    ]
    best = max((bill, ruled, rows), key=_known)
    charted = [(row, page) for page in pages for row in chart_rows(shape, page.reading)]
    if charted and (any(page.reading.chart for page in pages) or not best):
        return charted
    return best or [row for page in pages for row in _pair_rows(names, page)]


def _ruled(names: dict[str, str], page: Page) -> Iterator[Row]:
    for cells in ruled_rows(names, page.sheet):
        yield {name: _found(cell.text, (cell.line,)) for name, cell in cells.items()}, page


def _bill_rows(roles: dict[str, str], page: Page) -> Iterator[Row]:
    for item in bill_items(page.sheet):
        values = dict(item.values)
        has_amount = "amount" in roles.values()
        price = values.get("unit_price") if has_amount else values.get("amount")
        values["price"] = price or values.get("unit_price") or values.get("amount", "")
        yield (
            {
                name: _found(values[role], item.lines)
                for name, role in roles.items()
                if values.get(role)
            },
            page,
        )


def _table_rows(names: dict[str, str], table: Table, page: Page) -> Iterator[Row]:
    """Rows of a table whose header names the properties."""
    grid = {(cell.row, cell.column): cell for cell in table.cells}
    header, first = _header(table)
    places = {}
    for name, words in names.items():
        heads = header.items()
        column = next((column for column, text in heads if _same(words, text.lower())), None)
        if column is not None:
            places[name] = column
    if len(places) * 2 < len(names):
        return
    for row in range(first, table.rows):
        if is_sum_row(cell.text for cell in table.cells if cell.row == row):
            continue
        values = {
            name: _found(cell.text, (_line_of(cell.text, cell.box),))
            for name, column in places.items()
            if (cell := grid.get((row, column))) is not None and cell.text and cell.box is not None
        }
        if values:
            yield values, page


def _line_of(text: str, box: Box) -> TextLine:
    top, bottom = box.top, box.bottom
    quad = ((box.left, top), (box.right, top), (box.right, bottom), (box.left, bottom))
    return TextLine(text, quad, 1.0)


def _says_more(tables: Sequence[Row], lines: Sequence[Row]) -> bool:
    """Whether the rows of tables are the lines of the bill with more of their columns."""
    return len(tables) == len(lines) and _known(tables) > _known(lines)


def _known(rows: Sequence[Row]) -> int:
    """How many values rows give."""
    return sum(len(values) for values, _ in rows)


def _pair_rows(names: dict[str, str], page: Page) -> Iterator[Row]:
    """Label and value pairs for a shape such as {"key": ..., "value": ...}."""
    label = next((name for name, words in names.items() if _LABEL.fullmatch(words)), None)
    value = next((name for name, words in names.items() if _VALUE.fullmatch(words)), None)
    if label is None or value is None:
        return
    for words, found in all_pairs(page.sheet).items():
        where = (found.label,) if found.label is not None else found.lines
        yield {label: Found(words, words, where, "a label"), value: found}, page


def _found(text: str, lines: tuple[TextLine, ...]) -> Found:
    holding = tuple(line for line in lines if text in line.text) or lines
    amounts = find_amounts(text)
    plain = amounts[0].value if len(amounts) == 1 and amounts[0].text == text else text
    return Found(text, plain, holding, "in its row", label=holding[0])


def _same(words: str, header: str) -> bool:
    plain = re.sub(r"[\W_]+", "", words), re.sub(r"[\W_]+", "", header)
    return bool(plain[0]) and bool(plain[1]) and (plain[0] in plain[1] or plain[1] in plain[0])
