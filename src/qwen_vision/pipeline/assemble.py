"""Assemble: turns an engine's events into the dialect's chunks (dialect.md, streams)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from msgspec import UNSET, UnsetType

from qwen_vision.engines.base import (
    Event,
    Finished,
    Logprobs,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.engines.text_tokens import estimate_tokens
from qwen_vision.pipeline.prepare import PromptTokens
from qwen_vision.pipeline.stop import StopFilter
from qwen_vision.protocol.chunk import (
    Chunk,
    ChunkChoice,
    Delta,
    DeltaFunction,
    DeltaToolCall,
    OpeningDelta,
)
from qwen_vision.protocol.logprobs import ChoiceLogprobs, TokenLogprob
from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import CompletionTokensDetails, PromptTokensDetails, Usage

_NO_END: Final = Finished()


@dataclass(frozen=True, slots=True)
class Frame:
    """What every chunk of one answer shares."""

    id: str
    created: int
    model: str
    fingerprint: str
    unit: Unit | UnsetType = UNSET


class Assembler:
    """Builds the chunks of one answer from its events, in order.

    `opening` plays the first chunk of the older stream-only models, which also leave
    `reasoning_content` out of the chunks of the answer.
    """

    def __init__(
        self,
        frame: Frame,
        *,
        thinking: bool,
        opening: bool,
        stop: StopFilter,
    ) -> None:
        self._frame = frame
        self._opening = opening and thinking
        # While a model thinks, every delta says so: null where there is no reasoning.
        self._no_reasoning: UnsetType | None = None if thinking and not opening else UNSET
        self._stop = stop
        self._passes = not stop.sequences
        self._started = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[str] = []
        self._call_ids: set[int] = set()
        self._logprobs: list[TokenLogprob] = []
        self.end = _NO_END
        self.done = False

    def take_all(self, events: Sequence[Event]) -> list[Chunk]:
        """Chunks for events that came together; those behind the end are dropped."""
        chunks: list[Chunk] = []
        for event in events:
            chunks += self.take(event)
            if self.done:
                break
        return chunks

    def take(self, event: Event) -> Sequence[Chunk]:
        """Chunks for one event; after the last one `done` is true."""
        match event:
            case TextDelta(text) if self._passes and text:
                # Most events: text that nothing holds back.
                self._text.append(text)
                return self._send(Delta(text, self._no_reasoning))
            case TextDelta(text):
                chunks = self._take_text(self._stop.feed(text))
                return [*chunks, *self._finish("stop")] if self._stop.stopped else chunks
            case ReasoningDelta(text):
                self._reasoning.append(text)
                return self._send(Delta(content=None, reasoning_content=text))
            case Logprobs(tokens):
                self._logprobs += tokens
                self._passes = False
                return ()
            case ToolCallDelta():
                return self._take_call(event)
            case Finished():
                self.end = event
                return [*self._take_text(self._stop.flush()), *self._finish(event.reason)]
            case _:
                assert_never(event)

    def usage_chunk(self, usage: Usage, receipt: list[MediaReceipt] | None) -> Chunk:
        """The chunk after the last: no choices, the token figures, the receipt if asked for."""
        chunk = self._chunk([])
        chunk.usage = usage
        if receipt is not None:
            chunk.media_receipt = receipt
            if self.end.notes:
                chunk.receipt_notes = list(self.end.notes)
        return chunk

    def usage(self, prompt: PromptTokens) -> Usage:
        """Token figures: the prompt's as the dialect counts, the answer's as far as known."""
        counted = self.end.usage
        reasoning = counted.reasoning_tokens
        if reasoning is None:
            reasoning = estimate_tokens("".join(self._reasoning))
        completion = counted.completion_tokens
        if completion is None:
            answer = estimate_tokens("".join(self._text)) + estimate_tokens("".join(self._calls))
            completion = reasoning + answer
        asked = counted.prompt_tokens if counted.prompt_tokens is not None else prompt.total
        image = prompt.image if counted.image_tokens is None else counted.image_tokens
        video = prompt.video if counted.video_tokens is None else counted.video_tokens
        return Usage(
            prompt_tokens=asked,
            completion_tokens=completion,
            total_tokens=asked + completion,
            prompt_tokens_details=PromptTokensDetails(
                image_tokens=image or UNSET,
                video_tokens=video or UNSET,
                text_tokens=max(0, asked - image - video),
                cached_tokens=UNSET if counted.cached_tokens is None else counted.cached_tokens,
            ),
            completion_tokens_details=CompletionTokensDetails(
                reasoning_tokens=reasoning if self._reasoning else UNSET,
                text_tokens=max(0, completion - reasoning),
            ),
        )

    def _take_text(self, text: str) -> Sequence[Chunk]:
        if not text:
            return ()
        self._text.append(text)
        if self._logprobs:
            return self._send_likely(text)
        return self._send(Delta(content=text, reasoning_content=self._no_reasoning))

    def _send_likely(self, text: str) -> Sequence[Chunk]:
        """Text with the chances of its tokens; those of text held back come with the next."""
        chunks = self._send(Delta(content=text, reasoning_content=self._no_reasoning))
        chunks[-1].choices[0].logprobs = ChoiceLogprobs(self._logprobs)
        self._logprobs = []
        return chunks

    def _take_call(self, event: ToolCallDelta) -> Sequence[Chunk]:
        chunks: list[Chunk] = []
        if event.index not in self._call_ids:
            self._call_ids.add(event.index)
            call_id = event.id or f"call_{secrets.token_hex(12)}"
            self._calls.append(event.name)
            chunks += self._send_call(event.index, call_id=call_id, name=event.name)
        if event.arguments:
            self._calls.append(event.arguments)
            chunks += self._send_call(event.index, arguments=event.arguments)
        return chunks

    def _send_call(
        self, index: int, *, call_id: str = "", name: str | UnsetType = UNSET, arguments: str = ""
    ) -> Sequence[Chunk]:
        piece = DeltaToolCall(
            index=index, id=call_id, function=DeltaFunction(name=name, arguments=arguments)
        )
        return self._send(
            Delta(content=None, reasoning_content=self._no_reasoning, tool_calls=[piece])
        )

    def _send(self, delta: Delta) -> Sequence[Chunk]:
        chunk = self._chunk([ChunkChoice(delta)])
        if self._started:
            return (chunk,)
        self._started = True
        if self._opening:
            first: Delta = OpeningDelta()
        elif delta.reasoning_content:
            delta.role = "assistant"
            return (chunk,)
        else:
            first = Delta(content="", reasoning_content=self._no_reasoning, role="assistant")
        return (self._chunk([ChunkChoice(first)]), chunk)

    def _finish(self, reason: StopReason) -> Sequence[Chunk]:
        chunks: Sequence[Chunk] = ()
        if not self._started:
            chunks = self._send(Delta(content="", reasoning_content=self._no_reasoning))
        last = Delta(content="", reasoning_content=self._no_reasoning)
        self.done = True
        return (*chunks, self._chunk([ChunkChoice(last, finish_reason=reason)]))

    def _chunk(self, choices: list[ChunkChoice]) -> Chunk:
        frame = self._frame
        return Chunk(
            choices,
            created=frame.created,
            system_fingerprint=frame.fingerprint,
            model=frame.model,
            id=frame.id,
            coordinates=frame.unit,
        )
