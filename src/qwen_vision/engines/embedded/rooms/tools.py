"""Tools: fills a forced tool like a schema; calls another only when it is asked for and seen."""

import re
from collections.abc import AsyncIterator
from typing import Final

from qwen_vision.engines.base import Prompt, Text
from qwen_vision.engines.embedded.extract.asked import encode_json
from qwen_vision.engines.embedded.extract.fill import Filling
from qwen_vision.engines.embedded.extract.shape import as_words
from qwen_vision.engines.embedded.language import join_words
from qwen_vision.engines.embedded.rooms.extract import fill_schema, see_pages
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Call, Proof, Say, Step, Thought
from qwen_vision.errors import AbilityError
from qwen_vision.protocol.messages import FunctionTool, JsonObject
from qwen_vision.protocol.request import NamedTool

# Words that name no purpose of a tool.
_SMALL: Final = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "for", "and", "or", "from", "with", "this",
    "that", "it", "is", "be", "get", "set", "do", "make", "given", "by", "as", "at",
    "image", "picture", "photo", "receipt", "invoice", "document", "data", "information",
    "into", "user", "use", "call", "tool",
})  # fmt: skip
# Names of arguments that say little without what the tool is about.
_BARE_NAMES: Final = frozenset({"number", "id", "no", "code", "date"})
_VERB_AND_NOUN: Final = 2
_NO_ARGUMENTS: Final[JsonObject] = {"type": "object", "properties": {}}


def forced_tool(prompt: Prompt) -> FunctionTool | None:
    """The tool that the request forces, or None."""
    choice = prompt.request.tool_choice
    if not isinstance(choice, NamedTool):
        return None
    tools = [tool.function for tool in prompt.request.tools or ()]
    return next((tool for tool in tools if tool.name == choice.function.name), None)


def offered_tools(prompt: Prompt) -> list[FunctionTool]:
    """The tools the model may call when it sees fit."""
    if prompt.request.tool_choice not in (None, "auto"):
        return []
    return [tool.function for tool in prompt.request.tools or ()]


def tool_answer(prompt: Prompt) -> str | None:
    """What a tool replied when the conversation ends with its reply, else None."""
    if not prompt.turns or prompt.turns[-1].role != "tool":
        return None
    return "\n".join(part.text for part in prompt.turns[-1].parts if isinstance(part, Text))


async def call_forced(scene: Scene, tool: FunctionTool) -> AsyncIterator[Step]:
    """The call of a forced tool, its arguments filled from the pictures."""
    filling = fill_schema(_told_whole(tool), await see_pages(scene))
    for step in _call(tool, filling):
        yield step


async def call_if_asked(scene: Scene, tools: list[FunctionTool]) -> AsyncIterator[Step]:
    """The call of the first tool that the question asks for and whose arguments were seen."""
    for tool in tools:
        if not _is_asked(scene.question, tool):
            yield Thought(f"Tool {tool.name}: the question does not ask for it.")
            continue
        schema = _told_whole(tool)
        try:
            filling = fill_schema(schema, await see_pages(scene))
        except AbilityError:
            yield Thought(f"Tool {tool.name}: no valid arguments were seen.")
            continue
        missing = _unseen(schema, filling)
        if missing:
            yield Thought(f"Tool {tool.name}: not called, {', '.join(missing)} not seen.")
            yield Say(_not_called(scene, tool, missing))
            continue
        for step in _call(tool, filling):
            yield step
        return


def _not_called(scene: Scene, tool: FunctionTool, missing: list[str]) -> str:
    return scene.say(
        f"I don't call {tool.name}: I find no {join_words('en', missing)} here.\n\n",
        f"没有调用 {tool.name}：没有找到{join_words('zh', missing)}。\n\n",
    )


def say_tool_answer(scene: Scene, text: str) -> Say:
    """A tool's reply passed on."""
    return Say(scene.say(f"The tool replied: {text}", f"工具返回：{text}"))


def _call(tool: FunctionTool, filling: Filling) -> list[Step]:
    steps: list[Step] = [Thought(text) for text in filling.trace]
    steps += [Proof(evidence) for evidence in filling.evidence]
    return [*steps, Call(tool.name, encode_json(filling.value))]


def _is_asked(question: str, tool: FunctionTool) -> bool:
    """Whether the question shares the words of the tool's name, or two of its description."""
    asked = _stems(question)
    named = _stems(as_words(tool.name))
    described = _stems(tool.description or "")
    by_name = bool(named) and len(named & asked) * 2 >= len(named)
    return by_name or len(described & asked) >= 2


def _told_whole(tool: FunctionTool) -> JsonObject:
    """The tool's schema; a bare `number` of `record_invoice` is described as an invoice number."""
    schema = tool.parameters or _NO_ARGUMENTS
    properties = schema.get("properties")
    words = as_words(tool.name).split()
    if not isinstance(properties, dict) or len(words) < _VERB_AND_NOUN:
        return schema
    told = {
        name: {**rules, "description": f"{words[-1]} {name}"}
        if name in _BARE_NAMES and isinstance(rules, dict) and not rules.get("description")
        else rules
        for name, rules in properties.items()
    }
    return {**schema, "properties": told}


def _stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]{3,}", text.lower())
    stems = {re.sub(r"(?:ing|ed|es|s|e)$", "", word) for word in words if word not in _SMALL}
    han = re.findall(r"[\u3400-\u9fff]{2,}", text)
    return stems | {run[i : i + 2] for run in han for i in range(len(run) - 1)}


def _unseen(schema: JsonObject, filling: Filling) -> list[str]:
    """Required arguments for which nothing was read."""
    wanted = schema.get("required")
    names = wanted if isinstance(wanted, list) else []
    proved = {
        re.split(r"[.\[]", evidence.field)[0]
        for evidence in filling.evidence
        if isinstance(evidence.box, tuple)
    }
    value = filling.value if isinstance(filling.value, dict) else {}
    return [str(name) for name in names if name not in proved or value.get(name) in (None, "", [])]
