"""Lifecycle: how many requests run, and how the server comes to a stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from qwen_vision.errors import RateLimitError, StoppingError
from qwen_vision.server.exchange import Exchange

# What a refused caller is told to wait.
RETRY_AFTER_S: Final = 1
# How long interrupted requests get to say so to their callers.
_FAREWELL_S: Final = 2.0


class Lifecycle:
    """Counts running chats and uploads; refuses more than the limit, and all once stopping.

    `running` are those that hold a place now.
    """

    def __init__(self, *, max_concurrent: int) -> None:
        """Let at most `max_concurrent` of them run at once."""
        self.stopping = False
        self.max_concurrent = max_concurrent
        self.running: set[Exchange] = set()
        self._idle = asyncio.Event()

    def check(self) -> None:
        """Raises StoppingError once the server has been asked to stop."""
        if self.stopping:
            raise StoppingError(retry_after_s=RETRY_AFTER_S)

    def slot(self, exchange: Exchange) -> "Slot":
        """A place for one request, held while its `with` block runs."""
        return Slot(self, exchange)

    def limited(
        self, serve: Callable[[Exchange], Awaitable[None]]
    ) -> Callable[[Exchange], Awaitable[None]]:
        """`serve`, run in a place: counted against the limit and waited for at the stop."""

        async def serve_in_slot(exchange: Exchange) -> None:
            with self.slot(exchange):
                await serve(exchange)

        return serve_in_slot

    def enter(self, exchange: Exchange) -> None:
        """Take a place; raises RateLimitError when all are taken."""
        if len(self.running) >= self.max_concurrent:
            raise RateLimitError(retry_after_s=RETRY_AFTER_S)
        self.running.add(exchange)

    def leave(self, exchange: Exchange) -> None:
        """Give a place back."""
        self.running.discard(exchange)
        if self.stopping and not self.running:
            self._idle.set()

    async def stop(self, *, grace_s: float) -> None:
        """Refuse new requests and wait for running ones; interrupt those over `grace_s`."""
        self.stopping = True
        if not self.running or await self._wait_idle(grace_s):
            return
        for exchange in tuple(self.running):
            exchange.interrupt(StoppingError(retry_after_s=RETRY_AFTER_S))
        await self._wait_idle(_FAREWELL_S)

    async def _wait_idle(self, limit_s: float) -> bool:
        try:
            await asyncio.wait_for(self._idle.wait(), limit_s)
        except TimeoutError:
            return False
        return True


class Slot:
    """The `with` block in which a request runs."""

    def __init__(self, lifecycle: Lifecycle, exchange: Exchange) -> None:
        """Take the place when the block is entered."""
        self._lifecycle = lifecycle
        self._exchange = exchange

    def __enter__(self) -> None:
        """Raises RateLimitError when the server is full."""
        self._lifecycle.enter(self._exchange)

    def __exit__(self, *_: object) -> None:
        """Give the place back, however the block ended."""
        self._lifecycle.leave(self._exchange)
