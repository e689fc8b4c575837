"""Tasks: sends each intent of a prompt to its room."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final, TypeAlias

from qwen_vision.engines.base import Prompt
from qwen_vision.engines.embedded.extract.asked import has_template, told_schema
from qwen_vision.engines.embedded.intents import Intent, Task, read_intents
from qwen_vision.engines.embedded.rooms.beside import BESIDE
from qwen_vision.engines.embedded.rooms.calendar import tell_calendar
from qwen_vision.engines.embedded.rooms.cells import tell_cells
from qwen_vision.engines.embedded.rooms.charts import tell_chart
from qwen_vision.engines.embedded.rooms.chat import CHAT
from qwen_vision.engines.embedded.rooms.check import CHECKED
from qwen_vision.engines.embedded.rooms.codes import tell_codes
from qwen_vision.engines.embedded.rooms.compare import compare
from qwen_vision.engines.embedded.rooms.counted import COUNTED
from qwen_vision.engines.embedded.rooms.describe import describe
from qwen_vision.engines.embedded.rooms.extract import extract_json, key_information
from qwen_vision.engines.embedded.rooms.find import exists, locate
from qwen_vision.engines.embedded.rooms.hours import HOURS
from qwen_vision.engines.embedded.rooms.items import tell_items
from qwen_vision.engines.embedded.rooms.listed import tell_listed
from qwen_vision.engines.embedded.rooms.looks import tell_looks
from qwen_vision.engines.embedded.rooms.measures import MEASURE
from qwen_vision.engines.embedded.rooms.near import near_lines
from qwen_vision.engines.embedded.rooms.papers import (
    as_html,
    as_markdown,
    no_formulas,
    tell_tables,
    words_with_places,
)
from qwen_vision.engines.embedded.rooms.program import PROGRAM
from qwen_vision.engines.embedded.rooms.read import read_all, read_part
from qwen_vision.engines.embedded.rooms.reckon import RECKONED
from qwen_vision.engines.embedded.rooms.refuse import beyond, no_media
from qwen_vision.engines.embedded.rooms.sections import tell_section
from qwen_vision.engines.embedded.rooms.shaded import tell_shaded
from qwen_vision.engines.embedded.rooms.sums import do_sums
from qwen_vision.engines.embedded.rooms.tally import count
from qwen_vision.engines.embedded.rooms.told import FACT
from qwen_vision.engines.embedded.rooms.tools import (
    call_forced,
    call_if_asked,
    forced_tool,
    offered_tools,
    say_tool_answer,
    tool_answer,
)
from qwen_vision.engines.embedded.rooms.value import tell_values
from qwen_vision.engines.embedded.rooms.video import tell_video
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.settle import meant_pictures, settled
from qwen_vision.engines.embedded.steps import Call, Say, Step, Thought


async def perform(prompt: Prompt, scene: Scene) -> AsyncGenerator[Step, None]:
    """The steps of the whole answer: a tool's reply, a tool call, JSON, or words."""
    reply = tool_answer(prompt)
    if reply is not None:
        yield say_tool_answer(scene, reply)
        return
    forced = forced_tool(prompt)
    if forced is not None:
        async for step in call_forced(scene, forced):
            yield step
        return
    async for step in call_if_asked(scene, offered_tools(prompt)):
        yield step
        if isinstance(step, Call):
            return
    async for step in _answer(prompt, scene):
        yield step


async def _answer(prompt: Prompt, scene: Scene) -> AsyncIterator[Step]:
    wanted = prompt.request.json_format
    if wanted is not None:
        async for step in extract_json(scene, wanted.schema):
            yield step
        return
    if not scene.items:
        yield Say(no_media(scene.language))
        return
    intents = await settled(_intents(prompt, scene), scene)
    yield Thought(
        "The question asks for: " + ", ".join(intent.task.value for intent in intents) + "."
    )
    for place, intent in enumerate(intents):
        if place:
            yield Say("\n\n")
        meant = await meant_pictures(scene, intent)
        if len(meant.items) < len(scene.items):
            index = meant.items[0].index + 1
            yield Say(scene.say(f"Picture {index}: ", f"图片 {index}：") * (not scene.manner.bare))
        steps = _with_notes(meant, intent, _perform_one(meant, intent))
        async for step in _bared(scene, steps) if scene.manner.bare else steps:
            yield step


async def _with_notes(
    scene: Scene, intent: Intent, steps: AsyncIterator[Step]
) -> AsyncIterator[Step]:
    """The steps, and what was noted about text that could not be read where it may matter.

    It may where all text is wanted, or where no answer was found in what could be read.
    """
    said, found = "", False
    async for step in steps:
        if isinstance(step, Say):
            said += step.text
            found = found or step.bare is not None
        yield step
    if found or scene.model.ocr or scene.manner.bare or intent.task in _NEEDS_NO_TEXT:
        return
    notes = [note for _, image in scene.images for note in (await scene.eyes.read(image)).notes]
    missing = [note for note in dict.fromkeys(notes) if note not in said]
    if missing:
        yield Say("\n\n" + " ".join(missing))


