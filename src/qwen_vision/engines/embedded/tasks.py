"""Tasks: sends each intent of a prompt to its room."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final, TypeAlias

from qwen_vision.engines.base import Prompt
from qwen_vision.engines.embedded.intents import Intent, Task, read_intents
from qwen_vision.engines.embedded.rooms.codes import tell_codes
from qwen_vision.engines.embedded.rooms.describe import describe
from qwen_vision.engines.embedded.rooms.extract import extract_json, key_information
from qwen_vision.engines.embedded.rooms.find import count, exists, locate
from qwen_vision.engines.embedded.rooms.looks import tell_looks
from qwen_vision.engines.embedded.rooms.read import read_all, read_part
from qwen_vision.engines.embedded.rooms.refuse import beyond, no_media
from qwen_vision.engines.embedded.rooms.value import tell_values
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought


async def perform(prompt: Prompt, scene: Scene) -> AsyncGenerator[Step, None]:
    """The steps of the whole answer."""
    if not scene.items:
        yield Say(no_media(scene.language))
        return
    wanted = prompt.request.response_format
    if wanted is not None and wanted.type != "text":
        schema = wanted.json_schema.schema if wanted.json_schema is not None else None
        async for step in extract_json(scene, schema):
            yield step
        return
    intents = _intents(prompt, scene)
    yield Thought(
        "The question asks for: " + ", ".join(intent.task.value for intent in intents) + "."
    )
    for place, intent in enumerate(intents):
        if place:
            yield Say("\n\n")
        async for step in _ROOMS.get(intent.task, _refuse)(scene, intent):
            yield step


def _intents(prompt: Prompt, scene: Scene) -> list[Intent]:
    if not scene.question.strip():
        task = Task.READ if prompt.model.ocr else Task.DESCRIBE
        return [Intent(task, scene.question)]
    intents = read_intents(scene.question)
    if prompt.model.ocr and all(intent.task in {Task.UNKNOWN, Task.DESCRIBE} for intent in intents):
        # An OCR model reads; whatever else it is told, its answer is the text.
        return [Intent(Task.READ, scene.question)]
    return intents


async def _refuse(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    yield Say(beyond(scene.language))
    yield Say(scene.say("\n\nWhat I can tell you:\n\n", "\n\n我能告诉你的是：\n\n"))
    async for step in describe(scene, notes=False):
        yield step


_Room: TypeAlias = Callable[[Scene, Intent], AsyncIterator[Step]]
_ROOMS: Final[dict[Task, _Room]] = {
    Task.READ: read_all,
    Task.PART: read_part,
    Task.VALUE: tell_values,
    Task.KEYS: key_information,
    Task.CODE: lambda scene, _: tell_codes(scene),
    Task.LOCATE: locate,
    Task.EXISTS: exists,
    Task.COUNT: count,
    Task.SIZE: tell_looks,
    Task.QUALITY: tell_looks,
    Task.COLORS: tell_looks,
    Task.DESCRIBE: lambda scene, _: describe(scene),
}
