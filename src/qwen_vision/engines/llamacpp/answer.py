"""Answer: runs one request on a thread of llama.cpp and hands its pieces to the event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import xllamacpp
from msgspec import Struct

from qwen_vision.errors import EngineError, InputLengthError, QwenVisionError
from qwen_vision.protocol.logprobs import ChoiceLogprobs
from qwen_vision.protocol.messages import JsonObject

_TOO_LONG: Final = "exceed_context_size_error"
_MAX_REASON_CHARS: Final = 300


class PieceDelta(Struct, frozen=True):
    """What a piece adds."""

    content: str | None = None
    reasoning_content: str | None = None


class PieceChoice(Struct, frozen=True):
    """The one choice of a piece."""

    delta: PieceDelta = PieceDelta()
    logprobs: ChoiceLogprobs | None = None
    finish_reason: str | None = None


class CachedTokens(Struct, frozen=True):
    """Tokens of the prompt that a slot still remembered."""

    cached_tokens: int = 0


class PieceUsage(Struct, frozen=True):
    """Tokens as llama.cpp counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: CachedTokens = CachedTokens()


class Timings(Struct, frozen=True):
    """How many tokens were made so far."""

    predicted_n: int = 0


class Progress(Struct, frozen=True):
    """Tokens of the prompt, and how many of them a slot still remembered."""

    total: int = 0
    cache: int = 0


class Failure(Struct, frozen=True):
    """An error in the place of an answer."""

    message: str = ""
    type: str = ""
    n_ctx: int = 0


class Piece(Struct, frozen=True):
    """One piece of a streamed answer; the last one holds the usage."""

    choices: list[PieceChoice] = []
    usage: PieceUsage | None = None
    timings: Timings | None = None
    prompt_progress: Progress | None = None
    error: Failure | None = None


class Answer:
    """One running request. `stop` makes llama.cpp drop it at its next step, from any thread.

    Unread pieces wait in memory; there are never more of them than the context has tokens.
    """

    def __init__(self, server: xllamacpp.Server, body: JsonObject) -> None:
        """An answer to `body` that has not begun."""
        self._server = server
        self._body = body
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask llama.cpp to end the answer; its slot is free right after."""
        self._stopped.set()

    async def pieces(self, threads: ThreadPoolExecutor) -> AsyncGenerator[Piece, None]:
        """Pieces as they come; closing the iterator stops the answer.

        Raises InputLengthError, EngineError.
        """
        work = threads.submit(self._play)
        try:
            while (piece := await self._pieces.get()) is not None:
                if piece.error is not None:
                    raise tree_error(piece.error)
                yield piece
            await asyncio.wrap_future(work)
        finally:
            self.stop()
            # An answer that still waits for its thread never begins.
            work.cancel()

    def _play(self) -> None:
        """Run the request on this thread, to its end or until it is stopped."""
        try:
            if not self._stopped.is_set():
                self._server.handle_chat_completions(self._body, self._take)
        finally:
            self._send(None)

    def _take(self, raw: dict[str, Any]) -> bool:
        """Called by llama.cpp with every piece; True ends the answer."""
        if self._stopped.is_set():
            return True
        try:
            piece = msgspec.convert(raw, Piece)
        except msgspec.ValidationError as error:
            # What is raised into llama.cpp vanishes there.
            self._send(Piece(error=Failure(f"xllamacpp sent something unknown: {error}")))
            return True
        return not self._send(piece)

    def _send(self, piece: Piece | None) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
        except RuntimeError:
            # The loop was closed under a running answer: nobody is left to read it.
            return False
        return True


def tree_error(failure: Failure) -> QwenVisionError:
    """The error of the tree for one that llama.cpp sent in the place of an answer."""
    if failure.type == _TOO_LONG:
        return InputLengthError(limit=failure.n_ctx)
    return EngineError(engine="llamacpp", reason=failure.message[:_MAX_REASON_CHARS])
