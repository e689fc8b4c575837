"""Settle: what an intent becomes once the pictures are known."""

import re
from dataclasses import replace
from typing import Final

from qwen_vision.engines.embedded.documents.cells import can_answer
from qwen_vision.engines.embedded.documents.fields import find_words, label_said
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import names, stem, stems
from qwen_vision.engines.embedded.intents import Intent, Task, asks_why, read_intents
from qwen_vision.engines.embedded.rooms.beside import BESIDE
from qwen_vision.engines.embedded.rooms.calendar import asks_of_calendar
from qwen_vision.engines.embedded.rooms.cells import names_a_cell, wants_a_count
from qwen_vision.engines.embedded.rooms.charts import names_a_chart, names_a_measured_chart
from qwen_vision.engines.embedded.rooms.chat import CHAT
from qwen_vision.engines.embedded.rooms.check import CHECKED
from qwen_vision.engines.embedded.rooms.counted import COUNTED
from qwen_vision.engines.embedded.rooms.hours import HOURS
from qwen_vision.engines.embedded.rooms.listed import asks_a_list
from qwen_vision.engines.embedded.rooms.measures import MEASURE
from qwen_vision.engines.embedded.rooms.program import PROGRAM
from qwen_vision.engines.embedded.rooms.reckon import RECKONED
from qwen_vision.engines.embedded.rooms.sections import names_a_section
from qwen_vision.engines.embedded.rooms.shaded import asks_shaded
from qwen_vision.engines.embedded.rooms.told import FACT
from qwen_vision.engines.embedded.rooms.ways import asks_for_sum
from qwen_vision.engines.embedded.scene import RELATES, Scene

# What a question about numbers may be taken for by its words.
_TELLS_NUMBERS: Final = frozenset({
    Task.VALUE, Task.SUM, Task.COUNT, Task.COMPARE, Task.DESCRIBE, Task.UNKNOWN, Task.EXISTS,
    Task.ITEMS, Task.SIZE, Task.WHEN, Task.UNSEEN, Task.READ, Task.CELL,
})  # fmt: skip
_TEXT_TASKS: Final = _TELLS_NUMBERS | {
    Task.PART, Task.SECTION, Task.KEYS, Task.LOCATE, Task.MOMENT,
}  # fmt: skip
# Looks of the picture itself, unless the page prints a label of that name.
_LOOKS: Final = frozenset({Task.QUALITY, Task.COLORS, Task.SIZE})
_MAY_BE_LABELLED: Final = _LOOKS | {Task.UNKNOWN, Task.UNSEEN, Task.COUNT}
_SIZES: Final = stems(
    "big large wide tall high long size sizes dimension dimensions resolution aspect ratio pixel "
    "pixels width height orientation landscape portrait square frame rate fps duration video clip "
    "film wider taller format"
)
_OF_LOOKS: Final = re.compile(
    r"\b(?:image|picture|photo|photograph|background|screenshot|page|scan)s?\b|图|照片|背景|画面",
    re.I,
)
# The first that the pictures bear out decides.
_BY_WHAT_IS_SEEN: Final = (
    # Before all arithmetic: what was measured is never told as if it were printed.
    (frozenset(Task), names_a_measured_chart, Task.CHART),
    (_TEXT_TASKS, PROGRAM.asks, Task.PROGRAM),
    (_TEXT_TASKS, CHAT.asks, Task.CHAT),
    (_TEXT_TASKS, asks_of_calendar, Task.CALENDAR),
    (_TEXT_TASKS, HOURS.asks, Task.HOURS),
    (_TEXT_TASKS, asks_shaded, Task.SHADED),
    (_TEXT_TASKS, BESIDE.asks, Task.BESIDE),
    (_TEXT_TASKS, asks_a_list, Task.LISTED),
    (_TELLS_NUMBERS, RECKONED.asks, Task.RECKON),
    (frozenset(Task), names_a_chart, Task.CHART),
    (_TELLS_NUMBERS | _LOOKS | {Task.MOMENT}, CHECKED.asks, Task.CHECK),
)
# The same, once no cell of a table is meant.
_BY_ITS_WORDS: Final = (
    (frozenset(Task), names_a_section, Task.SECTION),
    (frozenset({Task.COUNT}), COUNTED.asks, Task.COUNTED),
    (frozenset({Task.UNKNOWN, Task.SIZE, Task.VALUE, Task.UNSEEN}), MEASURE.asks, Task.MEASURE),
)
# Questions that one of several pictures may answer.
_OF_ONE: Final = (_TEXT_TASKS | {Task.CELL, Task.RECKON, Task.CHECK, Task.PROGRAM}) - {
    Task.COMPARE, Task.ITEMS, Task.READ,
}  # fmt: skip
_SEVERAL: Final = 2
_LABEL_NUMBER: Final = re.compile(
    r"(?P<label>[^\d:：]{3,40}?)[:：]?\s+\d[\d.,]*"
    r"(?:\s?[^\W\d]{1,4})?"
)
_COUNTED: Final = re.compile(
    r"\bhow many (?P<what>.+?)(?= (?:do|does|did|is|are|was|were|has|have|can|will)\b|\?|$)", re.I
)
_LASTS: Final = re.compile(
    r"\bhow long (?:do|does|did|is|are|was|will)\b(?!.{0,12}\b(?:image|picture|photo|page)\b)|"
    r"\bduration\b|时长|多久|多长时间",
    re.IGNORECASE,
)
_MEASURE: Final = re.compile(
    r"\bhow many (?P<what>calories|kcal|kilojoules|grams|kilos|kilograms|litres|liters|"
    r"minutes|hours|"
    r"days|weeks|years|stars|pages|people|servings|portions|metres|meters|miles|kilometres)\b",
    re.IGNORECASE,
)
_OF_ALL: Final = re.compile(
    r"\b(?:all|both|each|every|compare|together|differ\w*|same|between|these|those|pictures|images|"
    r"photos|more|less|cheaper|higher|lower|changed?)\b|两|三张|每|所有|全部|分别|比较|哪张|哪一张",
    re.IGNORECASE,
)


