"""Sums: arithmetic on the numbers a picture prints."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts, read_number
from qwen_vision.engines.embedded.documents.cells import measured, unheard
from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.dates import without_dates
from qwen_vision.engines.embedded.documents.headings import Rows, section
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import shared
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.sums import rows_of_sums
from qwen_vision.engines.embedded.facts import Reading, Table
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import bracket, join_words
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought

_OPERATIONS: Final = (
    ("average", re.compile(r"average|mean|平均", re.IGNORECASE)),
    ("median", re.compile(r"median|中位数", re.IGNORECASE)),
    (
        "largest",
        re.compile(
            r"largest|biggest|highest|best|longest|tallest|heaviest|oldest|max\w*|\bmost\b|最大|最高|最贵|最多",
            re.IGNORECASE,
        ),
    ),
    (
        "smallest",
        re.compile(
            r"smallest|lowest|worst|shortest|lightest|youngest|min\w*|cheapest|fewest|\bleast\b|最少|最小|最低|最便宜",
            re.IGNORECASE,
        ),
    ),
    ("sum", re.compile(r"", re.IGNORECASE)),
)
_NAMES_ZH: Final = {
    "average": "平均值",
    "median": "中位数",
    "largest": "最大值",
    "smallest": "最小值",
    "sum": "总和",
}
# "Which is the cheapest?" wants its name, "what is the lowest price?" the number.
_WHICH: Final = re.compile(
    r"\b(?:which|who|what(?:'s| is) the (?:most expensive|cheapest))\b|哪|什么", re.IGNORECASE
)
# "The most expensive" measures the price, whatever the column is called.
_OF_MONEY: Final = re.compile(r"\b(?:expensive|cheap|pricey|costly)\b", re.IGNORECASE)
_EXTREMES: Final = frozenset({"largest", "smallest"})
_LISTED: Final = 12
# The part of a header's words that a question must say to mean its column.
_SAID: Final = 0.5


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers with what stands beside each, and where they were taken from."""

    values: tuple[tuple[Decimal, str], ...]
    source_en: str
    source_zh: str


async def do_sums(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The sum, average or extreme of the numbers asked for, with the numbers themselves."""
    operation = next(name for name, pattern in _OPERATIONS if pattern.search(intent.text))
    for place, (index, image) in enumerate(scene.images):
        reading = await scene.eyes.read(image)
        measure = measured(intent.text)
        if unheard(reading, measure) and not _OF_MONEY.search(measure):
            yield Say("\n" if place else "")
            yield Say(
                scene.say(
                    f"I find no “{measure}” in this picture, so I can't compare by it.",
                    f"图中没有“{measure}”，无法比较。",
                )
            )
            continue
        numbers = _numbers(reading, intent.text)
        yield Thought(
            f"Picture {index + 1}: {len(numbers.values)} numbers from {numbers.source_en}; "
            f"asked for the {operation}."
        )
        yield Say("\n" if place else "")
        if not numbers.values:
            yield Say(scene.say("I find no numbers in this picture.", "这张图片里没有找到数字。"))
            continue
        result, sentence = _sentence(scene, operation, numbers, question=intent.text)
        yield Say(sentence, bare=result)


def _numbers(reading: Reading, question: str) -> Numbers:
    """A table's column the question names, else a bill's amounts, else all numbers."""
    part = section(Sheet.of(reading), question)
    under = _under(part[1]) if part is not None else []
    if part is not None and len(under) > 1:
        title = part[0].text
        return Numbers(tuple(under), f"the amounts under “{title}”", f"“{title}”下的金额")
    for table in reading.tables:
        column, title = _column(table, measured(question) or question)
        if not column:
            column, title = _column(table, question)
        if column:
            return Numbers(tuple(column), f"the column “{title}”", f"“{title}”一列")
    pairs = [
        (number, value.category)
        for value in chart_values(reading)
        if (number := read_number(re.sub(r"[%$€£¥\s]", "", value.value))) is not None
    ]
    if pairs:
        return Numbers(tuple(pairs), "the numbers over the labels", "各标签上方的数字")
    sheet = Sheet.of(reading)
    items = [
        (amount.value, item.values["description"])
        for item in bill_items(sheet)
        for amount in find_amounts(item.values["amount"])[:1]
    ]
    if items:
        return Numbers(tuple(items), "the amounts of the line items", "各项金额")
    loose = [
        (amount.value, "")
        for line in sheet.lines
        for amount in find_amounts(without_dates(line.text))
        if not amount.is_percent
    ]
    return Numbers(tuple(loose), "all numbers in the picture", "图中所有数字")


def _under(rows: Rows) -> list[tuple[Decimal, str]]:
    """The last sum of money of each row under a heading, with the words before it."""
    found = []
    for row in rows:
        text = " ".join(line.text for line in row)
        printed = find_amounts(without_dates(text))
        amounts = [one for one in printed if one.has_cents or one.currency]
        if amounts:
            found.append((amounts[-1].value, text.replace(amounts[-1].text, " ").strip()))
    return found


def _column(table: Table, question: str) -> tuple[list[tuple[Decimal, str]], str]:
    """The numbers of the column that the question names, each with its row's label."""
    header = {cell.column: cell.text for cell in table.cells if cell.row == 0 and cell.text}
    labels = {cell.row: cell.text for cell in table.cells if cell.column == 0}
    rows: dict[int, list[str]] = {}
    for cell in table.cells:
        if cell.row > 0 and cell.text:
            rows.setdefault(cell.row, []).append(cell.text)
    left_out = {0, *rows_of_sums(rows)}
    body = [
        cell
        for cell in table.cells
        if cell.row not in left_out and cell.text and cell.column in header
    ]
    filled = Counter(cell.column for cell in body)
    columns: dict[int, list[tuple[Decimal, str]]] = {}
    for cell in body:
        if amounts := find_amounts(cell.text):
            value = (amounts[0].value, labels.get(cell.row, ""))
            columns.setdefault(cell.column, []).append(value)
    # "Which city has the largest area?" names the column of the cities too, and one of names may
    # hold a number here and there.
    measures = [place for place, found in columns.items() if len(found) * 2 > filled[place]]
    said = {place: shared(header[place], question) for place in measures}
    named = max(said, key=lambda place: said[place], default=None)
    if named is None or said[named] < _SAID:
        return [], ""
    return columns[named], header[named]


def _sentence(scene: Scene, operation: str, numbers: Numbers, *, question: str) -> tuple[str, str]:
    """The result alone, and told with the numbers it was made of."""
    values = [value for value, _ in numbers.values]
    shown = [str(value) for value in values[:_LISTED]]
    if len(values) > _LISTED:
        shown.append("…")
    listed = join_words(scene.language, shown)
    result = _compute(operation, values)
    beside = next((text for value, text in numbers.values if value == result and text), "")
    beside = bracket(scene.language, beside) if beside and operation in _EXTREMES else ""
    alone = beside if operation in _EXTREMES and _WHICH.search(question) else ""
    return alone.strip(" ()（）") or str(result), scene.say(
        f"The {operation} of {numbers.source_en} is {result}{beside}; I read {listed}.",
        f"{numbers.source_zh}的{_NAMES_ZH[operation]}是 {result}{beside}；我读到的是 {listed}。",
    )


def _compute(operation: str, values: Sequence[Decimal]) -> Decimal:
    if operation == "largest":
        return max(values)
    if operation == "smallest":
        return min(values)
    if operation == "median":
        return median(values)
    total = sum(values, Decimal(0))
    if operation == "sum":
        return total
    return (total / len(values)).quantize(Decimal("0.01"))
