"""The native answer: output, usage and request id, whole or as one event of a stream."""

from msgspec import UNSET, Struct, UnsetType

from qwen_vision.protocol.completion import AnswerToolCall
from qwen_vision.protocol.ocr_tasks import OcrResult
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import Usage

# The service writes this word, not null, until an answer ends.
UNFINISHED = "null"


class NativeContent(Struct, omit_defaults=True):
    """An item of the answer's content."""

    text: str | UnsetType = UNSET
    ocr_result: OcrResult | UnsetType = UNSET
    image_hw: list[tuple[int, int]] | UnsetType = UNSET


class NativeAnswerMessage(Struct):
    """The assistant's message; reasoning only while the model thinks."""

    role: str
    content: list[NativeContent]
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[AnswerToolCall] | UnsetType = UNSET


class NativeChoice(Struct):
    """The one candidate."""

    finish_reason: str
    message: NativeAnswerMessage


class NativeOutput(Struct):
    """The candidates."""

    choices: list[NativeChoice]


class InputTokensDetails(Struct):
    """The prompt's tokens by kind; a kind that was not sent is left out."""

    image_tokens: int | UnsetType = UNSET
    video_tokens: int | UnsetType = UNSET
    text_tokens: int | UnsetType = UNSET


class OutputTokensDetails(Struct):
    """The answer's tokens by kind."""

    text_tokens: int | UnsetType = UNSET
    reasoning_tokens: int | UnsetType = UNSET


class CachedTokens(Struct):
    """Tokens that came from a cache."""

    cached_tokens: int


class NativeUsage(Struct):
    """Token figures of one request."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    image_tokens: int | UnsetType = UNSET
    video_tokens: int | UnsetType = UNSET
    input_tokens_details: InputTokensDetails | UnsetType = UNSET
    output_tokens_details: OutputTokensDetails | UnsetType = UNSET
    prompt_tokens_details: CachedTokens | UnsetType = UNSET


class NativeAnswer(Struct):
    """A whole answer, or one event; `media_receipt` only when the request asked for it."""

    output: NativeOutput
    usage: NativeUsage
    request_id: str
    media_receipt: list[MediaReceipt] | UnsetType = UNSET


def native_usage(usage: Usage) -> NativeUsage:
    """The compatible dialect's figures under their native names."""
    found = NativeUsage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
    )
    asked = usage.prompt_tokens_details
    if asked is not UNSET:
        found.image_tokens = asked.image_tokens
        found.video_tokens = asked.video_tokens
        found.input_tokens_details = InputTokensDetails(
            asked.image_tokens, asked.video_tokens, asked.text_tokens
        )
        if asked.cached_tokens is not UNSET:
            found.prompt_tokens_details = CachedTokens(asked.cached_tokens)
    answered = usage.completion_tokens_details
    if answered is not UNSET:
        found.output_tokens_details = OutputTokensDetails(
            answered.text_tokens, answered.reasoning_tokens
        )
    return found
