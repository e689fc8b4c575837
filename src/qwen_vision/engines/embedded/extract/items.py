"""Items: the lines of a bill (description, quantity, price, amount) from its rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.dates import without_dates
from qwen_vision.engines.embedded.documents.labelled import split_label
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import TextLine

_ROLES: Final = (
    ("discount", r"disc\w*\.?(?: ?%)?|rabatt\b.*|korting|折扣|优惠"),
    ("tax", r"tax\w*|vat|gst|btw|mwst\.?|tx|税率|税额?"),
    (
        "unit_price",
        r"(?:unit|u/|s/|vk-)? ?pri(?:ce|s|x|ze|js).*|rate|einzelpreis|"
        r"单价|价格|售价",
    ),
    (
        "quantity",
        r"q'?ty\.?|quantity|quant\.?|aantal|menge|qté|hrs|hours|units?|数量|件数",
    ),
    (
        "amount",
        r"amt.*|amount.*|(?:line )?total.*|sum|bedrag|betrag|zeilenbetrag|montant|importe|net|"
        r"金额|小计|总价|合计",
    ),
    (
        "code",
        r"(?:item |product )?code(?:/desc)?|sku|no\.?|pos\.?|#|art\.?-?nr\.?|"
        r"编号|货号|序号|条码",
    ),
    (
        "description",
        r"(?:item )?desc\w*(?:/item)?|items?|products?|articles?|artikel|beschreibung|service|"
        r"particulars?|name|details?|品名|名称|商品.*|项目.*|货物.*|摘要|菜品",
    ),
)
_HEADERS: Final = tuple(
    (role, re.compile(rf"^\W*(?:{words})\W*(?:\(\w+\)|ohne.*)?\W*$", re.IGNORECASE))
    for role, words in _ROLES
)
_STOPS: Final = (
    "total", "subtotal", "tax", "cash", "change", "rounding", "item_count", "balance",
)  # fmt: skip
# A line that only says what another one includes.
_ASIDE: Final = re.compile(
    r"^\W*(?:incl|inkl|inclusief|including|of which|davon|dont)\b", re.IGNORECASE
)
_DISCOUNT: Final = re.compile(r"^\W*(?:disc(?:ount)?|rabatt|korting)\b|^\W*折扣", re.IGNORECASE)
_TEXT: Final = re.compile(r"[^\W\d_]{3,}|[\u3400-\u9fff]")
_TIMES: Final = re.compile(r"(?i)(?<=\d)\s*[x×@*]\s*(?=\d|$)")


# What is weighed or measured is no price.
_MEASURE: Final = re.compile(r"\d[\d.,]*\s?(?:kg|g|mg|l|cl|ml|lbs?|oz|cm|mm|m)\b", re.IGNORECASE)
_WHEN: Final = re.compile(
    r"^\W*(?:date|time|datum|uhrzeit|fecha|hora|heure|日期|时间)\W*(?:$|\d)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill: text by role, and the lines it was read from.

    `headers` holds the words printed over the values, by role; it is empty without a header.
    """

    values: dict[str, str]
    lines: tuple[TextLine, ...] = field(default=())
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Column:
    role: str
    header: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def bill_items(sheet: Sheet) -> list[Item]:
    """The lines of a bill, from its header row or, without one, from rows that end in an amount."""
    start, columns = _header(sheet)
    headers = {column.role: column.header.strip(" :：") for column in columns if column.role}
    items: list[Item] = []
    pending: list[TextLine] = []
    nameless: Item | None = None
    for row in sheet.rows[start:]:
        if any(_WHEN.match(line.text) for line in row):
            continue
        if _is_stop(row):
            if items:
                break
            pending, nameless = [], None
            continue
        values = _read_row(row, columns)
        if "amount" in values:
            item, nameless = _item(values, row, pending=pending, ruled=bool(columns))
            items += item
            pending = []
        elif nameless is not None and "description" in values:
            items.append(Item({**nameless.values, **values}, (*nameless.lines, *row)))
            nameless = None
        elif "description" in values:
            pending = [*pending, *row]
    return [replace(item, headers=headers) for item in items]


def _item(
    values: dict[str, str], row: Sequence[TextLine], *, pending: list[TextLine], ruled: bool
) -> tuple[list[Item], Item | None]:
    """The item of a row with an amount; or, in a ruled bill, one that still wants its name."""
    lines = tuple(row)
    named = None if "description" in values else _name_line(pending)
    if named is not None:
        values["description"] = named.text.strip()
        lines = (named, *row)
    if "description" not in values:
        return [], Item(values, tuple(row)) if ruled else None
    aside = _ASIDE.match(values["description"]) or _DISCOUNT.match(values["description"])
    if aside or not (ruled or _is_money(values["amount"])):
        return [], None
    return [Item(values, lines)], None


