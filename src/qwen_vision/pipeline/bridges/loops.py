"""Loop guard: ends an answer that only repeats itself."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from qwen_vision.engines.base import Event, Finished, TextDelta
from qwen_vision.pipeline.bridges.closing import closing

NOTE: Final = "The answer began to repeat itself and was ended."
# A table may repeat a short cell many times; ten times and a thousand characters is no table.
_MIN_REPEATS: Final = 10
_MIN_CHARS: Final = 1000
_TAIL_CHARS: Final = 4000
_CHECK_EVERY_CHARS: Final = 200
_PROBE_CHARS: Final = 40


class LoopGuard:
    """Listens to an answer until it only repeats itself."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self._tail = ""
        self._news: list[str] = []
        self._unchecked = 0

    def hears_loop(self, events: Iterable[Event]) -> bool:
        """Whether the text up to these events ends in a loop; looks now and then."""
        for event in events:
            if isinstance(event, TextDelta):
                self._news.append(event.text)
                self._unchecked += len(event.text)
        if self._unchecked < _CHECK_EVERY_CHARS:
            return False
        self._tail = (self._tail + "".join(self._news))[-_TAIL_CHARS:]
        self._news.clear()
        self._unchecked = 0
        return repeats(self._tail)


async def guard_loops(events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The same events, ended with reason `length` once the text only repeats itself."""
    guard = LoopGuard()
    async with closing(events):
        async for event in events:
            yield event
            if guard.hears_loop((event,)):
                yield Finished(reason="length", notes=(NOTE,))
                return


async def guard_batches(batches: AsyncIterator[Sequence[Event]]) -> AsyncIterator[Sequence[Event]]:
    """As `guard_loops`, for events in lists."""
    guard = LoopGuard()
    async with closing(batches):
        async for events in batches:
            if not isinstance(events[-1], Finished) and guard.hears_loop(events):
                yield [*events, Finished(reason="length", notes=(NOTE,))]
                return
            yield events


def repeats(text: str) -> bool:
    """Whether the end of `text` is one passage said over and over."""
    probe = text[-_PROBE_CHARS:]
    earlier = text.rfind(probe, 0, len(text) - 1)
    if len(probe) < _PROBE_CHARS or earlier < 0:
        return False
    period = len(text) - _PROBE_CHARS - earlier
    count = max(_MIN_REPEATS, -(-_MIN_CHARS // period))
    passage = text[-period:]
    return text.endswith(passage * count)