async def settled(intents: list[Intent], scene: Scene) -> list[Intent]:
    """The intents as the pictures make them.

    "The code" is a barcode where a picture shows one, else what it would be; words that
    stand at the head of a table's row ask for its cells, those of a heading for its lines.
    """
    settled: list[Intent] = []
    for intent in intents:
        if intent.task is not Task.MAYBE_CODE:
            settled.append(intent)
        elif any([await scene.eyes.codes(image) for _, image in scene.images]):
            settled.append(replace(intent, task=Task.CODE))
        else:
            settled += read_intents(intent.text, without=Task.MAYBE_CODE)
    return [await _placed(intent, await meant_pictures(scene, intent)) for intent in settled]


async def meant_pictures(scene: Scene, intent: Intent) -> Scene:
    """The scene with the one picture whose own words a question says, where it says them.

    A word counts the more the fewer pictures print it; one that all print tells nothing.
    """
    pages = any(image.page is not None for _, image in scene.images)
    if len(scene.images) < _SEVERAL or scene.videos or pages or intent.task not in _OF_ONE:
        return scene
    if _OF_ALL.search(intent.text):
        return scene
    asked = stems(intent.text)
    printed = [stems((await scene.eyes.read(image)).text) & asked for _, image in scene.images]
    scores = [sum(1 / sum(word in other for other in printed) for word in own) for own in printed]
    best = max(scores)
    at = scores.index(best)
    alone = any(sum(word in own for own in printed) == 1 for word in printed[at])
    if scores.count(best) > 1 or not alone:
        return scene
    return replace(scene, items=(scene.items[at],))


async def _placed(intent: Intent, scene: Scene) -> Intent:
    if len(scene.images) >= _SEVERAL and RELATES.search(intent.text):
        return replace(intent, task=Task.COMPARE)
    if intent.task is Task.SIZE and not scene.videos and _LASTS.search(intent.text):
        # Only a video lasts; of a page this asks for a time that it prints.
        intent = replace(intent, task=Task.UNKNOWN)
    if intent.task is Task.SIZE and not _OF_LOOKS.search(intent.text):
        # "How tall is the tower?" is not asked of the picture.
        of_other = stems(intent.text) - _SIZES
        intent = replace(intent, task=Task.UNKNOWN) if of_other else intent
    if not asks_why(intent.text):
        for tasks, is_asked, task in _BY_WHAT_IS_SEEN:
            if intent.task in tasks and await is_asked(scene, intent):
                return replace(intent, task=task)
    return await _named(intent, scene)


async def _named(intent: Intent, scene: Scene) -> Intent:
    """What the words of a question name on the page: a cell, a heading, a number, a label."""
    if asks_for_sum(intent.text):
        # Reckoning failed, and the price of one of the things is no answer.
        return replace(intent, task=Task.UNKNOWN)
    if await names_a_cell(scene, intent) and not await _of_no_print(scene, intent):
        return replace(intent, task=Task.CELL)
    if await wants_a_count(scene, intent):
        return replace(intent, task=Task.COUNT, subject="items", concepts=())
    for tasks, is_asked, task in _BY_ITS_WORDS:
        if intent.task in tasks and await is_asked(scene, intent):
            return replace(intent, task=task)
    labelled = await _labelled(intent, scene)
    is_told = labelled.task in {Task.UNKNOWN, Task.VALUE} and await FACT.asks(scene, intent)
    return replace(intent, task=Task.TOLD) if is_told else labelled


async def _of_no_print(scene: Scene, intent: Intent) -> bool:
    """Whether a question wants a measure that no picture prints: the calories of the curry."""
    wanted = _MEASURE.search(intent.text)
    if wanted is None:
        return False
    texts = [(await scene.eyes.read(image)).text for _, image in scene.images]
    return not any(stem(wanted["what"].lower()) in stems(text) for text in texts)


async def _labelled(intent: Intent, scene: Scene) -> Intent:
    """A question that says a printed label: who is the emergency contact?"""
    if asks_why(intent.text) or intent.task not in _MAY_BE_LABELLED:
        return intent
    if intent.task in _LOOKS and _OF_LOOKS.search(intent.text):
        return intent
    for _, image in scene.images:
        reading = await scene.eyes.read(image)
        if intent.task is Task.COUNT:
            label = _number_label(reading.text, intent.text)
        else:
            label = _label_asked(Sheet.of(reading), intent.text)
        if label:
            return replace(intent, task=Task.VALUE, subject=label, concepts=())
    return intent


def _label_asked(sheet: Sheet, question: str) -> str:
    """The printed label that a question says, where its value can answer; else ""."""
    label = label_said(sheet, question)
    values = find_words(sheet, label)[:1] if label else []
    return label if all(can_answer(value.text, question) for value in values) else ""


def _number_label(text: str, question: str) -> str:
    """The words before the only number of a row that are what is counted: Calories 160."""
    counted = _COUNTED.search(question)
    wanted = counted["what"] if counted else ""
    rows = (_LABEL_NUMBER.fullmatch(row.strip()) for row in text.split("\n"))
    said = [match["label"] for match in rows if match and names(match["label"], wanted)]
    return max(said, key=len, default="")
