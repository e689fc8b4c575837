"""Waiting: what a person sees until the answer begins - a bar where there is one, else seconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from qwen_vision.cli.output import Screen

if TYPE_CHECKING:
    from qwen_vision.media.progress import Watched

_BAR_CELLS = 16
_TICK_S = 1.0
# A terminal is written to no more often than an eye can follow.
_REDRAW_S = 0.1
# Thoughts that come slower than this are waited for like an answer.
_SILENCE_S = 3.0
_SENTENCE_ENDS = (".", ":", "!", "?", "。", "：", "！", "？", "\n")
# What is left is only foretold after this long: the first frames load the models too.
_FORETELL_AFTER_S = 3.0
_MEGABYTE = 1_000_000


class Waiting:
    """One line for a person who waits: uploads, then videos being watched, then the seconds.

    Silent on a pipe. `names` tells how the user calls a content part.
    """

    def __init__(
        self, screen: Screen, words: str, *, names: Mapping[str, str] | None = None
    ) -> None:
        """Begin with `words`, such as `clip.mp4: asking example.com`."""
        self._screen = screen
        self._words = words
        self._names = names or {}
        self._uploads: dict[str, tuple[int, int]] = {}
        # In full, and shorter for a narrow terminal.
        self._bar: tuple[str, ...] = ()
        self._begun_s = time.monotonic()
        self._drawn_s = 0.0
        self._thought_s = 0.0
        self._mid_sentence = False
        self._over = False

    def uploaded(self, name: str, sent_bytes: int, total_bytes: int) -> None:
        """Show how far the uploads are; several at a time share a bar."""
        self._uploads[name] = (sent_bytes, total_bytes)
        sent = sum(sent for sent, _ in self._uploads.values())
        total = sum(total for _, total in self._uploads.values())
        one = len(self._uploads) == 1
        subject = name if one else f"{len(self._uploads)} files"
        self._show(f"{subject}: uploading", sent / max(total, 1), f"of {total / _MEGABYTE:.1f} MB")
        if sent == total:
            self._bar = ()
            # The next ones are another round.
            self._uploads.clear()

    def watched(self, watched: "Watched") -> None:
        """Show how much of a video has been looked at."""
        name = self._names.get(watched.param, watched.param)
        if watched.frames == 0:
            self._begun_s = time.monotonic()
        share = watched.frames / max(watched.total_frames, 1)
        place = f"{_clock(watched.time_s)} of {_clock(watched.duration_s)}"
        self._show(f"{name}: watching", share, f"· {place}{self._left(share)}")
        if watched.frames == watched.total_frames:
            self._bar = ()

    def think(self, thought: str) -> None:
        """Leave the screen to a thought for a while; what follows it is waited for again."""
        self._thought_s = time.monotonic()
        self._mid_sentence = not thought.endswith(_SENTENCE_ENDS)

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
            self.end()

    def _show(self, subject: str, share: float, rest: str) -> None:
        if self._over:
            return
        percent = int(share * 100)
        full = percent * _BAR_CELLS // 100
        bar = "█" * full + "░" * (_BAR_CELLS - full)
        told = f"{percent}% {rest}"
        self._bar = (f"{subject} {bar} {told}", f"{bar} {told}", told)
        now_s = time.monotonic()
        if share in (0.0, 1.0) or now_s - self._drawn_s > _REDRAW_S:
            self._drawn_s = now_s
            self._screen.progress(*self._bar)

    def _left(self, share: float) -> str:
        spent_s = time.monotonic() - self._begun_s
        if spent_s < _FORETELL_AFTER_S or not 0.0 < share < 1.0:
            return ""
        return f", {_clock(spent_s * (1 - share) / share)} left"

    async def _tick(self) -> None:
        seconds = 0
        while True:
            await asyncio.sleep(_TICK_S)
            seconds += 1
            if self._over:
                return
            if self._bar:
                self._screen.progress(*self._bar)
            elif not self._has_thought():
                self._screen.progress(f"{self._words} ... {seconds} s")

    def _has_thought(self) -> bool:
        """Whether there is a thought to read, or one that stands in the middle of a sentence."""
        silent_s = time.monotonic() - self._thought_s
        return self._thought_s > 0 and (self._mid_sentence or silent_s < _SILENCE_S)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
