"""Pictures drawn for the tests, carried by a handle as the media door would carry them."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.media.items import Frame, Pixels, Size
from qwen_vision.protocol.receipt import MediaReceipt


class Drawn:
    """An Image whose pixels were drawn in memory; `looks` counts how often it was decoded."""

    def __init__(self, pixels: Pixels) -> None:
        self.kind: Literal["image"] = "image"
        self.param = "messages[0].content[0]"
        self.format = "PNG"
        self.original = self.final = Size(*pixels.size)
        self.tokens = 66
        self.page: int | None = None
        self.looks = 0
        self._pixels = pixels.convert("RGB")

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(repr(self._pixels.size).encode() + self._pixels.tobytes()).hexdigest()

    async def pixels(self, *, max_px: int | None = None) -> Pixels:
        self.looks += 1
        width, height = self._pixels.size
        scale = min(1.0, (max_px / (width * height)) ** 0.5) if max_px else 1.0
        return self._pixels.resize((round(width * scale), round(height * scale)))

    def receipt(self) -> MediaReceipt:
        return MediaReceipt(index=0, param=self.param, kind="image", source="memory")


class Film:
    """A Video whose frames were drawn in memory, `fps` of them each second."""

    def __init__(self, frames: Sequence[Pixels], *, fps: float = 2.0) -> None:
        self.kind: Literal["video"] = "video"
        self.param = "messages[0].content[0]"
        self.format = "MP4"
        self.original = self.stored = self.final = Size(*frames[0].size)
        self.tokens = 66
        self.duration_s = len(frames) / fps
        self.source_fps = fps
        self.source_frames = len(frames)
        self.frame_times_s = tuple(index / fps for index in range(len(frames)))
        self._frames = frames

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(b"".join(frame.tobytes() for frame in self._frames)).hexdigest()

    async def frames(self, *, max_px: int | None = None) -> AsyncIterator[Frame]:
        for index, pixels in enumerate(self._frames):
            yield Frame(index, self.frame_times_s[index], pixels)

    def receipt(self) -> MediaReceipt:
        return MediaReceipt(index=0, param=self.param, kind="video", source="memory")


class Sketch:
    """A sheet to write and draw on."""

    def __init__(self, width_px: int, height_px: int, *, ground: str = "white") -> None:
        self.pixels = PillowImage.new("RGB", (width_px, height_px), ground)
        self.draw = ImageDraw.Draw(self.pixels)

    def write(
        self, text: str, at: tuple[int, int], *, size_px: int = 24, ink: str = "black"
    ) -> "Sketch":
        self.draw.text(at, text, fill=ink, font=ImageFont.load_default(size_px))
        return self

    def lines(
        self, texts: Sequence[str], at: tuple[int, int], *, size_px: int = 24, step_px: int = 36
    ) -> "Sketch":
        for number, text in enumerate(texts):
            self.write(text, (at[0], at[1] + number * step_px), size_px=size_px)
        return self

    def turned(self, turn_deg: int) -> Drawn:
        """The sheet, turned clockwise."""
        return Drawn(self.pixels.rotate(-turn_deg, expand=True))

    @property
    def image(self) -> Drawn:
        return Drawn(self.pixels)


EXAMPLES = Path(__file__).parents[3] / "examples"


def _example(name: str) -> Drawn:
    with PillowImage.open(EXAMPLES / name) as file:
        return Drawn(file)


@pytest.fixture
def example() -> Callable[[str], Drawn]:
    """A picture of the folder `examples` by its file name."""
    return _example


@pytest.fixture
def sketch() -> type[Sketch]:
    return Sketch


@pytest.fixture
async def eyes() -> AsyncIterator[Eyes]:
    eyes = Eyes()
    yield eyes
    await eyes.aclose()


@pytest.fixture
def film() -> type[Film]:
    return Film
