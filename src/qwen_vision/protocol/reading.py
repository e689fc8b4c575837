"""Reads answers of other servers, more patiently than we write them.

Servers of this dialect differ in what they leave out or send as null: usage details, the
`index` of a tool call, a role. Here the shape is loose; what comes out is our own type.
"""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from qwen_vision.errors import QwenVisionError, RemoteError
from qwen_vision.protocol.chunk import Chunk, ChunkChoice, Delta, DeltaFunction, DeltaToolCall
from qwen_vision.protocol.completion import (
    AnswerFunction,
    AnswerMessage,
    AnswerToolCall,
    Choice,
    Completion,
)
from qwen_vision.protocol.failure import read_failure
from qwen_vision.protocol.places import UNITS, Unit
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import CompletionTokensDetails, PromptTokensDetails, Usage

# Counts of another kind are no counts.
_Count = Annotated[int, msgspec.Meta(ge=0)] | None


class _PromptDetails(Struct):
    image_tokens: _Count = None
    video_tokens: _Count = None
    text_tokens: _Count = None
    cached_tokens: _Count = None
    # What vLLM calls them: by kind, without the marks around a picture.
    multimodal_tokens: dict[str, int] | None = None


class _CompletionDetails(Struct):
    reasoning_tokens: _Count = None
    text_tokens: _Count = None


