"""Events out of an upstream's answer, whole or streamed."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from qwen_vision.engines.base import (
    EngineUsage,
    Event,
    Finished,
    Logprobs,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.engines.upstream.exchange import MAX_ANSWER_BYTES, Exchange
from qwen_vision.errors import ConnectionFailedError, QwenVisionError
from qwen_vision.protocol.logprobs import ChoiceLogprobs
from qwen_vision.protocol.reading import (
    LooseMessage,
    read_answer,
    strange_answer,
    usage_of,
)
from qwen_vision.protocol.sse import EventReader
from qwen_vision.protocol.usage import Usage

_DONE: Final = b"[DONE]"
_THOUGHT_END: Final = "</think>"
_CONTROL: Final = re.compile(r"(<\|\w+\|>)?")
_BROKE_OFF: Final = "The upstream '{engine}' broke off in the middle of its answer. Try again."
_ENDLESS: Final = (
    "The upstream '{engine}' wrote more than "
    f"{MAX_ANSWER_BYTES // 2**20} MB without an end and was cut off. Ask for fewer max_tokens."
)
_KNOWN_REASONS: Final = ("stop", "length", "tool_calls")


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be known of a request to read its answer.

    `mark_tokens` stand around its pictures; some servers do not count them as the pictures'.
    `top_logprobs` is None when nothing was asked about the chances of tokens. `notes` go into
    the receipt.
    """

    top_logprobs: int | None = None
    mark_tokens: int = 0
    notes: tuple[str, ...] = ()


def whole_events(body: bytes, asked: Asked) -> Sequence[Event]:
    """Events of a whole answer; raises RemoteError when the body holds none."""
    answer = read_answer(body)
    if not answer.choices:
        raise strange_answer(body)
    choice = answer.choices[0]
    message = choice.message or LooseMessage()
    reason = choice.finish_reason
    if message.tool_calls and reason == "stop":
        reason = "tool_calls"
    events: list[Event] = []
    _add_events(message, events, asked, chances=choice.logprobs)
    usage = usage_of(answer, mark_tokens=asked.mark_tokens)
    events.append(Finished(_reason(reason), _usage(usage), notes=asked.notes))
    return events


async def stream_events(
    exchange: Exchange, asked: Asked, *, engine: str
) -> AsyncIterator[Sequence[Event]]:
    """Events of a streamed answer as they come, those that came together in one list.

    Raises RemoteError for an error sent in the stream and ConnectionFailedError for a stream
    that ends before its finish reason. `[DONE]` may be missing; an endless stream is cut at
    the size limit.
    """
    reading = _Reading(asked)
    received = 0
    over = False
    while received <= MAX_ANSWER_BYTES:
        piece = await exchange.some()
        received += len(piece)
        events: list[Event] = []
        try:
            # What came before an error is in the list already.
            reading.feed(piece, events)
        except QwenVisionError:
            if events:
                yield events
            raise
        over = reading.done or not piece
        if over and reading.reason is not None:
            events.append(reading.end())
            exchange.end()
        if events:
            yield events
        if over:
            break
    if reading.reason is None:
        raise ConnectionFailedError((_BROKE_OFF if over else _ENDLESS).format(engine=engine))


class _Reading:
    """Reads a stream; knows what it has told besides its deltas."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.reason: str | None = None
        self.usage: Usage | None = None
        self.done = False
        self._reader = EventReader()

    def feed(self, piece: bytes, events: list[Event]) -> None:
        """Append the events that `piece` completes; nothing after `[DONE]`."""
        for payload in self._reader.feed(piece):
            if payload == _DONE:
                self.done = True
                return
            answer = read_answer(payload)
            if answer.usage is not None:
                usage = usage_of(answer, mark_tokens=self._asked.mark_tokens)
                self.usage = usage or self.usage
            choices = answer.choices or ()
            for choice in choices:
                self.reason = choice.finish_reason or self.reason
            if choices and choices[0].delta is not None:
                _add_events(choices[0].delta, events, self._asked, chances=choices[0].logprobs)

    def end(self) -> Finished:
        """The last event."""
        return Finished(_reason(self.reason), _usage(self.usage), notes=self._asked.notes)


def _add_events(
    message: LooseMessage, events: list[Event], asked: Asked, *, chances: object
) -> None:
    thought = message.thought
    if thought:
        events.append(ReasoningDelta(thought))
    if message.content:
        if chances is not None and asked.top_logprobs is not None:
            events += _chances(chances, count=asked.top_logprobs)
        events.append(TextDelta(message.content))
    for position, call in enumerate(message.tool_calls or ()):
        function = call.function
        events.append(
            ToolCallDelta(
                index=position if call.index is None else call.index,
                id=call.id or "",
                name=(function and function.name) or "",
                arguments=(function and function.arguments) or "",
            )
        )


def _chances(told: object, *, count: int) -> list[Event]:
    """How likely the tokens of the text were, with `count` others in the place of each.

    Those of the thought before it are left out.
    """
    try:
        tokens = msgspec.convert(told, ChoiceLogprobs).content
    except msgspec.ValidationError:
        # Told in a shape of its own: the answer is good without it.
        return []
    ends = [place for place, token in enumerate(tokens) if token.token.strip() == _THOUGHT_END]
    after = tokens[ends[-1] + 1 :] if ends else tokens
    # The token that ends an answer is none of its text.
    found = tuple(
        replace(token, top_logprobs=token.top_logprobs[:count])
        for token in after
        if not _CONTROL.fullmatch(token.token)
    )
    return [Logprobs(found)] if found else []


def _reason(reason: str | None) -> StopReason:
    # Others have more words for an end (content_filter, eos ...); to a caller it is one.
    return cast("StopReason", reason) if reason in _KNOWN_REASONS else "stop"


def _usage(usage: Usage | None) -> EngineUsage:
    if usage is None:
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
