"""Writes chunks as server-sent events; what is ready together goes out together."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from qwen_vision.pipeline.pipeline import Run
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.server.exchange import Exchange

# Beyond this the engine waits for a caller who reads slowly.
MAX_WAITING_EVENTS: Final = 256


class Outbox:
    """Events on their way from the engine's task to the task that writes."""

    def __init__(self, encode: Callable[[Chunk], bytes]) -> None:
        self._encode = encode
        self._events: list[bytes] = []
        self._ready = asyncio.Event()
        self._room = asyncio.Event()

    async def fill(self, chunks: AsyncGenerator[Chunk, None]) -> None:
        """Take every chunk of a run; closes the run, also when cancelled."""
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    event = self._encode(chunk)
                    if not event:
                        continue
                    self._events.append(event)
                    self._ready.set()
                    if len(self._events) >= MAX_WAITING_EVENTS:
                        self._room.clear()
                        await self._room.wait()
        finally:
            self._ready.set()

    async def take(self) -> bytes:
        """All events that wait; empty when the run ended with none left."""
        await self._ready.wait()
        self._ready.clear()
        piece = b"".join(self._events)
        self._events.clear()
        self._room.set()
        return piece


async def write_stream(
    exchange: Exchange, run: Run, *, encode: Callable[[Chunk], bytes], end: bytes
) -> None:
    """Send a run as an event stream, `end` behind it; `encode` makes an event or nothing.

    Headers go out with the first event, so that an error before it is still an HTTP error.
    """
    if run.comes_in_batches:
        await _write_batches(exchange, run, encode=encode, end=end)
    else:
        await _write_collected(exchange, run, encode=encode, end=end)


async def _write_batches(
    exchange: Exchange, run: Run, *, encode: Callable[[Chunk], bytes], end: bytes
) -> None:
    """What came together goes out together, without a second task to put it together."""
    async with aclosing(run.batches()) as batches:
        async for chunks in batches:
            piece = b"".join([encode(chunk) for chunk in chunks])
            if run.ended:
                piece += end
            if piece and not exchange.started:
                await exchange.open_stream()
            if run.ended:
                await exchange.close_stream(piece)
            elif piece:
                await exchange.write(piece)


async def _write_collected(
    exchange: Exchange, run: Run, *, encode: Callable[[Chunk], bytes], end: bytes
) -> None:
    """What an engine says while a piece is written goes out in the next one."""
    outbox = Outbox(encode)
    engine = asyncio.create_task(outbox.fill(run.chunks()))
    try:
        while True:
            piece = await outbox.take()
            if engine.done() and engine.exception() is None:
                piece += end
            if piece and not exchange.started:
                await exchange.open_stream()
            if not engine.done():
                await exchange.write(piece)
            elif engine.exception() is None:
                await exchange.close_stream(piece)
                return
            else:
                if piece:
                    await exchange.write(piece)
                engine.result()
    finally:
        if not engine.done():
            engine.cancel()
            await asyncio.wait((engine,))
