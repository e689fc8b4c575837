"""Items: the lines of a bill (description, quantity, price, amount) from its rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import combinations
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.dates import without_dates
from qwen_vision.engines.embedded.documents.labelled import names_value, split_label
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.extract.roles import head_role
from qwen_vision.engines.embedded.extract.ruled import Head, heads_at
from qwen_vision.engines.embedded.extract.sums import is_sum_row
from qwen_vision.engines.embedded.facts import TextLine

# A line that only says what another one includes, or what was offered for it.
_ASIDE: Final = re.compile(
    r"^\W*(?:.*\b\d+ for\b|(?:offer|incl|inkl|inclusief|including|of which|davon|dont)\b)",
    re.IGNORECASE,
)
# "3 x Tea", "2x Coffee": how many stands before the name.
_COUNTED: Final = re.compile(r"^(?P<count>\d{1,3}) ?[x×*] ?(?=[^\W\d_])", re.IGNORECASE)
# "2 Tea" under heads that put the count first.
_LISTED: Final = re.compile(r"^(?P<count>\d{1,4})(?: ?[x×*])? +(?=[^\W\d_])")
_WITH_UNIT: Final = re.compile(r"\d+(?:[.,]\d+)?\s?[^\W\d_]{1,8}\.?")
# A name stands at most so many line heights over its numbers, with a line of codes between.
_NAME_REACH: Final = 4.0
_NAME_ROWS: Final = 2
# Lines that say more about an item stand under it; past so many heights another part begins.
_FAR: Final = 9.0
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
    head: Head


def bill_items(sheet: Sheet) -> list[Item]:
    """The lines of a bill, from its header row or, without one, from rows that end in an amount."""
    start, columns = _header(sheet)
    headers = {column.role: column.head.text.strip(" :：") for column in columns if column.role}
    bill = _Bill(columns)
    for whole in sheet.rows[start:]:
        row = _within(whole, columns)
        if bill.ends_before(row):
            break
        if not any(_WHEN.match(line.text) for line in row):
            bill.take(row)
    return [replace(item, headers=headers) for item in bill.items]


class _Bill:
    """The items read so far, and the rows that may say what the next one is for."""

    def __init__(self, columns: list[_Column]) -> None:
        self.items: list[Item] = []
        self._columns = columns
        self._pending: list[Sequence[TextLine]] = []
        self._nameless: Item | None = None

    def ends_before(self, row: Sequence[TextLine]) -> bool:
        """Whether a row is a sum of the items, or stands far under them."""
        if not self.items:
            return False
        if self._columns and _is_far(self.items[-1], row):
            return True
        return is_sum_row(line.text for line in row) or _is_sum(
            _read_row(row, self._columns), self.items
        )

    def take(self, row: Sequence[TextLine]) -> None:
        """Read a row: an item, the name of one, or neither."""
        if is_sum_row(line.text for line in row):
            self._pending, self._nameless = [], None
            return
        values = _read_row(row, self._columns)
        if "amount" in values:
            item, self._nameless = _item(
                values, row, pending=self._pending, ruled=bool(self._columns)
            )
            self.items += item
            self._pending = []
        elif self._nameless is not None and "description" in values:
            named = {**self._nameless.values, **values}
            self.items.append(Item(named, (*self._nameless.lines, *row)))
            self._nameless = None
        elif "description" in values:
            self._pending.append(row)


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
    for index in range(len(sheet.rows)):
        columns: list[_Column] = []
        for head in heads_at(sheet, index):
            role = head_role(head.text)
            known = role is not None and all(column.role != role for column in columns)
            columns.append(_Column(str(role) if known else "", head))
        roles = {column.role for column in columns} - {""}
        if len(roles) >= 2 and roles & {"amount", "unit_price"} and len(roles) >= len(columns) - 2:
            return index + 1, columns
    return 0, []


def _is_far(item: Item, row: Sequence[TextLine]) -> bool:
    """Whether a row stands so far under an item that it belongs to another part of the page."""
    bottom = max(line.box.bottom for line in item.lines)
    return any(line.box.top - bottom > _FAR * height(line) for line in row[:1])


def _is_sum(values: dict[str, str], items: Sequence[Item]) -> bool:
    """Whether a row with one number is the sum of the items above it."""
    if len(items) < 2 or {"quantity", "unit_price"} & set(values):
        return False
    read = [find_amounts(item.values["amount"]) for item in items]
    last = find_amounts(values.get("amount", ""))
    if not last or not all(read):
        return False
    return abs(sum((amounts[0].value for amounts in read), Decimal(0)) - last[0].value) < _CENT


def _within(row: Sequence[TextLine], columns: Sequence[_Column]) -> Sequence[TextLine]:
    """The lines of a row that lie under the heads: a column beside the bill is another's."""
    if not columns:
        return row
    left, right = columns[0].head.left, columns[-1].head.right
    return [
        line
        for line in row
        if line.box.right > left - height(line) and line.box.left < right + height(line) * 3
    ]


