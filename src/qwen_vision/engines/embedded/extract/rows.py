"""Rows: arrays of objects from the lines of a bill, a table, or the pairs of a page."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.leaf import Json, leaf_value, nothing
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.pairs import all_pairs
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.engines.embedded.facts import Table, TextLine
from qwen_vision.engines.embedded.proofs import proof
from qwen_vision.protocol.receipt import Evidence

_ROLES: Final = (
    ("discount", r"discount|折扣|优惠"),
    ("tax", r"tax|vat|gst|税"),
    ("unit_price", r"unit ?price|unit ?cost|price ?(?:per|each).*|rate|单价"),
    ("quantity", r"qty|quantity|count|units?|pieces|number of .*|数量|件数"),
    (
        "amount",
        r"(?:line |item |sub)?(?:amount|total)(?: ?price| ?amount)?|subtotal|cost|sum|net|"
        r"金额|小计|总价|合计",
    ),
    ("price", r"price|价格|售价"),
    ("code", r"(?:item |product )?(?:code|sku|id|number|no)|编号|货号|条码"),
    (
        "description",
        r"(?:item |product )?(?:description|desc|name|title|item|product|article|goods|service|"
        r"text|label)|品名|名称|商品|项目|描述|货物",
    ),
)
_LABEL: Final = re.compile(r"key|label|name|field|title|键|标签|名称", re.IGNORECASE)
_VALUE: Final = re.compile(r"value|text|content|值|内容", re.IGNORECASE)

_ITEMS: Final = re.compile(
    r"(?:\w+ )*(?:items?|products?|goods|articles|services|positions)|明细|商品|项目|货物",
    re.IGNORECASE,
)
# What a line of a bill can say, for a schema that wants its lines but not how.
_BILL_LINE: Final = Shape(
    "object",
    fields=tuple(
        Shape("string", name, required=False)
        for name in ("description", "quantity", "unit_price", "amount")
    ),
)

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


def row_shape(array: Shape) -> Shape | None:
    """The shape of an array's rows; a schema that leaves it open gets the lines of a bill."""
    items = array.items
    if items is not None and items.kind == "any" and _ITEMS.fullmatch(array.words):
        return _BILL_LINE
    return items if items is not None and items.kind == "object" and items.fields else None


def _rows(shape: Shape, pages: Sequence[Page]) -> list[Row]:
    names = {part.name: part.words for part in shape.fields}
    roles = _roles(names)
    if {"amount", "price", "unit_price", "quantity"} & set(roles.values()):
        rows = [row for page in pages for row in _bill_rows(roles, page)]
        if rows:
            return rows
    rows = [
        row
        for page in pages
        for table in page.reading.tables
        for row in _table_rows(names, table, page)
    ]
    return rows or [row for page in pages for row in _pair_rows(names, page)]


def _roles(names: dict[str, str]) -> dict[str, str]:
    """The part of a bill's line that each property asks for."""
    roles: dict[str, str] = {}
    for name, words in names.items():
        role = next((role for role, pattern in _ROLES if re.fullmatch(pattern, words)), None)
        if role is not None:
            roles[name] = role
    return roles


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
    header = {column: cell.text.lower() for (row, column), cell in grid.items() if row == 0}
    places = {}
    for name, words in names.items():
        column = next((column for column, text in header.items() if _same(words, text)), None)
        if column is not None:
            places[name] = column
    if len(places) * 2 < len(names):
        return
    for row in range(1, table.rows):
        values = {}
        for name, column in places.items():
            cell = grid.get((row, column))
            if cell is not None and cell.text and cell.box is not None:
                box = cell.box
                quad = (
                    (box.left, box.top),
                    (box.right, box.top),
                    (box.right, box.bottom),
                    (box.left, box.bottom),
                )
                values[name] = _found(cell.text, (TextLine(cell.text, quad, 1.0),))
        if values:
            yield values, page


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
