"""Shares the figures of several workers: each writes its own to a folder, any of them adds up."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from qwen_vision.telemetry.metrics import METRICS
from qwen_vision.telemetry.tally import Snapshot

# A worker that has said nothing for so long is gone: what it did counts, what it is doing not.
GONE_AFTER_S: Final = 15.0
_GAUGES: Final = frozenset(metric.name for metric in METRICS if metric.kind == "gauge")
_SUFFIX: Final = ".figures"
_DECODER: Final = msgspec.msgpack.Decoder(Snapshot)


class FiguresFolder:
    """A folder of the server's own, the same for all of its workers.

    Take the `turn` before the snapshot that is written: an older one must not come later.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        """Write to `folder` as `name`, which no other worker has or had."""
        self.turn = asyncio.Lock()
        self._folder = folder
        self._own = folder / (name + _SUFFIX)

    def write(self, snapshot: Snapshot) -> None:
        """Replace what this worker wrote before. Blocks."""
        fresh = self._own.with_suffix(".new")
        fresh.write_bytes(msgspec.msgpack.encode(snapshot))
        fresh.replace(self._own)

    def others(self, *, now_s: float) -> Iterator[Snapshot]:
        """What the other workers wrote last; of those that are gone only counters. Blocks."""
        for path in self._folder.glob("*" + _SUFFIX):
            if path == self._own:
                continue
            found = _DECODER.decode(path.read_bytes())
            if now_s - path.stat().st_mtime > GONE_AFTER_S:
                found.values = [row for row in found.values if row.metric not in _GAUGES]
            yield found


def worker_name() -> str:
    """A name for this process that no later process has, even with the same number."""
    return f"{os.getpid()}-{os.urandom(4).hex()}"