def _read_row(row: Sequence[TextLine], columns: list[_Column]) -> dict[str, str]:
    numbers = _numbers(row, ruled=bool(columns))
    texts = [line for line in row if _TEXT.search(_without_numbers(line.text))]
    values: dict[str, str] = {}
    if texts:
        named = _named(texts, columns)
        values["description"] = _without_tail(named.text)
        counted = (_LISTED if _counts_first(columns) else _COUNTED).match(values["description"])
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


def _named(texts: Sequence[TextLine], columns: Sequence[_Column]) -> TextLine:
    """The text under the head of the descriptions, else the first of the row."""
    head = next((column.head for column in columns if column.role == "description"), None)
    if head is None:
        return texts[0]
    return min(texts, key=lambda line: head.distance(line.box.left, line.box.right))


def _counts_first(columns: Sequence[_Column]) -> bool:
    """Whether the column of quantities stands left of the descriptions."""
    roles = [column.role for column in columns]
    return "quantity" in roles and "description" in roles[roles.index("quantity") :]


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
    numeric = [column for column in columns if column.role != "description"]
    if not any(column.role not in {"", "code"} for column in numeric):
        roles = ("amount", "unit_price", "quantity")
        return {role: number for role, (number, _) in zip(roles, reversed(numbers), strict=False)}
    values: dict[str, str] = {}
    for number, place in numbers:
        column = min(numeric, key=lambda column: _distance(column, place))
        values[column.role] = number
    for role in ("", "code"):
        values.pop(role, None)
    if "amount" not in values and not any(column.role == "amount" for column in numeric):
        values["amount"] = numbers[-1][0]
    return values


def _numbers(row: Sequence[TextLine], *, ruled: bool = True) -> list[tuple[str, float]]:
    """Numbers of a row with the middle of each in pixels from the left, left to right.

    Under heads weights, volumes and counts such as `14 hrs` are among them.
    """
    found = []
    for line in row:
        text = _TIMES.sub(_spaces, without_dates(line.text))
        text = text if ruled else _MEASURE.sub(_spaces, text)
        box = line.box
        step = (box.right - box.left) / max(len(text), 1)
        for amount in find_amounts(text):
            digits = len(re.sub(r"\D", "", amount.text))
            counted = ruled and _WITH_UNIT.fullmatch(text.strip()) is not None
            bare = not amount.has_cents and amount.currency is None and not counted
            glued = bare and _TEXT.search(text)
            if (digits >= 7 and not amount.has_cents) or amount.is_percent or glued:
                continue
            middle = box.left + (amount.start + len(amount.text) / 2) * step
            found.append((amount.text, middle))
    return found


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _distance(column: _Column, place: float) -> float:
    head = column.head
    if head.left <= place <= head.right:
        return 0.0
    middle = (head.left + head.right) / 2
    return min(abs(place - head.left), abs(place - head.right), abs(place - middle))


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
