"""Pulse: how a parent knows that its workers still turn their event loops."""

import multiprocessing
import time
from collections.abc import Iterable
from typing import Final

# A worker is looked at this often, or four times in the time it may be silent.
_LOOK_S: Final = 5.0


class Pulse:
    """A worker's last sign of life, in memory it shares with its parent: nothing can block."""

    def __init__(self) -> None:
        """Begin before the fork."""
        self._beaten_s = multiprocessing.RawValue("d", time.monotonic())

    def beat(self) -> None:
        """Give a sign of life."""
        self._beaten_s.value = time.monotonic()

    @property
    def beaten_s(self) -> float:
        """When the last sign was given, on the clock that all processes share."""
        return float(self._beaten_s.value)


class PulseWatch:
    """Finds the pulses that have stopped.

    A process that stands still because everything does (Ctrl-Z, a paused container) is none of
    them: time in which the parent did not look does not count.
    """

    def __init__(self, *, silence_s: float) -> None:
        """A pulse has stopped when it has not beaten for `silence_s`."""
        self.silence_s = silence_s
        self.look_s = min(_LOOK_S, silence_s / 4)
        self._looked_s = self._awake_since_s = time.monotonic()

    def stopped(self, pulses: Iterable[Pulse]) -> list[Pulse]:
        """Those that have stopped; ask at least every `look_s`."""
        now_s = time.monotonic()
        if now_s - self._looked_s > 2 * self.look_s:
            self._awake_since_s = now_s
        self._looked_s = now_s
        return [
            pulse
            for pulse in pulses
            if now_s - max(pulse.beaten_s, self._awake_since_s) > self.silence_s
        ]
