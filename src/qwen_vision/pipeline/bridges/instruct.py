"""Puts into words what an engine cannot be told otherwise: a schema, tools, a correction."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from qwen_vision.engines.base import Prompt, Text, Turn
from qwen_vision.protocol.messages import FunctionTool, JsonObject, Message, Tool
from qwen_vision.protocol.request import ChatRequest, JsonSchemaFormat, ResponseFormat

_SCHEMA = (
    "Answer with one JSON value that fits this JSON Schema, and nothing else: no code fence, "
    "no comment.\n{schema}"
)
_JSON = "Answer with one JSON object and nothing else: no code fence, no comment."
_TOOLS = (
    "You may call these tools. To call one, write, alone on its lines,\n"
    '<tool_call>\n{{"name": NAME, "arguments": ARGUMENTS}}\n</tool_call>\n'
    "with ARGUMENTS an object that fits the tool's parameters. Call a tool only when the task "
    "needs it.\n<tools>\n{tools}\n</tools>"
)
_ARGUMENTS = (
    "Give the arguments for a call of the tool {name} ({description}) that does what is asked."
)
_CORRECT = (
    "That answer cannot be used: {problem}. Give the whole answer again, corrected, as one JSON "
    "value and nothing else."
)
_AFTER_THOUGHT = "These are my thoughts so far:\n{thought}\n\nNow give the answer only."


def ask_for_json(prompt: Prompt) -> Prompt:
    """The prompt with its response format in words, for an engine that has none."""
    wanted = prompt.request.response_format
    schema = None if wanted is None else wanted.schema
    words = _JSON if schema is None else _SCHEMA.format(schema=_compact(schema))
    return without_format(add_words(prompt, words))


def ask_for_tools(prompt: Prompt, tools: Sequence[Tool]) -> Prompt:
    """The prompt with its tools in words, for an engine that takes none."""
    lines = "\n".join(msgspec.json.encode(tool.function).decode() for tool in tools)
    asked = add_words(prompt, _TOOLS.format(tools=lines))
    request = msgspec.structs.replace(asked.request, tools=None, tool_choice=None)
    return replace(asked, request=request)


def ask_again(prompt: Prompt, *, answer: str, problem: str) -> Prompt:
    """The prompt after an answer that does not fit, with the reason."""
    said = Message(role="assistant", content=answer)
    asked = Message(role="user", content=_CORRECT.format(problem=problem))
    return add_messages(prompt, said, asked)


def answer_after_thought(prompt: Prompt, thought: str) -> Prompt:
    """The prompt that asks for the answer alone, after a thought that was made freely."""
    asked = Message(role="user", content=_AFTER_THOUGHT.format(thought=thought))
    return replace(add_messages(prompt, asked), thinking=False)


def add_words(prompt: Prompt, words: str) -> Prompt:
    """The prompt with an instruction in front."""
    return add_messages(prompt, Message(role="system", content=words), first=True)


def add_messages(prompt: Prompt, *messages: Message, first: bool = False) -> Prompt:
    """The prompt with more turns at its end, or at its beginning.

    Turns and request stay in step; the client's own bytes no longer fit and are dropped.
    """
    turns = tuple(Turn(role=m.role, parts=(Text(str(m.content)),)) for m in messages)
    whole = prompt.whole_request()
    old = whole.messages
    joined = [*messages, *old] if first else [*old, *messages]
    request: ChatRequest = msgspec.structs.replace(whole, messages=_merge_system(joined))
    return replace(
        prompt,
        request=request,
        turns=turns + prompt.turns if first else prompt.turns + turns,
        body=None,
    )


def without_format(prompt: Prompt) -> Prompt:
    """The prompt with its response format taken away."""
    request = msgspec.structs.replace(
        prompt.whole_request(), response_format=None, structured_thinking=None
    )
    return replace(prompt, request=request, body=None)


def ask_for_arguments(prompt: Prompt, tool: FunctionTool, schema: JsonObject) -> Prompt:
    """The prompt that asks for the arguments of one tool under its own schema."""
    wanted = ResponseFormat(
        type="json_schema", json_schema=JsonSchemaFormat(name=tool.name, schema=schema)
    )
    asked = add_words(
        prompt, _ARGUMENTS.format(name=tool.name, description=tool.description or "no description")
    )
    request = msgspec.structs.replace(
        asked.request, response_format=wanted, tools=None, tool_choice=None
    )
    return replace(asked, request=request)


def _merge_system(messages: Sequence[Message]) -> list[Message]:
    """Two system messages at the beginning made one: templates take only one."""
    if (
        len(messages) > 1
        and messages[0].role == messages[1].role == "system"
        and isinstance(messages[0].content, str)
        and isinstance(messages[1].content, str)
    ):
        both = f"{messages[1].content}\n\n{messages[0].content}"
        return [Message(role="system", content=both), *messages[2:]]
    return list(messages)


def _compact(schema: JsonObject) -> str:
    return msgspec.json.encode(schema).decode()
