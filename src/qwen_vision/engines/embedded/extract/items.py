"""Items: the lines of a bill (description, quantity, price, amount) from its rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import combinations
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.dates import without_dates
from qwen_vision.engines.embedded.documents.labelled import names_value, split_label
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.facts import TextLine

# Words over the columns of a bill, without accents.
_ROLES: Final = (
    (
        "discount",
        r"disc\w*\.?(?: ?%)?|rabatt\b.*|korting|remise|descuento|dto\.?|sconto|折扣|优惠|割引",
    ),
    ("tax", r"tax\w*|vat|gst|btw|mwst\.?|ust\.?|tva|iva|tx|税率|税额?"),
    (
        "unit_price",
        r"(?:unit|u/|s/|vk-)? ?pri(?:ce|s|x|ze|js)(?!.*total).*|unit cost|each|rate|tarif\w*|"
        r"ansatz|"
        r"(?:einzel|stuck)?preis|p\.? ?u\.?(?: h\.?t\.?)?|precio.*|prezzo.*|valor unit\w*|"
        r"单价|単価|价格|售价",
    ),
    (
        "quantity",
        r"q'?ty\.?|quantity|quant\.?|aantal|menge|anzahl|stk\.?|stuck|q\.?te|quantite|cantidad|"
        r"cant\.?|quantita|q\.?ta\.?|hrs|hours|std\.?|units?|pcs|nos|数量|件数|個数",
    ),
    (
        "amount",
        r"amt.*|amount.*|(?:line )?total.*|sum|summe|bedrag|betrag|zeilenbetrag|gesamt(?:preis)?|"
        r"montant.*|prix total.*|importe|importo|totale|valor|belopp|(?:extended|ext\.?) price|"
        r"net(?:to)?|金额|金額|小计|小計|总价|合计",
    ),
    (
        "code",
        r"(?:item |product )?code(?:/desc)?|sku|no\.?|pos\.?|#|art\.?-?nr\.?|ref\.?|"
        r"编号|货号|序号|条码",
    ),
    (
        "description",
        r"(?:item |product )?desc\w*(?:/item)?|items?|products?|articles?|artikel|beschreibung|"
        r"bezeichnung|leistung|tatigkeit|designation|libelle|prestation|concepto|descri\w+|"
        r"omschrijving|service|particulars?|name|details?|dish|task|品名|名称|内容|項目|商品.*|项目.*|"
        r"货物.*|摘要|菜品|菜名",
    ),
)
_HEADERS: Final = tuple(
    (role, re.compile(rf"^\W*(?:{words})\W*(?:\(\w+\)|ohne.*)?\W*$")) for role, words in _ROLES
)
_STOPS: Final = (
    "total", "subtotal", "tax", "cash", "change", "rounding", "item_count", "balance",
)  # fmt: skip
# A line that only says what another one includes.
_ASIDE: Final = re.compile(
    r"^\W*(?:incl|inkl|inclusief|including|of which|davon|dont)\b", re.IGNORECASE
)
# "3 x Tea", "2x Coffee": how many stands before the name.
_COUNTED: Final = re.compile(r"^(?P<count>\d{1,3}) ?[x×*] ?(?=[^\W\d_])", re.IGNORECASE)
# A name stands at most so many line heights over its numbers, with a line of codes between.
_NAME_REACH: Final = 4.0
_NAME_ROWS: Final = 2
_ENOUGH_LETTERS: Final = 3
_CENT: Final = Decimal("0.011")
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
    pending: list[Sequence[TextLine]] = []
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
            pending.append(row)
    return [replace(item, headers=headers) for item in items]


def _item(
    values: dict[str, str],
    row: Sequence[TextLine],
    *,
    pending: list[Sequence[TextLine]],
    ruled: bool,
) -> tuple[list[Item], Item | None]:
    """The item of a row with an amount; or, in a ruled bill, one that still wants its name."""
    lines = tuple(row)
    named = None if "description" in values else _name_line(pending, row)
    if named is not None:
        values["description"] = named.text.strip()
        lines = (named, *row)
    if "description" not in values:
        return [], Item(values, tuple(row)) if ruled else None
    text = values["description"]
    known = concepts()["discount"].labels
    aside = _ASIDE.match(text) or any(split_label(text, label) is not None for label in known)
    if aside or not (ruled or _is_money(values["amount"])):
        return [], None
    return [Item(values, lines)], None


def _header(sheet: Sheet) -> tuple[int, list[_Column]]:
    for index, row in enumerate(sheet.rows):
        columns: list[_Column] = []
        for line in row:
            role = next(
                (role for role, words in _HEADERS if words.match(fold(line.text.strip()))), None
            )
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
        counted = _COUNTED.match(values["description"])
        if counted:
            values["description"] = values["description"][counted.end() :]
            values["quantity"] = counted["count"]
    codes = [line.text for line in row if re.fullmatch(r"[\d-]{5,14}", line.text.strip())]
    if codes:
        values["code"] = codes[0]
    if not numbers or not (columns or _is_money(numbers[-1][0])):
        return values
    values |= _by_column(numbers, columns)
    if "unit_price" not in values or "quantity" not in values:
        values |= _by_product([number for number, _ in numbers])
    return values


def _by_product(numbers: Sequence[str]) -> dict[str, str]:
    """Quantity, price and amount of numbers the last of which is the product of two others."""
    known = [(text, amounts[0].value) for text in numbers if (amounts := find_amounts(text))]
    if len(known) < 3:
        return {}
    (amount, product), others = known[-1], known[:-1]
    for (one, first), (two, second) in combinations(others, 2):
        if first in (0, 1) and second in (0, 1):
            continue
        if abs(first * second - product) < _CENT:
            count, price = (one, two) if _is_whole(first) or not _is_whole(second) else (two, one)
            return {"quantity": count, "unit_price": price, "amount": amount}
    return {}


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


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


def _name_line(pending: Sequence[Sequence[TextLine]], row: Sequence[TextLine]) -> TextLine | None:
    """The line shortly before a row of numbers that says what they are for."""
    top, reach = row[0].box.top, _NAME_REACH * height(row[0])
    texts = [
        (min(len(re.findall(r"[^\W\d_]", line.text)), _ENOUGH_LETTERS), place, line)
        for place, before in enumerate(pending[-_NAME_ROWS:])
        for line in before
        if _TEXT.search(line.text) and top - line.box.bottom < reach and not names_value(line.text)
    ]
    return max(texts, key=lambda text: text[:2])[2] if texts else None
