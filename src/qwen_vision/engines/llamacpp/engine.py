"""LlamaCppEngine: answers with a Qwen-VL model that llama.cpp runs in this process."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Final

from msgspec.structs import replace

from qwen_vision.engines.base import (
    Abilities,
    EngineUsage,
    Event,
    Finished,
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
from qwen_vision.errors import CapacityError
from qwen_vision.settings import EngineSettings, WeightsSettings

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
        async with self._slots:
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
    reason = "stop"
    usage = PieceUsage()
    made = 0
    thought: int | None = None
    async for piece in pieces:
        usage = piece.usage or _asked(piece) or usage
        made = max(made, piece.timings.predicted_n if piece.timings else 0)
        for choice in piece.choices:
            if choice.delta.reasoning_content and prompt.thinking:
                yield ReasoningDelta(choice.delta.reasoning_content)
            if choice.delta.content:
                # The first token of the answer ends the thought, its closing tag included.
                thought = max(0, made - 1) if thought is None else thought
                yield TextDelta(choice.delta.content)
            reason = choice.finish_reason or reason
        if prompt.thinking and thought is not None and _is_full(prompt, made - thought):
            usage = replace(usage, completion_tokens=made)
            reason = "length"
            break
    if not prompt.thinking:
        thought = None
    elif thought is None:
        thought = usage.completion_tokens
    yield _finished(reason, usage, thought=thought, step=step)


def _asked(piece: Piece) -> PieceUsage | None:
    """What is known of the prompt before the answer has ended."""
    progress = piece.prompt_progress
    if progress is None:
        return None
    return PieceUsage(
        prompt_tokens=progress.total, prompt_tokens_details=CachedTokens(progress.cache)
    )


def _is_full(prompt: Prompt, answered: int) -> bool:
    return prompt.max_tokens is not None and answered >= prompt.max_tokens


def _finished(reason: str, usage: PieceUsage, *, thought: int | None, step: int) -> Finished:
    """The end; the prompt's tokens stay the dialect's, what was really read is a note."""
    cached = usage.prompt_tokens_details.cached_tokens
    notes = [
        _READ_NOTE.format(prompt=usage.prompt_tokens, cached=cached, made=usage.completion_tokens)
    ]
    if step > 1:
        notes.append(_PAIRS_NOTE)
    kind: StopReason = "length" if reason == "length" else "stop"
    counted = EngineUsage(
        completion_tokens=usage.completion_tokens, reasoning_tokens=thought, cached_tokens=cached
    )
    return Finished(kind, counted, notes=tuple(notes))


def _abilities(weights: Weights, loaded: Loaded) -> Abilities:
    sees = weights.projector is not None
    return Abilities(
        images=sees,
        videos=sees,
        thinking=loaded.habit != "never",
        json_schema=True,
        tools=True,
        free_text=True,
        forces_tools=False,
        mixes_thoughts=True,
        way_out="Name the model's mmproj file, or send the request to another engine."
        if not sees
        else "Send the request without it, or to another engine.",
    )
