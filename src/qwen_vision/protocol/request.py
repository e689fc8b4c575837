"""The chat request: every parameter of the dialect, decoded once (dialect.md, parameters)."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from qwen_vision.errors import (
    ContentPartError,
    CoordinatesError,
    FieldTypeError,
    MalformedBodyError,
    MessageContentError,
    MissingMessagesError,
    MissingModelError,
    QwenVisionError,
    ResponseFormatError,
    ToolChoiceError,
)
from qwen_vision.protocol.messages import JsonObject, Message, Tool
from qwen_vision.protocol.places import Unit


class JsonSchemaFormat(Struct, omit_defaults=True):
    """A named JSON Schema the answer must fit."""

    name: str = ""
    schema: JsonObject | None = None
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(Struct, omit_defaults=True):
    """`text`, `json_object` or `json_schema`."""

    type: str
    json_schema: JsonSchemaFormat | None = None

    @property
    def schema(self) -> JsonObject | None:
        """The JSON Schema the answer must fit; None when none is given."""
        return None if self.json_schema is None else self.json_schema.schema


class StreamOptions(Struct, omit_defaults=True):
    """Whether the stream ends with a usage chunk."""

    include_usage: bool = False


class NamedFunction(Struct):
    """The name of a function."""

    name: str


class NamedTool(Struct):
    """A tool the model must call."""

    function: NamedFunction
    type: str = "function"


class ChatRequest(Struct, omit_defaults=True):
    """A chat completion request; fields the dialect does not know are ignored.

    `media_receipt`, `structured_thinking` and `coordinates` are additions of this project.
    """

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str | int] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    enable_thinking: bool | None = None
    thinking_budget: int | None = None
    preserve_thinking: bool | None = None
    tool_stream: bool | None = None
    vl_high_resolution_images: bool | None = None
    vl_enable_image_hw_output: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: str | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    enable_search: bool | None = None
    user: str | None = None
    media_receipt: bool | None = None
    structured_thinking: bool | None = None
    coordinates: Unit | None = None

    @property
    def json_format(self) -> ResponseFormat | None:
        """The response format when it asks for JSON; None when any text will do."""
        wanted = self.response_format
        return None if wanted is None or wanted.type == "text" else wanted


_DECODER: Final = msgspec.json.Decoder(ChatRequest)
_ENCODER: Final = msgspec.json.Encoder()
_MISSING: Final = re.compile(r"missing required field `(.*)`")
_PART: Final = re.compile(r"(messages\[\d+\]\.content\[\d+\])(?:\.type)?$")
_REQUIRED: Final[dict[str, type[QwenVisionError]]] = {
    "model": MissingModelError,
    "messages": MissingMessagesError,
}


def decode_request(body: bytes | bytearray | memoryview) -> ChatRequest:
    """The request in a JSON body.

    Raises MalformedBodyError when the body is no JSON object, MissingModelError and
    MissingMessagesError for what must be there, and an error with the field's path
    (`messages[0].content[1]`) for a value of a wrong type.
    """
    try:
        return _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise explain_validation(str(error)) from error
    # RecursionError: a body nested thousands of levels deep.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBodyError from error


def encode_request(request: ChatRequest) -> bytes:
    """The request as the JSON body a server takes; unset parameters are left out."""
    return _ENCODER.encode(request)


def explain_validation(reason: str) -> QwenVisionError:
    """The dialect's error for msgspec's words about a body of a wrong shape."""
    why, _, place = reason.partition(" - at `$")
    path = place.removesuffix("`").removeprefix(".")
    if missing := _MISSING.search(why):
        return _explain_missing(why, path, field=missing[1])
    if not path:
        return MalformedBodyError()
    if path in _REQUIRED and why.endswith("got `null`"):
        return _REQUIRED[path]()
    return _explain_field(why, path)


def _explain_field(why: str, path: str) -> QwenVisionError:
    if path.startswith("response_format") and "json_schema" not in path:
        return ResponseFormatError(given=_given(why))
    if path == "coordinates":
        return explain_coordinates(why)
    if path == "tool_choice":
        return ToolChoiceError()
    if part := _PART.match(path):
        return ContentPartError(param=part[1])
    if path.endswith(".content"):
        return MessageContentError(path=path, param=path)
    return FieldTypeError(f"{why} - '{path}'", param=path)


def _explain_missing(why: str, path: str, *, field: str) -> QwenVisionError:
    if not path:
        return _REQUIRED[field]()
    if path == "response_format":
        return ResponseFormatError(given="unknown")
    if field == "type" and (part := _PART.match(path)):
        return ContentPartError(param=part[1])
    return FieldTypeError(f"{why} - '{path}'", param=f"{path}.{field}")


def explain_coordinates(why: str) -> QwenVisionError:
    """The error for msgspec's words about `coordinates`."""
    # Invalid enum value 'inches', or: Expected `str`, got `int`.
    return CoordinatesError(given=why.partition("value ")[2].strip("'")[:80] or _given(why))


def _given(why: str) -> str:
    return why.partition("got `")[2].removesuffix("`")
