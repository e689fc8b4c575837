"""Memory for decoding: bounded for one request by refusal, for the process by waiting."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qwen_vision.errors import MemoryBudgetError


class ProcessBudget:
    """Bytes that all decoding of the process shares; whoever comes first goes first.

    Memory is only held while one picture is decoded and nothing else is awaited meanwhile,
    so waiting always ends. One piece larger than everything gets everything.
    """

    def __init__(self, limit_bytes: int) -> None:
        """Share `limit_bytes`."""
        self._limit_bytes = limit_bytes
        self._free_bytes = limit_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, count_bytes: int) -> AsyncIterator[None]:
        """Hold `count_bytes` inside the block, after waiting for them."""
        need_bytes = min(count_bytes, self._limit_bytes)
        await self._take(need_bytes)
        try:
            yield
        finally:
            self._give(need_bytes)

    async def _take(self, need_bytes: int) -> None:
        if not self._waiting and need_bytes <= self._free_bytes:
            self._free_bytes -= need_bytes
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((need_bytes, turn))
        try:
            await turn
        except asyncio.CancelledError:
            granted = turn.done() and not turn.cancelled()
            self._give(need_bytes if granted else 0)
            raise

    def _give(self, count_bytes: int) -> None:
        self._free_bytes += count_bytes
        while self._waiting:
            need_bytes, turn = self._waiting[0]
            if not turn.cancelled():
                if need_bytes > self._free_bytes:
                    return
                self._free_bytes -= need_bytes
                turn.set_result(None)
            self._waiting.popleft()


class RequestBudget:
    """Bytes one request holds: its files in memory and its decoded pixels while they live."""

    def __init__(self, limit_bytes: int) -> None:
        """Allow `limit_bytes`."""
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        # Pixels are given back by whichever thread drops them last, even inside `take`.
        self._lock = threading.RLock()

    def check(self, count_bytes: int, *, param: str) -> None:
        """Raise MemoryBudgetError when `count_bytes` more would be too many."""
        needed_bytes = self._held_bytes + count_bytes
        if needed_bytes > self._limit_bytes:
            raise MemoryBudgetError(
                param=param, needed_bytes=needed_bytes, limit_bytes=self._limit_bytes
            )

    def take(self, count_bytes: int, *, param: str) -> None:
        """Hold `count_bytes` more. Raises MemoryBudgetError."""
        with self._lock:
            self.check(count_bytes, param=param)
            self._held_bytes += count_bytes

    def give(self, count_bytes: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._held_bytes -= count_bytes
