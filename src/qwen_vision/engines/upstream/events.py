"""Events out of an upstream's answer, whole or streamed."""

from collections.abc import AsyncIterator, Iterator
from typing import Final, cast

import aiohttp
from msgspec import UNSET

from qwen_vision.engines.base import (
    EngineUsage,
    Event,
    Finished,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.errors import ConnectionFailedError
from qwen_vision.protocol.chunk import Chunk, DeltaToolCall
from qwen_vision.protocol.reading import read_chunk, read_completion, strange_answer
from qwen_vision.protocol.sse import EventReader
from qwen_vision.protocol.usage import Usage

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_DONE: Final = b"[DONE]"
_KNOWN_REASONS: Final = ("stop", "length", "tool_calls")


async def whole_events(response: aiohttp.ClientResponse) -> list[Event]:
    """Events of a whole answer; raises RemoteError when the body holds none."""
    body = await _read(response)
    completion = read_completion(body)
    choice = completion.choices[0]
    events: list[Event] = []
    if choice.message.reasoning_content:
        events.append(ReasoningDelta(choice.message.reasoning_content))
    if choice.message.content:
        events.append(TextDelta(choice.message.content))
    calls = choice.message.tool_calls
    for call in calls if isinstance(calls, list) else ():
        events.append(ToolCallDelta(call.index, "", call.id, call.function.name))
        events.append(ToolCallDelta(call.index, call.function.arguments))
    reason = "tool_calls" if calls and choice.finish_reason == "stop" else choice.finish_reason
    events.append(Finished(_reason(reason), _usage(completion.usage)))
    return events


async def stream_events(response: aiohttp.ClientResponse, *, engine: str) -> AsyncIterator[Event]:
    """Events of a streamed answer as they come.

    Raises RemoteError for an error sent in the stream and ConnectionFailedError for a stream
    that ends before its finish reason. `[DONE]` may be missing.
    """
    if response.content_type != "text/event-stream":
        raise strange_answer(await response.content.read(1000))
    reason: str | None = None
    usage: Usage | None = None
    async for payload in _payloads(response):
        chunk = read_chunk(payload)
        usage = chunk.usage or usage
        for event in _deltas(chunk):
            yield event
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
    if reason is None:
        raise ConnectionFailedError(
            f"The upstream '{engine}' broke off in the middle of its answer. Try again."
        )
    yield Finished(_reason(reason), _usage(usage))


async def _payloads(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Payloads up to `[DONE]` or the end; an endless stream is cut at the size limit."""
    reader = EventReader()
    received = 0
    async for piece in response.content.iter_any():
        received += len(piece)
        for payload in reader.feed(piece):
            if payload == _DONE:
                return
            yield payload
        if received > MAX_ANSWER_BYTES:
            return


def _deltas(chunk: Chunk) -> Iterator[Event]:
    for choice in chunk.choices[:1]:
        delta = choice.delta
        if delta.reasoning_content:
            yield ReasoningDelta(delta.reasoning_content)
        if delta.content:
            yield TextDelta(delta.content)
        if delta.tool_calls is not UNSET:
            for piece in delta.tool_calls:
                yield _call(piece)


def _call(piece: DeltaToolCall) -> ToolCallDelta:
    name, arguments = piece.function.name, piece.function.arguments
    return ToolCallDelta(
        index=piece.index,
        id=piece.id,
        name="" if name is UNSET else name,
        arguments="" if arguments is UNSET else arguments,
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = await response.content.read(MAX_ANSWER_BYTES + 1)
    while len(body) <= MAX_ANSWER_BYTES and not response.content.at_eof():
        body += await response.content.read(MAX_ANSWER_BYTES + 1 - len(body))
    if len(body) > MAX_ANSWER_BYTES:
        raise strange_answer(body[:120])
    return body


def _reason(reason: str | None) -> StopReason:
    # Others have more words for an end (content_filter, eos ...); to a caller it is one.
    return cast("StopReason", reason) if reason in _KNOWN_REASONS else "stop"


def _usage(usage: Usage | None) -> EngineUsage:
    if usage is None or usage.prompt_tokens < 0 or usage.completion_tokens < 0:
        return EngineUsage()
    image = video = cached = reasoning = None
    if usage.prompt_tokens_details is not UNSET:
        details = usage.prompt_tokens_details
        image = None if details.image_tokens is UNSET else details.image_tokens
        video = None if details.video_tokens is UNSET else details.video_tokens
        cached = None if details.cached_tokens is UNSET else details.cached_tokens
    if usage.completion_tokens_details is not UNSET:
        found = usage.completion_tokens_details.reasoning_tokens
        reasoning = None if found is UNSET else found
    # An upstream that sent no figures at all has counted nothing.
    return EngineUsage(
        prompt_tokens=usage.prompt_tokens or None,
        image_tokens=image,
        video_tokens=video,
        completion_tokens=usage.completion_tokens or None,
        reasoning_tokens=reasoning,
        cached_tokens=cached,
    )
