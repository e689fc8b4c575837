"""Loop guard: ends an answer that only repeats itself."""

from collections.abc import AsyncIterator
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


async def guard_loops(events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The same events, ended with reason `length` once the text only repeats itself."""
    tail = ""
    news: list[str] = []
    unchecked = 0
    async with closing(events):
        async for event in events:
            yield event
            if not isinstance(event, TextDelta):
                continue
            news.append(event.text)
            unchecked += len(event.text)
            if unchecked >= _CHECK_EVERY_CHARS:
                tail = (tail + "".join(news))[-_TAIL_CHARS:]
                news.clear()
                unchecked = 0
                if repeats(tail):
                    yield Finished(reason="length", notes=(NOTE,))
                    return


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
