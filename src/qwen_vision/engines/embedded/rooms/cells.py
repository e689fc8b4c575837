"""Cells: what a table says in the row, and under the header, that a question names."""

from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.documents.cells import Crossing, crossings
from qwen_vision.engines.embedded.documents.fields import find_field, find_words
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.intents import Intent, Task, parts_of
from qwen_vision.engines.embedded.language import join_words
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image
from qwen_vision.protocol.receipt import Evidence

_MAY_ASK_A_CELL = frozenset({Task.VALUE, Task.COUNT, Task.WHEN, Task.UNKNOWN, Task.MOMENT})


async def names_a_cell(scene: Scene, intent: Intent) -> bool:
    """Whether a question says the words of a row of a table, and no label answers it better."""
    if intent.task not in _MAY_ASK_A_CELL:
        return False
    for _, image in scene.images:
        reading = await scene.eyes.read(image)
        found = crossings(reading, intent.text)
        sheet = Sheet.of(reading)
        labelled = any(
            value.label is not None
            for concept in intent.concepts
            for value in find_field(sheet, concept)[:1]
        )
        if found and found[0].header and (not labelled or len(found) == 1):
            return True
        # A list of labels and values answers by its labels, unless these are no labels.
        is_label = any(find_words(sheet, part) for part in parts_of(intent.subject))
        if found and not labelled and not is_label:
            return True
    return False


async def tell_cells(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The cell asked for, or the whole row when the question names no column."""
    several = len(scene.images) > 1
    for index, image in scene.images:
        found = crossings(await scene.eyes.read(image), intent.text)
        yield Thought(f"Looked for the row in the tables of picture {index + 1}: {_what(found)}.")
        if not found:
            continue
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
        yield Say(head + _sentence(scene, found, image) + ("\n" if several else ""))


def _what(found: list[Crossing]) -> str:
    if not found:
        return "none"
    return f"“{found[0].row}”, " + ", ".join(cell.header or "its value" for cell in found)


def _sentence(scene: Scene, found: list[Crossing], image: Image) -> str:
    first = found[0]
    if len(found) > 1:
        listed = [f"{cell.header} {cell.text}".strip() for cell in found]
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
