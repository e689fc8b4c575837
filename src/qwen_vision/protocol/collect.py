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


class _Collected:
    """What has come so far."""

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.thinks = False
        self.calls = Calls()
        self.logprobs: list[Any] = []
        self.finish_reason: str | None = None

    def add(self, delta: Delta) -> None:
        if delta.content:
            self.content.append(delta.content)
        if delta.reasoning_content is not UNSET:
            self.thinks = True
            if delta.reasoning_content:
                self.reasoning.append(delta.reasoning_content)
        if delta.tool_calls is not UNSET:
            for piece in delta.tool_calls:
                self.calls.add(piece)

    def message(self) -> AnswerMessage:
        return AnswerMessage(
            role="assistant",
            content="".join(self.content),
            reasoning_content="".join(self.reasoning) if self.thinks else UNSET,
            tool_calls=self.calls.whole() or UNSET,
        )


async def collect(chunks: AsyncIterator[Chunk]) -> Completion:
    """The whole answer; usage and receipt are those of the stream's usage chunk."""
    collected = _Collected()
    completion = Completion(choices=[])
    last: Chunk | None = None
    async for chunk in chunks:
        for choice in chunk.choices:
            collected.add(choice.delta)
            if choice.logprobs is not None:
                collected.logprobs += tokens_in(choice.logprobs)
            collected.finish_reason = choice.finish_reason or collected.finish_reason
        if chunk.usage is not None:
            completion.usage = chunk.usage
        if chunk.media_receipt is not UNSET:
            completion.media_receipt = chunk.media_receipt
            completion.receipt_notes = chunk.receipt_notes
        last = chunk
    if last is not None:
        completion.created = last.created
        completion.model = last.model
        completion.id = last.id
        completion.coordinates = last.coordinates
        completion.system_fingerprint = last.system_fingerprint
    completion.choices = [
        Choice(
            message=collected.message(),
            finish_reason=collected.finish_reason,
            logprobs={"content": collected.logprobs} if collected.logprobs else None,
        )
    ]
    return completion
