"""Messages and the tool calls inside them (dialect.md, messages)."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from qwen_vision.protocol.parts import ContentPart, TextPart

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
# Free-form JSON that the caller defines: a JSON Schema, a tool's parameters.
JsonObject: TypeAlias = dict[str, Any]


class FunctionCall(Struct):
    """Name of the function and its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(Struct):
    """A call the model made, as it stands in a conversation."""

    function: FunctionCall
    id: str = ""
    type: str = "function"
    index: int | None = None


class FunctionTool(Struct, omit_defaults=True):
    """What a function does and the JSON Schema of its arguments."""

    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class Tool(Struct):
    """A tool the model may call."""

    function: FunctionTool
    type: str = "function"


class Message(Struct, omit_defaults=True):
    """One turn of a conversation; `content` is a text or a list of parts."""

    role: Role
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    partial: bool = False

    @property
    def texts(self) -> list[str]:
        """The texts of the content, in order."""
        if isinstance(self.content, str):
            return [self.content]
        return [part.text for part in self.content or () if isinstance(part, TextPart)]


def placed_parts(messages: Iterable[Message]) -> Iterator[tuple[str, ContentPart]]:
    """Every content part, in order, with its path in the request: `messages[0].content[1]`."""
    for place, message in enumerate(messages):
        if isinstance(message.content, list):
            for index, part in enumerate(message.content):
                yield f"messages[{place}].content[{index}]", part
