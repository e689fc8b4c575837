"""Tool bridge: finds the calls in the text of an engine that writes them out.

The model family writes `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` (Qwen3,
Qwen3-VL) or `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>`
(Qwen3.5). Both are understood.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from qwen_vision.engines.base import Event, Finished, TextDelta, ToolCallDelta
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.pipeline.bridges.tags import Span, TagSplitter, spans_of
from qwen_vision.protocol.messages import JsonObject, Tool
from qwen_vision.protocol.schema import SchemaCheck

OPENING: Final = "<tool_call>"
CLOSING: Final = "</tool_call>"
_FUNCTION: Final = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|$)", re.DOTALL)
_PARAMETER: Final = re.compile(r"<parameter=([^>\s]+)>\n?(.*?)\n?</parameter>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """A call the model wrote: a known tool's name and arguments that fit its schema."""

    name: str
    arguments: JsonObject


async def find_calls(events: AsyncIterator[Event], tools: Sequence[Tool]) -> AsyncIterator[Event]:
    """The same events, written calls as ToolCallDelta.

    A block that is no call of a known tool with fitting arguments stays text, as it was.
    """
    splitter = TagSplitter(OPENING, CLOSING)
    reader = _Reader(tools)
    async with closing(events):
        async for event in events:
            for span in spans_of(event, splitter):
                for made in reader.take(span):
                    yield made
            if isinstance(event, Finished):
                for made in reader.end():
                    yield made
                called = reader.calls and event.reason == "stop"
                yield replace(event, reason="tool_calls") if called else event
            elif not isinstance(event, TextDelta):
                yield event


class _Reader:
    """Reads blocks as they come; counts the calls."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.calls = 0
        self._tools = tools
        self._block = ""

    def take(self, span: Span) -> Iterator[Event]:
        if not span.inside:
            # Models put line breaks around calls; they are no answer.
            if span.text.strip() or not self.calls:
                yield TextDelta(span.text)
            return
        self._block += span.text
        if span.closed:
            yield from self._end_block(CLOSING)

    def end(self) -> Iterator[Event]:
        """What a block without its closing tag is: models often stop right before it."""
        if self._block:
            yield from self._end_block("")

    def _end_block(self, closing_tag: str) -> Iterator[Event]:
        text, self._block = self._block, ""
        call = read_call(text, self._tools)
        if call is None:
            yield TextDelta(f"{OPENING}{text}{closing_tag}")
            return
        yield ToolCallDelta(index=self.calls, name=call.name)
        arguments = msgspec.json.encode(call.arguments).decode()
        yield ToolCallDelta(index=self.calls, arguments=arguments)
        self.calls += 1


def read_call(text: str, tools: Sequence[Tool]) -> Call | None:
    """The call in one block, in either format; None when it is none of a known tool."""
    schemas = {tool.function.name: tool.function.parameters or {} for tool in tools}
    call = _read_json(text) or _read_tags(text, schemas)
    if call is None or call.name not in schemas:
        return None
    schema = schemas[call.name]
    if schema and SchemaCheck(schema, param="tools").problem(call.arguments) is not None:
        return None
    return call


def _read_json(text: str) -> Call | None:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    arguments = found.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except msgspec.DecodeError:
            return None
    return Call(found["name"], arguments) if isinstance(arguments, dict) else None


def _read_tags(text: str, schemas: Mapping[str, JsonObject]) -> Call | None:
    function = _FUNCTION.search(text)
    if function is None:
        return None
    name, body = function.groups()
    properties = schemas.get(name, {}).get("properties", {})
    arguments = {
        key: _typed(value, properties.get(key, {})) for key, value in _PARAMETER.findall(body)
    }
    return Call(name, arguments)


def _typed(value: str, schema: JsonObject) -> Any:  # noqa: ANN401 - a JSON value of any type
    """A value written as bare text, as the type its schema names; strings stay strings."""
    kinds = schema.get("type", "string")
    if kinds == "string" or (isinstance(kinds, list) and kinds[:1] == ["string"]):
        return value
    try:
        return msgspec.json.decode(value.strip())
    except msgspec.DecodeError:
        lowered = value.strip().lower()
        return {"true": True, "false": False, "none": None}.get(lowered, value)
