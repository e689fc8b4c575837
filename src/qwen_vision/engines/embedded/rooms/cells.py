"""Cells: what a table says in the row, and under the header, that a question names."""

import re
from collections.abc import AsyncIterator
from typing import Final

from qwen_vision.engines.embedded.documents.cells import (
    Crossing,
    absent_row,
    charted,
    crossings,
    is_exact,
    lacking,
)
from qwen_vision.engines.embedded.documents.fields import find_field, find_words
from qwen_vision.engines.embedded.documents.sheet import Sheet, around
from qwen_vision.engines.embedded.documents.words import shared
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent, Task, asks_why, parts_of
from qwen_vision.engines.embedded.language import join_words
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image
from qwen_vision.protocol.receipt import Evidence

_MAY_ASK_A_CELL: Final = frozenset({Task.VALUE, Task.COUNT, Task.WHEN, Task.UNKNOWN, Task.MOMENT})
_MAY_MEAN_A_CELL: Final = frozenset({Task.SIZE, Task.SUM})
_STRUCTURE: Final = re.compile(
    r"\bhow many (?:\w+ )?(?:rows?|columns?|cells)\b|(?:几|多少)(?:个)?(?:行|列)|"
    r"\bhow many times\b.*\b(?:appear|occur|printed|written|mentioned|used|found)\b",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(
    r"\bhow much\b|\bprices?\b|\bcosts?\b|\bpaid for\b|多少钱|价格|价钱|单价", re.IGNORECASE
)
_COUNT: Final = re.compile(r"\bhow many\b|\bquantity\b|几|多少(?!钱)|数量", re.IGNORECASE)
_TOTAL: Final = re.compile(r"\btotal\b|\bsum\b|总|合计|小计|应付", re.IGNORECASE)
# The part of an item's words that a question must say.
_SHARED: Final = 0.3
_MOST_ITEMS: Final = 3


async def names_a_cell(scene: Scene, intent: Intent) -> bool:
    """Whether a question says the words of a row, of an item or of a bar, and no label's."""
    if intent.task in _MAY_MEAN_A_CELL:
        # "What is the height of the stapler": a row and a header of a table, word for word.
        readings = [await scene.eyes.read(image) for _, image in scene.images]
        return any(
            is_exact(crossings(one, intent.text), intent.text) or absent_row(one, intent.text)
            for one in readings
        )
    if intent.task not in _MAY_ASK_A_CELL or _STRUCTURE.search(intent.text):
        return False
    return any([_is_asked(await scene.eyes.read(image), intent) for _, image in scene.images])


async def wants_a_count(scene: Scene, intent: Intent) -> bool:
    """Whether a question wants the number of items of bills that do not print it."""
    names = {concept.name for concept in intent.concepts}
    if intent.task is not Task.VALUE or names != {"item_count"}:
        return False
    sheets = [Sheet.of(await scene.eyes.read(image)) for _, image in scene.images]
    return not any(find_field(sheet, intent.concepts[0]) for sheet in sheets)


def _is_asked(reading: Reading, intent: Intent) -> bool:
    if asks_why(intent.text):
        return False
    found = _cells(reading, intent.text)
    if not found:
        return bool(absent_row(reading, intent.text))
    if _priced(reading, intent.text) and not _TOTAL.search(intent.text):
        # "How much was the milk?" is not what the whole bill came to.
        return True
    sheet = Sheet.of(reading)
    labelled = any(
        value.label is not None
        for concept in intent.concepts
        for value in find_field(sheet, concept)[:1]
    )
    if labelled:
        return len(found) == 1 and bool(found[0].header)
    # A list of labels and values answers by its labels, unless these are no labels.
    is_label = any(find_words(sheet, part) for part in parts_of(intent.subject))
    return bool(found[0].header) or not is_label


def _cells(reading: Reading, question: str) -> list[Crossing]:
    return crossings(reading, question) or charted(reading, question) or _priced(reading, question)


def _priced(reading: Reading, question: str) -> list[Crossing]:
    """The amounts, or counts, of the lines of a bill whose names the question shares most."""
    money = _MONEY.search(question)
    if not money and not _COUNT.search(question):
        return []
    role = "amount" if money else "quantity"
    items = [item for item in bill_items(Sheet.of(reading)) if role in item.values]
    scored = [(shared(item.values["description"], question), item) for item in items]
    best = max((score for score, _ in scored), default=0.0)
    if best < _SHARED:
        return []
    return [
        Crossing(
            item.values["description"],
            item.headers.get(role, ""),
            item.values[role],
            around(item.lines),
        )
        for score, item in scored
        if score == best
    ][:_MOST_ITEMS]


async def tell_cells(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The cell asked for, or the whole row when the question names no column."""
    several = len(scene.images) > 1
    for index, image in scene.images:
        found = _cells(await scene.eyes.read(image), intent.text)
        yield Thought(f"Looked for the row in the tables of picture {index + 1}: {_what(found)}.")
        row = "" if found else absent_row(await scene.eyes.read(image), intent.text)
        if row:
            yield Say(scene.say(f"I find no “{row}” in the table. ", f"表中没有找到“{row}”。"))
        if not found:
            continue
        lack = lacking(found, intent.text)
        if lack:
            yield Say(scene.say(f"No column is called “{lack}”. ", f"表中没有“{lack}”这一列。"))
        for cell in found:
            yield Proof(
                Evidence(
                    f"{cell.row} {cell.header}".strip(),
                    index,
                    box=whole_box(cell.box),
                    text=cell.text,
                )
            )
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        alone = "\n".join(cell.text for cell in found)
        yield Say(head + _sentence(scene, found, image) + ("\n" if several else ""), bare=alone)


def _what(found: list[Crossing]) -> str:
    if not found:
        return "none"
    return f"“{found[0].row}”, " + ", ".join(cell.header or "its value" for cell in found)


def _sentence(scene: Scene, found: list[Crossing], image: Image) -> str:
    rows: dict[str, list[Crossing]] = {}
    for cell in found:
        rows.setdefault(cell.row, []).append(cell)
    return "\n".join(_row(scene, cells, image) for cells in rows.values())


def _row(scene: Scene, cells: list[Crossing], image: Image) -> str:
    first = cells[0]
    if len(cells) > 1:
        listed = [f"{cell.header} {cell.text}".strip() for cell in cells]
        return scene.say(
            f"The table says of “{first.row}”: {join_words('en', listed)}.",
            f"表格中“{first.row}”一行：{join_words('zh', listed)}。",
        )
    where = place_words(first.box, image.original, scene.language)
    named = f"“{first.row}”" + (f", “{first.header}”" if first.header else "")
    named_zh = f"“{first.row}”" + (f"的“{first.header}”" if first.header else "")
    return scene.say(
        f"{named}: {first.text} (at the {where}).", f"{named_zh}是 {first.text}（{where}）。"
    )
