"""Answer: what came back, whole, however it came."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.client.answer import Answer
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.collect import collect
from qwen_vision.protocol.completer import Completer
from qwen_vision.protocol.request import ChatRequest, StreamOptions

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, repr=False)
class TimedAnswer(Answer[None]):
    """A whole answer and how long it took, from the request to its end."""

    elapsed_s: float


class Listener(Protocol):
    """Hears the answer while it comes."""

    def answer(self, text: str) -> None:
        """A piece of the answer."""

    def reasoning(self, text: str) -> None:
        """A piece of the thinking."""


def run_async(work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a coroutine, like asyncio.run.

    Interrupted, it does not wait for threads that still decode or read: they cannot be
    stopped, and whoever pressed Ctrl-C wants to leave.
    """
    runner = asyncio.Runner()
    interrupted = False
    try:
        with _woken_by_signals(runner.get_loop()):
            return runner.run(work)
    except KeyboardInterrupt:
        interrupted = True
        raise
    finally:
        if not interrupted:
            runner.close()


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Wake the loop for every signal.

    One that comes in the instant before the loop begins to wait would else be heeded only when
    something else happens.
    """
    if not isinstance(loop, asyncio.SelectorEventLoop):
        # That of Windows sees to it by itself.
        yield
        return
    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        loop.add_reader(heard, heard.recv, 4096)
        before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(heard)


async def fetch_answer(
    completer: Completer, request: ChatRequest, *, stream: bool, listener: Listener | None = None
) -> TimedAnswer:
    """Ask and wait for the whole answer; `listener` hears the pieces of a stream.

    A model that only streams is streamed whatever `stream` says. Raises what the completer
    raises.
    """
    start = time.monotonic()
    if stream or find_model(request.model, any_model=True).stream_only:
        request = msgspec.structs.replace(
            request, stream=True, stream_options=StreamOptions(include_usage=True)
        )
        async with _closing(completer.stream(request)) as chunks:
            completion = await collect(chunks if listener is None else _heard(chunks, listener))
    else:
        completion = await completer.complete(request)
    completion.model = completion.model or request.model
    return TimedAnswer(completion, None, elapsed_s=time.monotonic() - start)


@asynccontextmanager
async def _closing(chunks: AsyncIterator[Chunk]) -> AsyncIterator[AsyncIterator[Chunk]]:
    """Closes a stream at the end, also when the listener fails: that cancels the run."""
    try:
        yield chunks
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def _heard(chunks: AsyncIterator[Chunk], listener: Listener) -> AsyncIterator[Chunk]:
    async for chunk in chunks:
        for choice in chunk.choices:
            if choice.delta.reasoning_content:
                listener.reasoning(choice.delta.reasoning_content)
            if choice.delta.content:
                listener.answer(choice.delta.content)
        yield chunk
