"""Image, Video and Frame: lazy handles on media that came through the door."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from PIL import Image as PillowImage

from qwen_vision.protocol.receipt import MediaReceipt

Pixels: TypeAlias = PillowImage.Image


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, upright."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One sampled picture of a video: RGB pixels and its time in seconds from the start."""

    index: int
    time_s: float
    pixels: Pixels


class Image(Protocol):
    """A picture or a page. Its header has been read and checked; its pixels have not.

    `original` is the upright size of the file, `final` the size the model sees, `tokens`
    the visual tokens of the final size with the two marks. `content_hash` is the SHA-256 of
    the bytes (and the page), computed here. `kind` tells pictures, videos and text apart.
    """

    kind: Literal["image"]
    param: str
    format: str
    original: Size
    final: Size
    tokens: int
    page: int | None

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of what the picture was made from; two equal pictures share it."""

    async def pixels(self, *, max_px: int | None = None) -> Pixels:
        """Upright RGB pixels, at most `max_px` of them (default: the final size, exactly).

        With `max_px` the picture keeps its aspect ratio and is never enlarged. Decoding runs
        in a thread. Raises ImageDecodeError.
        """

    def receipt(self) -> MediaReceipt:
        """What was done to this picture so far."""


class Video(Protocol):
    """A video file or a list of frames. Header read and checked, nothing decoded.

    `frame_times_s` are the times at which frames are taken, `final` the size of each.
    `original` is the upright size as it is to be shown; `stored` has the same height and another
    width (or, turned, another height) where the pixels of the file are not square.
    """

    kind: Literal["video"]
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

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file, or of the list of pictures."""

    def frames(self, *, max_px: int | None = None) -> AsyncIterator[Frame]:
        """Sampled frames in order, upright RGB, decoded one by one in a thread.

        Without `max_px` each has the final size, exactly. Raises VideoError.
        """

    def receipt(self) -> MediaReceipt:
        """What was done to this video so far."""


MediaItem: TypeAlias = Image | Video
