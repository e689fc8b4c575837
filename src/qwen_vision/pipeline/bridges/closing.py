"""Closes an engine's events when their reader is done: that is what cancels a run."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class closing(Generic[_Item]):  # noqa: N801 - named like contextlib's, which this is for events
    """The events; closed at the end of the block, however it ends, if they can be closed."""

    def __init__(self, events: AsyncIterator[_Item]) -> None:
        self._events = events

    async def __aenter__(self) -> AsyncIterator[_Item]:
        """Nothing is read yet."""
        return self._events

    async def __aexit__(self, *_: object) -> None:
        """Close what can be closed."""
        if isinstance(self._events, AsyncGenerator):
            await self._events.aclose()
