"""Content parts: what a message may be made of (dialect.md, messages)."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

Detail: TypeAlias = Literal["auto", "low", "high"]


class CacheControl(Struct, omit_defaults=True):
    """A marker of the explicit context cache; accepted on any part."""

    type: str = "ephemeral"


class ImageUrl(Struct, omit_defaults=True):
    """Where a picture is: an http(s) URL, a data URI or `oss://`; limits in pixels."""

    url: str
    detail: Detail | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None


class VideoUrl(Struct, omit_defaults=True):
    """Where a video is; `fps` is the sampling rate in frames per second."""

    url: str
    fps: float | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None


class AudioInput(Struct, omit_defaults=True):
    """Audio data; known to the dialect, taken by no vision model."""

    data: str
    format: str | None = None


class TextPart(Struct, tag_field="type", tag="text", omit_defaults=True):
    """A piece of text."""

    text: str
    cache_control: CacheControl | None = None


class ImagePart(Struct, tag_field="type", tag="image_url", omit_defaults=True):
    """A picture; limits beside `image_url` win over limits inside."""

    image_url: ImageUrl | str
    min_pixels: int | None = None
    max_pixels: int | None = None
    pages: str | None = None
    cache_control: CacheControl | None = None

    @property
    def reference(self) -> ImageUrl:
        """Where the picture is, in either way of writing it."""
        return ImageUrl(self.image_url) if isinstance(self.image_url, str) else self.image_url


class VideoPart(Struct, tag_field="type", tag="video_url", omit_defaults=True):
    """A video file; values beside `video_url` win over values inside."""

    video_url: VideoUrl | str
    fps: float | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None
    cache_control: CacheControl | None = None

    @property
    def reference(self) -> VideoUrl:
        """Where the video is, in either way of writing it."""
        return VideoUrl(self.video_url) if isinstance(self.video_url, str) else self.video_url


class BoundedVideoPart(VideoPart, tag_field="type", tag="video_url", omit_defaults=True):
    """A video file of which at most `max_frames` frames are taken.

    Only the native dialect can say so; a compatible body never becomes one of these.
    """

    max_frames: int | None = None


class FramesPart(Struct, tag_field="type", tag="video", omit_defaults=True):
    """A video as a list of pictures, one every 1/fps seconds."""

    video: list[str]
    fps: float | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None
    cache_control: CacheControl | None = None


class AudioPart(Struct, tag_field="type", tag="input_audio", omit_defaults=True):
    """Audio; refused by every vision model."""

    input_audio: AudioInput


ContentPart: TypeAlias = TextPart | ImagePart | VideoPart | FramesPart | AudioPart


def media_urls(part: ContentPart) -> Sequence[str]:
    """The references of a part to media: one, or one for each frame of a list."""
    match part:
        case ImagePart() | VideoPart():
            return (part.reference.url,)
        case FramesPart():
            return part.video
        case _:
            return ()
