"""The native request: what DashScope clients send, decoded once (docs/reference/native.md)."""

from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct

from qwen_vision.errors import (
    ContentPartError,
    FieldTypeError,
    InvalidRequestError,
    MalformedBodyError,
    MissingInputError,
    MissingMessagesError,
    MissingModelError,
    QwenVisionError,
)
from qwen_vision.protocol.messages import JsonObject, Role, Tool, ToolCall
from qwen_vision.protocol.parts import CacheControl
from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.request import NamedTool, ResponseFormat, explain_coordinates

OcrTask = Literal[
    "text_recognition",
    "multi_lan",
    "advanced_recognition",
    "key_information_extraction",
    "table_parsing",
    "document_parsing",
    "formula_recognition",
]


class NativeItem(Struct, omit_defaults=True):
    """An item of a message's content: one of the first four, and what refines it."""

    text: str | None = None
    image: str | None = None
    video: str | list[str] | None = None
    audio: str | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None
    fps: float | None = None
    max_frames: int | None = None
    enable_rotate: bool | None = None
    cache_control: CacheControl | None = None


class NativeMessage(Struct, omit_defaults=True):
    """One turn; `content` is a list of items or a plain text."""

    role: Role
    content: str | list[NativeItem] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    partial: bool = False


class NativeInput(Struct, omit_defaults=True):
    """What is asked: `messages`, or a bare `prompt`."""

    messages: list[NativeMessage] | None = None
    prompt: str | None = None


class OcrTaskConfig(Struct, omit_defaults=True):
    """What to extract: keys with empty texts or descriptions, up to three levels deep."""

    result_schema: JsonObject | None = None


class OcrOptions(Struct, omit_defaults=True):
    """A built-in task of the OCR models."""

    task: OcrTask
    task_config: OcrTaskConfig | None = None


class NativeParameters(Struct, omit_defaults=True):
    """Everything else; what the service does not know is ignored."""

    stream: bool | None = None
    incremental_output: bool | None = None
    result_format: str | None = None
    ocr_options: OcrOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str | int] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    enable_thinking: bool | None = None
    thinking_budget: int | None = None
    preserve_thinking: bool | None = None
    vl_high_resolution_images: bool | None = None
    vl_enable_image_hw_output: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: str | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    enable_search: bool | None = None
    media_receipt: bool | None = None
    coordinates: Unit | None = None


class NativeRequest(Struct, omit_defaults=True):
    """A request to a generation service."""

    model: str
    input: NativeInput
    parameters: NativeParameters = msgspec.field(default_factory=NativeParameters)


_DECODER: Final = msgspec.json.Decoder(NativeRequest)
_REQUIRED: Final[dict[str, type[QwenVisionError]]] = {
    "model": MissingModelError,
    "input": MissingInputError,
}


def decode_native(body: bytes | bytearray | memoryview) -> NativeRequest:
    """The request in a JSON body.

    Raises MalformedBodyError when the body is no JSON object, an error that names what must be
    there and is not, ContentPartError for content of an unknown kind, FieldTypeError otherwise.
    """
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBodyError from error
    if request.input.messages is None and request.input.prompt is None:
        raise MissingMessagesError
    return request


def _explain(reason: str) -> QwenVisionError:
    why, _, place = reason.rpartition(" - at `")
    if why:
        path = place.rstrip("`").removeprefix("$").removeprefix(".")
    else:
        why, path = reason, ""
    for name, error in _REQUIRED.items():
        if not path and why == f"Object missing required field `{name}`":
            return error()
    if not path:
        return MalformedBodyError()
    param = path.removeprefix("input.")
    if ".content[" in path and path.endswith("]"):
        return ContentPartError(param=param)
    if path.endswith("ocr_options.task"):
        known = ", ".join(get_args(OcrTask))
        return InvalidRequestError(f"Unknown ocr_options.task. Known tasks: {known}.", param=param)
    if path == "parameters.coordinates":
        return explain_coordinates(why)
    return FieldTypeError(f"{why} - '{path}'", param=param)
