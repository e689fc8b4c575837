"""Pixel limits and sampling rate of one content part: the caller's values over the model's."""

from dataclasses import dataclass

from qwen_vision.errors import FpsError, PixelLimitError
from qwen_vision.media.resize import FrameLimits
from qwen_vision.protocol.limits import ImagePixels, VideoPixels
from qwen_vision.protocol.parts import (
    BoundedVideoPart,
    FramesPart,
    ImagePart,
    VideoPart,
    VideoUrl,
)

LOWEST_FPS = 0.1
HIGHEST_FPS = 10.0
DEFAULT_FPS = 2.0
FEWEST_FRAMES = 4
LOW_DETAIL_PX = 512 * 512


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """A picture is resized to at least `low_px` and at most `high_px` pixels."""

    low_px: int
    high_px: int


def image_limits(
    part: ImagePart, pixels: ImagePixels, *, high_resolution: bool, factor: int, param: str
) -> ImageLimits:
    """The limits of a picture (dialect.md, pixel parameters).

    Values beside `image_url` win over values inside. High resolution fixes the upper limit
    and ignores `max_pixels`. A limit given alone moves the other's default out of its way.
    `detail: low` is a smaller upper limit for who named none. Raises PixelLimitError.
    """
    inside = part.reference
    low = _first(part.min_pixels, inside.min_pixels)
    high = _first(part.max_pixels, inside.max_pixels)
    if high_resolution:
        high = pixels.high_resolution
    else:
        _check("max_pixels", high, low=factor**2, high=pixels.ceiling, param=param)
    _check("min_pixels", low, low=factor**2, high=high or pixels.ceiling, param=param)
    if high is None and inside.detail == "low":
        high = max(LOW_DETAIL_PX, low or 0)
    return ImageLimits(*pixels.bounds(low, high, high_resolution=high_resolution))


def frame_limits(part: VideoPart | FramesPart, pixels: VideoPixels, *, param: str) -> FrameLimits:
    """The limits of every frame and of the whole video (dialect.md, pixel parameters).

    Values beside `video_url` win over values inside. Raises PixelLimitError.
    """
    inside = _inside(part)
    low = _first(part.min_pixels, inside.min_pixels)
    high = _first(part.max_pixels, inside.max_pixels)
    total = _first(part.total_pixels, inside.total_pixels)
    _check("max_pixels", high, low=pixels.lowest, high=pixels.ceiling, param=param)
    _check("min_pixels", low, low=pixels.lowest, high=high or pixels.ceiling, param=param)
    _check("total_pixels", total, low=pixels.lowest, high=pixels.total, param=param)
    return FrameLimits(*pixels.bounds(low, high), total_px=total or pixels.total)


def frames_per_second(part: VideoPart | FramesPart, *, param: str) -> float:
    """The sampling rate of a file, or of a frame list one over its step. Raises FpsError."""
    inside = _inside(part)
    fps = inside.fps if part.fps is None else part.fps
    if fps is None:
        return DEFAULT_FPS
    if not LOWEST_FPS <= fps <= HIGHEST_FPS:
        raise FpsError(f"{FpsError.text}, got {fps}", param=f"{param}.fps")
    return fps


def most_frames(part: VideoPart | FramesPart, pixels: VideoPixels, *, param: str) -> int:
    """How many frames are taken of a file at most. Raises PixelLimitError for a bad bound."""
    asked = part.max_frames if isinstance(part, BoundedVideoPart) else None
    _check("max_frames", asked, low=FEWEST_FRAMES, high=pixels.max_frames, param=param)
    return pixels.max_frames if asked is None else asked


def _inside(part: VideoPart | FramesPart) -> VideoUrl:
    return part.reference if isinstance(part, VideoPart) else VideoUrl(url="")


def _first(beside: int | None, inside: int | None) -> int | None:
    return inside if beside is None else beside


def _check(name: str, value: int | None, *, low: int, high: int, param: str) -> None:
    if value is not None and not low <= value <= high:
        raise PixelLimitError(
            f"{PixelLimitError.text.format(name=name, low=low, high=high)}, got {value}",
            param=f"{param}.{name}",
        )
