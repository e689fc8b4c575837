"""Collects a stream of chunks into the one Completion that a caller without a stream gets."""

from collections.abc import AsyncIterator
from typing import Any

from msgspec import UNSET

from qwen_vision.protocol.chunk import Chunk, Delta, DeltaToolCall
from qwen_vision.protocol.completion import (
    AnswerFunction,
    AnswerMessage,
    AnswerToolCall,
    Choice,
    Completion,
)
from qwen_vision.protocol.logprobs import tokens_in


class Calls:
    """Tool calls put together from their pieces."""

    def __init__(self) -> None:
        self._calls: dict[int, AnswerToolCall] = {}

    def add(self, piece: DeltaToolCall) -> None:
        """Take one piece."""
        call = self._calls.setdefault(
            piece.index, AnswerToolCall(piece.index, "", "function", AnswerFunction("", ""))
        )
        call.id = call.id or piece.id
        if piece.function.name is not UNSET:
            call.function.name += piece.function.name
        if piece.function.arguments is not UNSET:
            call.function.arguments += piece.function.arguments

    def whole(self) -> list[AnswerToolCall]:
        """The calls so far, in order."""
        return [self._calls[index] for index in sorted(self._calls)]


class Collected:
    """What has come so far of an answer."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._thinks = False
        self._calls = Calls()
        self._logprobs: list[Any] = []
        self._finish_reason: str | None = None
        self._completion = Completion(choices=[])
        self._last: Chunk | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        for choice in chunk.choices:
            self._add_delta(choice.delta)
            if choice.logprobs is not None:
                self._logprobs += tokens_in(choice.logprobs)
            self._finish_reason = choice.finish_reason or self._finish_reason
        if chunk.usage is not None:
            self._completion.usage = chunk.usage
        if chunk.media_receipt is not UNSET:
            self._completion.media_receipt = chunk.media_receipt
            self._completion.receipt_notes = chunk.receipt_notes
        self._last = chunk

    def completion(self) -> Completion:
        """The whole answer; usage and receipt are those of the stream's usage chunk."""
        completion, last = self._completion, self._last
        if last is not None:
            completion.created = last.created
            completion.model = last.model
            completion.id = last.id
            completion.coordinates = last.coordinates
            completion.system_fingerprint = last.system_fingerprint
        completion.choices = [
            Choice(
                message=self._message(),
                finish_reason=self._finish_reason,
                logprobs={"content": self._logprobs} if self._logprobs else None,
            )
        ]
        return completion

    def _add_delta(self, delta: Delta) -> None:
        if delta.content:
            self._content.append(delta.content)
        if delta.reasoning_content is not UNSET:
            self._thinks = True
            if delta.reasoning_content:
                self._reasoning.append(delta.reasoning_content)
        if delta.tool_calls is not UNSET:
            for piece in delta.tool_calls:
                self._calls.add(piece)

    def _message(self) -> AnswerMessage:
        return AnswerMessage(
            role="assistant",
            content="".join(self._content),
            reasoning_content="".join(self._reasoning) if self._thinks else UNSET,
            tool_calls=self._calls.whole() or UNSET,
        )


async def collect(chunks: AsyncIterator[Chunk]) -> Completion:
    """The whole answer; usage and receipt are those of the stream's usage chunk."""
    collected = Collected()
    async for chunk in chunks:
        collected.add(chunk)
    return collected.completion()
