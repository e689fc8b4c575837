"""The chat request: every parameter of the dialect, decoded once (dialect.md, parameters)."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from qwen_vision.errors import (
    ContentPartError,
    FieldTypeError,
    MalformedBodyError,
    MissingMessagesError,
    MissingModelError,
    QwenVisionError,
    ResponseFormatError,
    ToolChoiceError,
)
from qwen_vision.protocol.messages import JsonObject, Message, Tool


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

    `media_receipt` and `structured_thinking` are additions of this project.
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


_DECODER: Final = msgspec.json.Decoder(ChatRequest)
_ENCODER: Final = msgspec.json.Encoder()
_AT: Final = re.compile(r"^(?P<why>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_PART: Final = re.compile(r"messages\[(?:\d+|\.\.\.)\]\.content\[(?:\d+|\.\.\.)\]$")


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
    match = _AT.match(reason)
    why, path = (match["why"], match["path"] or "") if match else (reason, "")
    if not path:
        return _explain_top(why)
    if path.startswith("response_format") and "json_schema" not in path:
        given = why.partition("got `")[2].partition("`")[0] or "unknown"
        return ResponseFormatError(given=given)
    if path == "tool_choice":
        return ToolChoiceError()
    if path == "messages":
        return FieldTypeError(f"{why} - 'messages'", param=path)
    if _PART.search(path):
        return ContentPartError(param=path)
    return FieldTypeError(f"{why} - '{path}'", param=path)


def _explain_top(why: str) -> QwenVisionError:
    if "missing required field `model`" in why:
        return MissingModelError()
    if "missing required field `messages`" in why:
        return MissingMessagesError()
    return MalformedBodyError()
