"""Turns a run of the pipeline into native answers: whole, or event by event."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from qwen_vision.engines.text_tokens import estimate_tokens
from qwen_vision.pipeline.pipeline import Run
from qwen_vision.protocol.chunk import Chunk, Delta, DeltaToolCall
from qwen_vision.protocol.collect import Calls
from qwen_vision.protocol.completion import AnswerFunction, AnswerToolCall, Completion
from qwen_vision.protocol.native import NativeRequest
from qwen_vision.protocol.native_answer import (
    UNFINISHED,
    NativeAnswer,
    NativeAnswerMessage,
    NativeChoice,
    NativeContent,
    NativeOutput,
    NativeUsage,
    native_usage,
)
from qwen_vision.protocol.native_failure import native_event
from qwen_vision.protocol.ocr_tasks import read_result
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import CompletionTokensDetails, Usage
from qwen_vision.server.exchange import Exchange

_ENCODER: Final = msgspec.json.Encoder()
_Receipts = list[MediaReceipt] | UnsetType


class NativeAnswers:
    """Answers to one request.

    With `incremental` an event holds what is new, otherwise everything so far.
    """

    def __init__(
        self, request: NativeRequest, run: Run, exchange: Exchange, *, incremental: bool
    ) -> None:
        """Answer `request` with what `run` says."""
        self._given = request.parameters
        self._run = run
        self._exchange = exchange
        self._incremental = incremental
        self._text = ""
        self._reasoning = ""
        self._calls = Calls()
        self._written_tokens = 0
        self._reasoned_tokens = 0
        self._finish_reason = "stop"

    def whole(self, completion: Completion) -> bytes:
        """The body of an answer that is not streamed."""
        choice = completion.choices[0]
        found = choice.message
        text = found.content or ""
        message = NativeAnswerMessage(
            role="assistant",
            content=self._content(text, completion.media_receipt, answer=text),
            reasoning_content=found.reasoning_content or UNSET,
            tool_calls=found.tool_calls or UNSET,
        )
        if self._run.thinking and message.reasoning_content is UNSET:
            message.reasoning_content = ""
        usage = UNSET if completion.usage is None else native_usage(completion.usage)
        return self._encode(
            message,
            finish_reason=choice.finish_reason or "stop",
            usage=self._usage_so_far() if usage is UNSET else usage,
            receipts=completion.media_receipt,
        )

    def event(self, chunk: Chunk) -> bytes:
        """The event for a chunk; empty when the chunk says nothing or its end must wait."""
        for choice in chunk.choices:
            # The end is told together with the usage, which comes after it.
            self._finish_reason = choice.finish_reason or self._finish_reason
            return self._delta_event(choice.delta)
        if chunk.usage is None:
            return b""
        return self._last_event(chunk.usage, chunk.media_receipt)

    @property
    def _thinks(self) -> bool:
        return self._run.thinking or bool(self._reasoning)

    def _delta_event(self, delta: Delta) -> bytes:
        text, reasoning = delta.content or "", delta.reasoning_content or ""
        pieces = [] if delta.tool_calls is UNSET else delta.tool_calls
        if not text and not reasoning and not pieces:
            return b""
        self._text += text
        self._reasoning += reasoning
        for piece in pieces:
            self._calls.add(piece)
        tokens = estimate_tokens(text + reasoning)
        self._written_tokens += tokens
        self._reasoned_tokens += tokens if reasoning else 0
        if not self._incremental:
            text, reasoning = self._text, self._reasoning
        message = NativeAnswerMessage(
            role="assistant",
            content=[NativeContent(text=text)] if text else [],
            reasoning_content=reasoning if self._thinks else UNSET,
            tool_calls=self._tool_calls(pieces),
        )
        return self._event(
            self._encode(message, finish_reason=UNFINISHED, usage=self._usage_so_far())
        )

    def _last_event(self, usage: Usage, receipts: _Receipts) -> bytes:
        text = "" if self._incremental else self._text
        message = NativeAnswerMessage(
            role="assistant",
            content=self._content(text, receipts, answer=self._text),
            tool_calls=UNSET if self._incremental else self._tool_calls(()),
        )
        if self._thinks:
            message.reasoning_content = "" if self._incremental else self._reasoning
        body = self._encode(
            message,
            finish_reason=self._finish_reason,
            usage=native_usage(usage),
            receipts=receipts,
        )
        return self._event(body)

    def _content(self, text: str, receipts: _Receipts, *, answer: str) -> list[NativeContent]:
        """The items of an answer that has ended."""
        pictures = [] if receipts is UNSET else [item for item in receipts if item.kind != "video"]
        content = [NativeContent(text=text)] if text else []
        options = self._given.ocr_options
        if options is not None:
            size = pictures[0].original_size if pictures else UNSET
            result = read_result(
                options.task,
                answer,
                size=None if size is UNSET else size,
                unit=self._given.coordinates or "0-1000",
            )
            if result is not None:
                content = [NativeContent(text=text, ocr_result=result)]
        if self._given.vl_enable_image_hw_output:
            sizes = [item.final_size for item in pictures if item.final_size is not UNSET]
            content.append(NativeContent(image_hw=[(height, width) for width, height in sizes]))
        return content

    def _tool_calls(self, pieces: Sequence[DeltaToolCall]) -> list[AnswerToolCall] | UnsetType:
        if not self._incremental:
            return self._calls.whole() or UNSET
        return [
            AnswerToolCall(
                piece.index,
                piece.id,
                piece.type,
                AnswerFunction(piece.function.name or "", piece.function.arguments or ""),
            )
            for piece in pieces
        ] or UNSET

    def _usage_so_far(self) -> NativeUsage:
        """Figures while the answer is written; the last event has the exact ones."""
        asked = self._run.prompt_tokens
        usage = Usage(
            prompt_tokens=asked.total,
            completion_tokens=self._written_tokens,
            total_tokens=asked.total + self._written_tokens,
            prompt_tokens_details=asked.details,
            completion_tokens_details=CompletionTokensDetails(
                reasoning_tokens=self._reasoned_tokens or UNSET,
                text_tokens=self._written_tokens - self._reasoned_tokens,
            ),
        )
        return native_usage(usage)

    def _encode(
        self,
        message: NativeAnswerMessage,
        *,
        finish_reason: str,
        usage: NativeUsage,
        receipts: _Receipts = UNSET,
    ) -> bytes:
        answer = NativeAnswer(
            output=NativeOutput(choices=[NativeChoice(finish_reason, message)]),
            usage=usage,
            request_id=self._exchange.request_id,
            media_receipt=receipts if self._given.media_receipt else UNSET,
        )
        return _ENCODER.encode(answer)

    def _event(self, body: bytes) -> bytes:
        self._exchange.events += 1
        return native_event(body, number=self._exchange.events)