async def _bared(scene: Scene, steps: AsyncIterator[Step]) -> AsyncIterator[Step]:
    """The steps with the answers alone, where there are any; a refusal keeps its words."""
    told: list[Say] = []
    async for step in steps:
        if isinstance(step, Say):
            told.append(step)
        else:
            yield step
    alone = [say.bare for say in told if say.bare is not None]
    for text in (
        ["\n".join(map(scene.manner.shape, alone))] if alone else [say.text for say in told]
    ):
        yield Say(text)


async def _perform_one(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    if scene.images:
        async for step in _ROOMS.get(intent.task, _refuse)(scene, intent):
            yield step
    if scene.images and scene.videos:
        yield Say("\n\n")
    if scene.videos:
        async for step in tell_video(scene, intent):
            yield step


def _intents(prompt: Prompt, scene: Scene) -> list[Intent]:
    if not scene.question.strip():
        task = Task.READ if prompt.model.ocr else Task.DESCRIBE
        return [Intent(task, scene.question)]
    if told_schema(scene.instructions) or told_schema(scene.question):
        return [Intent(Task.KEYS, scene.question)]
    intents = read_intents(scene.question)
    values = {Task.VALUE, Task.KEYS, Task.ITEMS}
    values |= {Task.UNKNOWN, Task.DESCRIBE, Task.SIZE}
    says_json = "json" in scene.question.lower() or has_template(scene.question)
    says_json = says_json or _JSON_ONLY.search(scene.instructions) is not None
    if says_json and all(intent.task in values for intent in intents):
        return [Intent(Task.KEYS, scene.question)]
    if prompt.model.ocr and all(intent.task in {Task.UNKNOWN, Task.DESCRIBE} for intent in intents):
        # An OCR model reads; whatever else it is told, its answer is the text.
        return [Intent(Task.READ, scene.question)]
    return intents


async def _refuse(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """What can not be answered: the lines nearest to the question, or what was seen instead."""
    near = await near_lines(scene, intent.text) if intent.task is Task.UNKNOWN else ""
    yield Say(near or beyond(scene.language))
    if near or intent.text.strip() != scene.question.strip():
        return
    yield Say(scene.say("\n\nWhat I can tell you:\n\n", "\n\n我能告诉你的是：\n\n"))
    async for step in describe(scene, notes=False):
        yield step


# What a system says that wants JSON from every answer.
_JSON_ONLY: Final = re.compile(
    r"\b(?:reply|respond|answer|return|output)\b.{0,40}\bjson\b|(?:输出|返回|回答).{0,12}json",
    re.IGNORECASE,
)
_NEEDS_NO_TEXT: Final = frozenset({
    Task.SIZE, Task.QUALITY, Task.COLORS, Task.CODE, Task.KEYS, Task.HTML, Task.MARKDOWN,
    Task.TABLE, Task.WORDS, Task.FORMULA, Task.LOCATE, Task.CHART,
})  # fmt: skip
_Room: TypeAlias = Callable[[Scene, Intent], AsyncIterator[Step]]
_ROOMS: Final[dict[Task, _Room]] = {
    Task.READ: read_all,
    Task.PART: read_part,
    Task.VALUE: tell_values,
    Task.CELL: tell_cells,
    Task.CHART: tell_chart,
    Task.SECTION: tell_section,
    Task.KEYS: key_information,
    Task.ITEMS: tell_items,
    Task.WORDS: words_with_places,
    Task.HTML: as_html,
    Task.MARKDOWN: as_markdown,
    Task.FORMULA: no_formulas,
    Task.TABLE: tell_tables,
    Task.COMPARE: compare,
    Task.SUM: do_sums,
    Task.RECKON: RECKONED,
    Task.CHECK: CHECKED,
    Task.LISTED: tell_listed,
    Task.PROGRAM: PROGRAM,
    Task.CHAT: CHAT,
    Task.COUNTED: COUNTED,
    Task.CALENDAR: tell_calendar,
    Task.BESIDE: BESIDE,
    Task.SHADED: tell_shaded,
    Task.HOURS: HOURS,
    Task.MEASURE: MEASURE,
    Task.TOLD: FACT,
    Task.CODE: lambda scene, _: tell_codes(scene),
    Task.LOCATE: locate,
    Task.EXISTS: exists,
    Task.COUNT: count,
    Task.SIZE: tell_looks,
    Task.QUALITY: tell_looks,
    Task.COLORS: tell_looks,
    Task.DESCRIBE: lambda scene, _: describe(scene),
}
