"""LlamaCppEngine: answers with a Qwen-VL model that llama.cpp runs in this process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from typing import Final

from msgspec.structs import replace

from qwen_vision.engines.base import (
    Abilities,
    EngineUsage,
    Event,
    Finished,
    Logprobs,
    Prompt,
    ReasoningDelta,
    StopReason,
    TextDelta,
)
from qwen_vision.engines.llamacpp.answer import Answer, CachedTokens, Piece, PieceUsage
from qwen_vision.engines.llamacpp.body import chat_body
from qwen_vision.engines.llamacpp.load import Loaded, load
from qwen_vision.engines.llamacpp.pictures import frame_step
from qwen_vision.engines.llamacpp.weights import Weights, find_weights
from qwen_vision.errors import CapacityError, EngineError
from qwen_vision.protocol.logprobs import ChoiceLogprobs
from qwen_vision.settings import EngineSettings, WeightsSettings
from qwen_vision.telemetry.record import Stage

_READ_NOTE: Final = "llamacpp read {prompt} tokens ({cached} of them remembered) and wrote {made}."
_PAIRS_NOTE: Final = "One frame of each pair was shown: all of them do not fit the context."


def build(argument: str, settings: EngineSettings) -> "LlamaCppEngine":
    """The engine for weights named by `argument` (see `find_weights`), loaded into memory.

    Raises SettingsError for weights that cannot be found or loaded.
    """
    weights = find_weights(argument, settings.weights)
    return LlamaCppEngine(weights, load(weights, settings.weights), settings.weights)


class LlamaCppEngine:
    """Runs one model for several callers: each answer takes a slot, the others wait.

    A caller who leaves frees the slot at llama.cpp's next step.
    """

    def __init__(self, weights: Weights, loaded: Loaded, settings: WeightsSettings) -> None:
        """An engine over a loaded model."""
        self.name = "llamacpp"
        self.fingerprint = f"llamacpp-{weights.name}"
        self.abilities = _abilities(weights, loaded)
        self._weights = weights
        self._habit = loaded.habit
        self._loaded: Loaded | None = loaded
        self._slots = asyncio.Semaphore(settings.slots)
        self._threads = ThreadPoolExecutor(settings.slots, thread_name_prefix="llamacpp")
        self._running: set[Answer] = set()

    async def run(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """The model's events; closing them frees the slot.

        Raises InputLengthError for a prompt longer than the context, the media's errors, and
        EngineError for what llama.cpp cannot do.
        """
        step = frame_step(prompt.turns, context_tokens=self._weights.context_tokens)
        # Media are decoded only for who has a slot: waiting callers hold no pixels.
        async with self._slot():
            body = await chat_body(prompt, habit=self._habit, step=step)
            if self._loaded is None:
                raise CapacityError("The engine 'llamacpp' has been closed.")
            answer = Answer(self._loaded.server, body)
            self._running.add(answer)
            try:
                async with aclosing(answer.pieces(self._threads)) as pieces:
                    async for event in _events(pieces, prompt, step=step):
                        yield event
            finally:
                self._running.discard(answer)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """A slot, held while the block runs."""
        with Stage("wait"):
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def aclose(self) -> None:
        """Stop every answer and free the memory; safe to call twice."""
        # The memory is given back when the last answer lets go of it.
        self._loaded = None
        for answer in self._running:
            answer.stop()
        await asyncio.to_thread(self._threads.shutdown)


async def _events(
    pieces: AsyncGenerator[Piece, None], prompt: Prompt, *, step: int
) -> AsyncGenerator[Event, None]:
    """Events out of llama.cpp's pieces, the answer cut where it is longer than was asked."""
    reading = _Reading(prompt)
    async for piece in pieces:
        for event in reading.take(piece):
            yield event
        if reading.is_full:
            reading.cut()
            break
    yield reading.end(step=step)


class _Reading:
    """What was read of an answer so far."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._reason: StopReason | None = None
        self._usage = PieceUsage()
        self._made = 0
        self._thought: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether the answer after a thought is as long as was asked: llama.cpp counts both."""
        limit = self._prompt.max_tokens
        if limit is None or self._thought is None or not self._prompt.thinking:
            return False
        return self._made - self._thought >= limit

    def take(self, piece: Piece) -> Iterator[Event]:
        """Events of one piece."""
        self._usage = piece.usage or _asked(piece) or self._usage
        if piece.timings is not None:
            self._made = max(self._made, piece.timings.predicted_n)
        for choice in piece.choices:
            delta = choice.delta
            if delta.reasoning_content and self._prompt.thinking:
                yield ReasoningDelta(delta.reasoning_content)
            if delta.content:
                if self._thought is None:
                    # The first token of the answer ends the thought, its closing tag included.
                    self._thought = max(0, self._made - 1)
                yield from _spoken(delta.content, choice.logprobs, self._prompt)
            if choice.finish_reason is not None:
                self._reason = "length" if choice.finish_reason == "length" else "stop"

    def cut(self) -> None:
        """End the answer before llama.cpp does."""
        self._usage = replace(self._usage, completion_tokens=self._made)
        self._reason = "length"

    def end(self, *, step: int) -> Finished:
        """The end; the prompt's tokens stay the dialect's, what was really read is a note.

        Raises EngineError for an answer that broke off.
        """
        if self._reason is None:
            raise EngineError(engine="llamacpp", reason="its answer broke off")
        usage = self._usage
        cached, made = usage.prompt_tokens_details.cached_tokens, usage.completion_tokens
        thought = made if self._thought is None else self._thought
        counted = EngineUsage(
            completion_tokens=made,
            reasoning_tokens=thought if self._prompt.thinking else None,
            cached_tokens=cached,
        )
        read = _READ_NOTE.format(prompt=usage.prompt_tokens, cached=cached, made=made)
        notes = (read,) if step == 1 else (read, _PAIRS_NOTE)
        return Finished(self._reason, counted, notes=notes)


def _spoken(text: str, chances: ChoiceLogprobs | None, prompt: Prompt) -> tuple[Event, ...]:
    """A piece of the answer, after its tokens with as many others as were asked for."""
    if chances is None:
        return (TextDelta(text),)
    count = prompt.request.top_logprobs or 0
    tokens = (replace(token, top_logprobs=token.top_logprobs[:count]) for token in chances.content)
    return (Logprobs(tuple(tokens)), TextDelta(text))


def _asked(piece: Piece) -> PieceUsage | None:
    """What is known of the prompt before the answer has ended."""
    progress = piece.prompt_progress
    if progress is None:
        return None
    return PieceUsage(
        prompt_tokens=progress.total, prompt_tokens_details=CachedTokens(progress.cache)
    )


def _abilities(weights: Weights, loaded: Loaded) -> Abilities:
    sees = weights.projector is not None
    return Abilities(
        images=sees,
        videos=sees,
        thinking=loaded.habit != "never",
        json_schema=True,
        logprobs=True,
        tools=True,
        free_text=True,
        forces_tools=False,
        mixes_thoughts=True,
        way_out="Name the model's mmproj file, or send the request to another engine."
        if not sees
        else "Send the request without it, or to another engine.",
    )
