"""OpenedImage: a picture or a page that went through the door, decoded when asked."""

import asyncio
import weakref
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import UNSET

from qwen_vision.errors import ImageDecodeError
from qwen_vision.media.budget import ProcessBudget, RequestBudget
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.resize import shrink
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.telemetry.record import Work

_RGB_BYTES = 4


class PixelSource(Protocol):
    """Where the pixels of one picture come from: a file or a page."""

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of what the picture is made from."""

    @property
    def threads(self) -> Executor | None:
        """Where it is decoded; None where everything else is."""

    def working_bytes(self, target: Size) -> int:
        """Memory that decoding to `target` takes at most, roughly."""

    def decode(self, target: Size) -> Pixels:
        """Upright RGB pixels of exactly the `target` size. Blocks. Raises ImageDecodeError."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the receipt says beside sizes and tokens."""

    index: int
    kind: str
    source: str
    bytes: int
    orientation: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """The memory of the process and of the request."""

    process: ProcessBudget
    request: RequestBudget


@dataclass(slots=True, kw_only=True)
class OpenedImage:
    """An Image (see `items.Image`) over any source of pixels."""

    param: str
    format: str
    original: Size
    final: Size
    tokens: int
    page: int | None = None
    facts: Facts
    budgets: Budgets
    source: PixelSource
    kind: Literal["image"] = "image"
    stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of what the picture was made from."""
        return self.source.content_hash

    async def pixels(self, *, max_px: int | None = None) -> Pixels:
        """Upright RGB pixels: of the final size, or at most `max_px` and never enlarged.

        Waits for the process's memory. Raises ImageDecodeError, MemoryBudgetError.
        """
        target = self.final if max_px is None else shrink(self.original, max_px=max_px)
        working_bytes = self.source.working_bytes(target)
        self.budgets.request.check(working_bytes, param=self.param)
        async with self.budgets.process.hold(working_bytes):
            with Work("decode", kind="image") as decoding:
                try:
                    loop = asyncio.get_running_loop()
                    pixels = await loop.run_in_executor(
                        self.source.threads, self.source.decode, target
                    )
                except ImageDecodeError as error:
                    raise ImageDecodeError(param=self.param) from error
            self.stages_ms["decode"] = decoding.ms
        held_bytes = pixels.width * pixels.height * _RGB_BYTES
        self.budgets.request.take(held_bytes, param=self.param)
        given_back = weakref.finalize(pixels, self.budgets.request.give, held_bytes)
        given_back.atexit = False
        return pixels

    def receipt(self) -> MediaReceipt:
        """What was done to this picture so far."""
        return MediaReceipt(
            index=self.facts.index,
            param=self.param,
            kind=self.facts.kind,
            source=self.facts.source,
            format=self.format,
            bytes=self.facts.bytes,
            original_size=(self.original.width_px, self.original.height_px),
            final_size=(self.final.width_px, self.final.height_px),
            orientation=UNSET if self.facts.orientation is None else self.facts.orientation,
            tokens=self.tokens,
            page=UNSET if self.page is None else self.page,
            stages_ms=dict(self.stages_ms),
            note=UNSET if self.facts.note is None else self.facts.note,
        )
