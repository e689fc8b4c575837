"""OpenedVideo: a video file or a list of frames that went through the door."""

import asyncio
import time
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import UNSET

from qwen_vision.errors import MediaError
from qwen_vision.media.image import Budgets, Facts
from qwen_vision.media.items import Frame, Pixels, Size
from qwen_vision.media.progress import Watched, WatchProgress
from qwen_vision.media.resize import shrink
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.telemetry.record import Work


class FrameSource(Protocol):
    """Where the sampled frames of one video come from: a file or a list of pictures."""

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of what the video is made from."""

    @property
    def working_bytes(self) -> int:
        """Memory that decoding takes at most, roughly."""

    def decode(self, target: Size) -> Generator[Pixels, None, None]:
        """Every sampled frame, upright RGB of exactly `target`. Blocks. Raises MediaError."""


@dataclass(slots=True, kw_only=True)
class OpenedVideo:
    """A Video (see `items.Video`) over any source of frames."""

    param: str
    format: str
    original: Size
    stored: Size
    final: Size
    tokens: int
    duration_s: float
    source_fps: float
    source_frames: int
    frame_times_s: tuple[float, ...]
    facts: Facts
    budgets: Budgets
    source: FrameSource
    progress: WatchProgress | None = None
    kind: Literal["video"] = "video"
    stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file, or of the list of pictures."""
        return self.source.content_hash

    async def frames(self, *, max_px: int | None = None) -> AsyncIterator[Frame]:
        """Sampled frames in order, upright RGB, decoded one by one in a thread.

        Without `max_px` each has the final size. `progress` hears of every frame. Raises
        VideoError, MemoryBudgetError.
        """
        self._tell(0, time_s=0.0)
        target = self.final if max_px is None else shrink(self.original, max_px=max_px)
        working_bytes = self.source.working_bytes
        self.budgets.request.check(working_bytes, param=self.param)
        pixels_left = self.source.decode(target)
        step: asyncio.Future[Pixels | None] | None = None
        spent_s = 0.0
        loop = asyncio.get_running_loop()
        try:
            with Work("decode", kind="video") as decoding:
                for index, time_s in enumerate(self.frame_times_s):
                    # Held only while a frame is made: whoever looks at it may open more media.
                    async with self.budgets.process.hold(working_bytes):
                        started = time.perf_counter()
                        step = loop.run_in_executor(None, next, pixels_left, None)
                        pixels = await asyncio.shield(step)
                        spent_s += time.perf_counter() - started
                    # What the caller does with a frame is no part of it.
                    decoding.spent_s = spent_s
                    self.stages_ms["decode"] = round(spent_s * 1000, 3)
                    if pixels is None:
                        return
                    self._tell(index + 1, time_s=time_s)
                    yield Frame(index=index, time_s=time_s, pixels=pixels)
        except MediaError as error:
            raise type(error)(error.message, param=self.param) from error
        finally:
            if step is not None and not step.done():
                await asyncio.wait([step])
            await asyncio.to_thread(pixels_left.close)

    def _tell(self, frames: int, *, time_s: float) -> None:
        if self.progress is not None:
            self.progress(
                Watched(self.param, frames, len(self.frame_times_s), time_s, self.duration_s)
            )

    def receipt(self) -> MediaReceipt:
        """What was done to this video so far."""
        return MediaReceipt(
            index=self.facts.index,
            param=self.param,
            kind=self.facts.kind,
            source=self.facts.source,
            format=self.format,
            bytes=self.facts.bytes,
            original_size=(self.original.width_px, self.original.height_px),
            final_size=(self.final.width_px, self.final.height_px),
            tokens=self.tokens,
            duration_s=round(self.duration_s, 3),
            frames=len(self.frame_times_s),
            frame_times_s=[round(time_s, 3) for time_s in self.frame_times_s],
            stages_ms=dict(self.stages_ms),
            note=UNSET if self.facts.note is None else self.facts.note,
        )