class _Usage(Struct):
    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    total_tokens: _Count = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class LooseCall(Struct):
    """A tool call, whole or in pieces."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: _Function | None = None


class LooseMessage(Struct):
    """A message or a delta."""

    role: str | None = None
    content: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    # The name newer vLLM gives it.
    reasoning: str | UnsetType | None = UNSET
    tool_calls: list[LooseCall] | None = None

    @property
    def thought(self) -> str | UnsetType | None:
        """The reasoning, under whichever name it came."""
        return self.reasoning_content or self.reasoning or self.reasoning_content


class LooseChoice(Struct):
    """A choice of a whole answer or of a chunk."""

    message: LooseMessage | None = None
    delta: LooseMessage | None = None
    finish_reason: str | None = None
    index: int | None = None
    logprobs: Any = None


class Answer(Struct):
    """A whole answer or a chunk as another server sent it, anything of it missing."""

    choices: list[LooseChoice] | None = None
    error: Any = None
    # Figures that make no sense must not spoil the answer beside them.
    usage: Any = None
    created: int | None = None
    system_fingerprint: str | None = None
    model: str | None = None
    id: str | None = None
    media_receipt: list[MediaReceipt] | None = None
    receipt_notes: list[str] | None = None
    # Another server may mean anything by it.
    coordinates: Any = None

    @property
    def unit(self) -> Unit | UnsetType:
        """The unit in which the answer says that it tells places."""
        return next((unit for unit in UNITS if unit == self.coordinates), UNSET)


_DECODER = msgspec.json.Decoder(Answer)
_Known = TypeVar("_Known")


def read_completion(body: bytes) -> Completion:
    """The whole answer in a 200 body; raises RemoteError when it holds none."""
    answer = read_answer(body)
    if not answer.choices:
        raise strange_answer(body)
    return Completion(
        choices=[_choice(choice) for choice in answer.choices],
        usage=usage_of(answer),
        created=answer.created or 0,
        system_fingerprint=answer.system_fingerprint,
        model=answer.model or "",
        id=answer.id or "",
        media_receipt=_known(answer.media_receipt),
        receipt_notes=_known(answer.receipt_notes),
        coordinates=answer.unit,
    )


def read_chunk(payload: bytes) -> Chunk:
    """The chunk in one event; raises RemoteError for an error sent in mid-stream."""
    answer = read_answer(payload)
    return Chunk(
        choices=[_chunk_choice(choice) for choice in answer.choices or ()],
        usage=usage_of(answer),
        created=answer.created or 0,
        system_fingerprint=answer.system_fingerprint,
        model=answer.model or "",
        id=answer.id or "",
        media_receipt=_known(answer.media_receipt),
        receipt_notes=_known(answer.receipt_notes),
        coordinates=answer.unit,
    )


def read_answer(data: bytes) -> Answer:
    """The answer or chunk as it came; raises RemoteError for an error or another shape."""
    try:
        answer = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise strange_answer(data) from error
    if answer.error is not None:
        # The stream had begun with HTTP 200; what went wrong is the server's.
        raise read_failure(data, status=500)
    return answer


def strange_answer(data: bytes) -> QwenVisionError:
    """The error for bytes that are no answer of the dialect."""
    words = data[:120].decode("utf-8", "replace").strip()
    return RemoteError(
        f"The server's answer is not of the chat dialect: {words!r}. "
        "Check that QWEN_BASE_URL ends in /compatible-mode/v1 or /v1.",
        status=502,
        code="strange_answer",
    )


def _known(value: _Known | None) -> _Known | UnsetType:
    return UNSET if value is None else value


def usage_of(answer: Answer, *, mark_tokens: int = 0) -> Usage | None:
    """The token figures of an answer; None when it has none, or none that make sense.

    `mark_tokens` stand around the pictures; a server that leaves them out of its count of
    pictures gets them added there.
    """
    try:
        usage = msgspec.convert(answer.usage, _Usage | None)
    except msgspec.ValidationError:
        return None
    if usage is None:
        return None
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    found = Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion if usage.total_tokens is None else usage.total_tokens,
    )
    if usage.prompt_tokens_details is not None:
        parts = usage.prompt_tokens_details
        seen = parts.multimodal_tokens or {}
        image, video = parts.image_tokens, parts.video_tokens
        if image is None and "image" in seen:
            image = seen["image"] + mark_tokens
        found.prompt_tokens_details = PromptTokensDetails(
            image_tokens=_known(image),
            video_tokens=_known(seen.get("video") if video is None else video),
            text_tokens=_known(parts.text_tokens),
            cached_tokens=_known(parts.cached_tokens),
        )
    if usage.completion_tokens_details is not None:
        found.completion_tokens_details = CompletionTokensDetails(
            reasoning_tokens=_known(usage.completion_tokens_details.reasoning_tokens),
            text_tokens=_known(usage.completion_tokens_details.text_tokens),
        )
    return found


def _choice(choice: LooseChoice) -> Choice:
    message = choice.message or LooseMessage()
    calls = [
        AnswerToolCall(
            index=position if call.index is None else call.index,
            id=call.id or "",
            type=call.type or "function",
            function=AnswerFunction(
                name=(call.function and call.function.name) or "",
                arguments=(call.function and call.function.arguments) or "",
            ),
        )
        for position, call in enumerate(message.tool_calls or ())
    ]
    return Choice(
        message=AnswerMessage(
            role=message.role or "assistant",
            content=None if message.content is UNSET else message.content,
            reasoning_content=message.thought,
            tool_calls=calls or UNSET,
        ),
        finish_reason=choice.finish_reason,
        index=choice.index or 0,
        logprobs=choice.logprobs,
    )


def _chunk_choice(choice: LooseChoice) -> ChunkChoice:
    delta = choice.delta or LooseMessage()
    calls = [
        DeltaToolCall(
            index=position if call.index is None else call.index,
            id=call.id or "",
            type=call.type or "function",
            function=DeltaFunction(
                name=_known(call.function.name if call.function else None),
                arguments=_known(call.function.arguments if call.function else None),
            ),
        )
        for position, call in enumerate(delta.tool_calls or ())
    ]
    return ChunkChoice(
        delta=Delta(
            content=delta.content,
            reasoning_content=delta.thought,
            role=_known(delta.role),
            tool_calls=calls or UNSET,
        ),
        logprobs=choice.logprobs,
        finish_reason=choice.finish_reason,
        index=choice.index or 0,
    )
