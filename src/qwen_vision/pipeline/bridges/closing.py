"""Closes an engine's events when their reader is done: that is what cancels a run."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from qwen_vision.engines.base import Event


@asynccontextmanager
async def closing(events: AsyncIterator[Event]) -> AsyncIterator[AsyncIterator[Event]]:
    """The events; closed at the end of the block, however it ends, if they can be closed."""
    try:
        yield events
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