def _header(sheet: Sheet) -> tuple[int, list[_Column]]:
    for index, row in enumerate(sheet.rows):
        columns: list[_Column] = []
        for line in row:
            role = next((role for role, words in _HEADERS if words.match(line.text.strip())), None)
            known = role is not None and all(column.role != role for column in columns)
            box = line.box
            columns.append(_Column(str(role) if known else "", line.text, box.left, box.right))
        roles = {column.role for column in columns} - {""}
        if len(roles) >= 2 and roles & {"amount", "unit_price"} and len(roles) >= len(row) - 2:
            return index + 1, columns
    return 0, []


def _is_stop(row: Sequence[TextLine]) -> bool:
    """Whether a row is a sum of the bill: a label such as "Total" with a number."""
    known = concepts()
    labels = [pattern for name in _STOPS for pattern in known[name].labels]
    named = any(split_label(line.text, pattern) is not None for line in row for pattern in labels)
    return named and bool(_numbers(row))


def _read_row(row: Sequence[TextLine], columns: list[_Column]) -> dict[str, str]:
    numbers = _numbers(row, measures=bool(columns))
    texts = [line for line in row if _TEXT.search(_without_numbers(line.text))]
    values: dict[str, str] = {}
    if texts:
        values["description"] = _without_tail(texts[0].text)
    codes = [line.text for line in row if re.fullmatch(r"[\d-]{5,14}", line.text.strip())]
    if codes:
        values["code"] = codes[0]
    if not numbers or not (columns or _is_money(numbers[-1][0])):
        return values
    values |= _by_column(numbers, columns)
    return values


def _by_column(numbers: list[tuple[str, float]], columns: list[_Column]) -> dict[str, str]:
    """Numbers by the header they stand under, or by their order from the right without one."""
    numeric = [column for column in columns if column.role not in {"description", "code"}]
    if not numeric:
        roles = ("amount", "unit_price", "quantity")
        return {role: number for role, (number, _) in zip(roles, reversed(numbers), strict=False)}
    values: dict[str, str] = {}
    for number, place in numbers:
        column = min(numeric, key=lambda column: _distance(column, place))
        values[column.role] = number
    values.pop("", None)
    if "amount" not in values and not any(column.role == "amount" for column in numeric):
        values["amount"] = numbers[-1][0]
    return values


def _numbers(row: Sequence[TextLine], *, measures: bool = True) -> list[tuple[str, float]]:
    """Numbers of a row with the middle of each in pixels from the left, left to right.

    Weights and volumes are among them if `measures` count.
    """
    found = []
    for line in row:
        text = _TIMES.sub(_spaces, without_dates(line.text))
        text = text if measures else _MEASURE.sub(_spaces, text)
        box = line.box
        step = (box.right - box.left) / max(len(text), 1)
        for amount in find_amounts(text):
            digits = len(re.sub(r"\D", "", amount.text))
            glued = _TEXT.search(text) and not amount.has_cents and amount.currency is None
            if (digits >= 7 and not amount.has_cents) or amount.is_percent or glued:
                continue
            middle = box.left + (amount.start + len(amount.text) / 2) * step
            found.append((amount.text, middle))
    return found


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _distance(column: _Column, place: float) -> float:
    if column.left <= place <= column.right:
        return 0.0
    return min(abs(place - column.left), abs(place - column.right), abs(place - column.middle))


def _is_money(text: str) -> bool:
    return bool(re.search(r"[.,]\d{2}\b", text)) or any(
        amount.currency for amount in find_amounts(text)
    )


def _without_numbers(text: str) -> str:
    return re.sub(r"\b\d+\s*(?:pcs?|pc|kg|g|l|x|units?)\b", " ", text, flags=re.IGNORECASE)


def _without_tail(text: str) -> str:
    """The description without the amounts that the reader joined to it."""
    cut = re.sub(r"(?:\s+[$€£¥]?\s?\d+[.,]\d{2})+\s*$", "", text)
    return cut.strip() or text.strip()


def _name_line(pending: Sequence[TextLine]) -> TextLine | None:
    """The line with the most letters of those before a row of numbers: what they are for."""
    texts = [line for line in pending if _TEXT.search(line.text)]
    return max(texts, key=lambda line: len(re.findall(r"[^\W\d_]", line.text)), default=None)
