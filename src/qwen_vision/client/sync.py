"""Client: AsyncClient for code without async; one thin wrapper over a loop in a thread."""

import asyncio
import functools
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from typing_extensions import override

from qwen_vision.client.client import AsyncClient
from qwen_vision.client.environment import server_from_environment
from qwen_vision.client.loading import Habits
from qwen_vision.client.question import AskOptions
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.settings import RemoteSettings

if TYPE_CHECKING:
    from qwen_vision.client.inputs import Inputs
    from qwen_vision.protocol.request import ChatRequest

Params = ParamSpec("Params")
Result = TypeVar("Result")


class _Loop:
    """An event loop in a thread of its own; starts when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine; whoever is interrupted while waiting cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        finally:
            future.cancel()

    @property
    def is_running(self) -> bool:
        """Whether anything was ever run and nothing has ended it."""
        return self._loop is not None

    def end(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """End the thread when `last` has run, without waiting for it; safe to call twice."""
        # No lock: this may run in a finalizer, in the middle of anything.
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(lambda: loop.create_task(_leave(loop, last)))

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_serve, args=(self._loop,), name="qwen-vision", daemon=True
                ).start()
            return self._loop


async def _leave(
    loop: asyncio.AbstractEventLoop, last: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    try:
        await last()
    finally:
        loop.stop()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _waits(
    method: Callable[Concatenate[AsyncClient, Params], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate["Client", Params], Result]:
    """The method of AsyncClient, waited for; same options, same words, same errors."""

    @functools.wraps(method)
    def wait(self: "Client", /, *args: Params.args, **options: Params.kwargs) -> Result:
        return self._loop.run(method(self._client, *args, **options))

    return wait


class Client:
    """Asks a remote server; everything AsyncClient does, waiting for the answer.

    May be used from several threads at once. Close it, or use it in a `with` block.
    """

    def __init__(
        self,
        remote: RemoteSettings | None = None,
        *,
        key: str | None = None,
        base_url: str = "",
        region: str = "",
        **habits: Unpack[Habits],
    ) -> None:
        """Keep where to ask, as AsyncClient does; connects on the first request."""
        self._client = AsyncClient(remote, key=key, base_url=base_url, region=region, **habits)
        self._loop = _Loop()
        # A client that is just dropped leaves no thread and no connection behind.
        weakref.finalize(self, self._loop.end, self._client.aclose)

    @classmethod
    def from_env(cls, **habits: Unpack[Habits]) -> Self:
        """A client of the server that the environment, or else `.env` here, names.

        Reads and raises what `AsyncClient.from_env` does.
        """
        remote, bucket = server_from_environment()
        habits.setdefault("shelf", bucket)
        return cls(remote, **habits)

    complete = _waits(AsyncClient.complete)
    analyze = _waits(AsyncClient.analyze)
    reason = _waits(AsyncClient.reason)
    ocr = _waits(AsyncClient.ocr)
    chat = _waits(AsyncClient.chat)
    estimate = _waits(AsyncClient.estimate)
    upload = _waits(AsyncClient.upload)

    def stream(
        self,
        about: "ChatRequest | Inputs",
        /,
        prompt: str | None = None,
        *,
        schema: object = None,
        **options: Unpack[AskOptions],
    ) -> Iterator[Chunk]:
        """The answer chunk by chunk; leaving the loop ends the answer on the server too."""
        chunks = self._client.stream(about, prompt, schema=schema, **options)
        try:
            while True:
                try:
                    yield self._loop.run(anext(chunks))
                except StopAsyncIteration:
                    return
        finally:
            # After close() there is nothing left to end.
            if self._loop.is_running:
                self._loop.run(chunks.aclose())

    @override
    def __repr__(self) -> str:
        """The address, never the key."""
        return repr(self._client).removeprefix("Async")

    def __enter__(self) -> Self:
        """Itself; the pool closes at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the pool and end the thread; safe to call twice."""
        if self._loop.is_running:
            self._loop.run(self._client.aclose())
        self._loop.end(self._client.aclose)
