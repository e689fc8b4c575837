"""`GET /metrics`: what all workers have counted, and how things stand now."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen_vision import __version__
from qwen_vision.engines.base import Measured
from qwen_vision.errors import StorageError
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.storage.store import UploadStore
from qwen_vision.telemetry import metrics as metric
from qwen_vision.telemetry.metrics import METRICS, Figure
from qwen_vision.telemetry.page import CONTENT_TYPE, write_page
from qwen_vision.telemetry.record import STAGES
from qwen_vision.telemetry.shared import FiguresFolder
from qwen_vision.telemetry.tally import Snapshot, Tally, Total

_log = logging.getLogger(__name__)
# How old the figures of another worker may be.
_SHARE_EVERY_S: Final = 1.0
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures of one worker are; `folder` is where those of the others are."""

    tally: Tally
    pipeline: Pipeline
    lifecycle: Lifecycle
    store: UploadStore | None
    folder: FiguresFolder | None = None


class MetricsRoute:
    """Answers with the figures of all workers, whichever of them is asked."""

    def __init__(self, sources: Sources) -> None:
        """Tell what `sources` say."""
        self._sources = sources

    async def show(self, exchange: Exchange) -> None:
        """Answer in Prometheus's text format."""
        folder = self._sources.folder
        if folder is None:
            page = write_page(Total(METRICS, (await _snapshot(self._sources),)))
        else:
            async with folder.turn:
                own = await _snapshot(self._sources)
                page = await asyncio.to_thread(_page_of_all, own, folder)
        await exchange.answer(page, content_type=CONTENT_TYPE)


def _page_of_all(own: Snapshot, folder: FiguresFolder) -> bytes:
    # Written down before it is told: the next page, of another worker, must not say less.
    folder.write(own)
    return write_page(Total(METRICS, (own, *folder.others(now_s=time.time()))))


@asynccontextmanager
async def sharing(sources: Sources) -> AsyncIterator[None]:
    """While the block runs, the other workers can read this one's figures."""
    if sources.folder is None:
        yield
        return
    writer = asyncio.create_task(_share(sources, sources.folder))
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.wait((writer,))
        await _write(sources, sources.folder)


async def _share(sources: Sources, folder: FiguresFolder) -> None:
    while True:
        await _write(sources, folder)
        await asyncio.sleep(_SHARE_EVERY_S)


async def _write(sources: Sources, folder: FiguresFolder) -> None:
    try:
        async with folder.turn:
            snapshot = sources.tally.snapshot(_figures(sources))
            await asyncio.to_thread(folder.write, snapshot)
    except OSError as error:
        _log.warning("The figures of this worker could not be shared: %s", error.strerror)


async def _snapshot(sources: Sources) -> Snapshot:
    figures = list(_figures(sources))
    if sources.store is not None:
        figures.append(Figure(metric.STORAGE_QUOTA, sources.store.settings.quota_bytes))
        try:
            figures.append(Figure(metric.STORAGE_BYTES, await sources.store.kept_bytes()))
        except StorageError as error:
            _log.warning("The temporary storage does not say how full it is: %s", error)
    return sources.tally.snapshot(figures)


def _figures(sources: Sources) -> Iterator[Figure]:
    """How things stand in this worker."""
    yield Figure(metric.BUILD, 1, (__version__,))
    yield Figure(metric.WORKERS, 1)
    yield Figure(metric.CPU_SECONDS, time.process_time())
    if _STATM.is_file():
        pages = int(_STATM.read_text().split()[1])
        yield Figure(metric.RESIDENT_BYTES, pages * os.sysconf("SC_PAGE_SIZE"))
    lifecycle = sources.lifecycle
    yield Figure(metric.SLOTS, lifecycle.max_concurrent)
    yield Figure(metric.SLOTS_TAKEN, len(lifecycle.running))
    stages = [exchange.record.stage for exchange in lifecycle.running]
    for name in STAGES:
        yield Figure(metric.IN_FLIGHT, stages.count(name), (name,))
    for engine in sources.pipeline.engines:
        if isinstance(engine, Measured):
            yield from engine.figures()
