"""Sending and waiting: how files reach a remote server, and what a person sees meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import Sending
from qwen_vision.cli.output import Screen
from qwen_vision.cli.own_bucket import open_own_bucket

_BAR_CELLS = 24
_TICK_S = 1.0


class Waiting:
    """One line for a person who waits: an upload's bar, then the seconds; silent on a pipe."""

    def __init__(self, screen: Screen, words: str) -> None:
        """Begin with `words`, such as `clip.mp4: asking example.com`."""
        self._screen = screen
        self._words = words
        self._percent = -1
        self._uploading = False
        self._over = False

    def uploaded(self, name: str, sent_bytes: int, total_bytes: int) -> None:
        """Show how far an upload is, when it has moved on."""
        percent = sent_bytes * 100 // max(total_bytes, 1)
        self._uploading = sent_bytes < total_bytes
        if percent == self._percent:
            return
        self._percent = percent
        full = percent * _BAR_CELLS // 100
        bar = "█" * full + "░" * (_BAR_CELLS - full)
        self._screen.progress(
            f"{name}: uploading {bar} {percent}% of {total_bytes / 1_000_000:.1f} MB"
        )

    def end(self) -> None:
        """Say nothing more: the answer has begun."""
        self._over = True

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Count the seconds for the length of the block."""
        self._screen.progress(f"{self._words} ...")
        if not self._screen.talks_live:
            yield
            return
        clock = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            clock.cancel()

    async def _tick(self) -> None:
        seconds = 0
        while not self._over:
            await asyncio.sleep(_TICK_S)
            seconds += 1
            if not self._uploading and not self._over:
                self._screen.progress(f"{self._words} ... {seconds} s")


def sending_of(
    call: Call, waiting: Waiting, *, upload: bool | None, shrink: bool = True
) -> Sending:
    """How to send, for the options of a command; uploads are remembered between runs."""
    return Sending(
        upload=upload,
        shrink=shrink,
        remember=call.upload_memory,
        progress=waiting.uploaded,
        shelf=open_own_bucket({**call.env_file, **call.environ}),
    )
