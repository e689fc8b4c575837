"""Limits: how large a model sees and takes media (dialect.md, catalogue)."""

from msgspec import Struct


class ImagePixels(Struct, frozen=True):
    """Pixel limits for a picture: default minimum and maximum, ceiling, high resolution."""

    low: int
    default: int
    ceiling: int
    high_resolution: int

    def bounds(
        self, low: int | None, high: int | None, *, high_resolution: bool = False
    ) -> tuple[int, int]:
        """Fewest and most pixels of one picture, from what the caller said of it.

        High resolution fixes the upper limit whatever `high` is. A limit given alone moves the
        other's default out of its way.
        """
        if high_resolution:
            high = self.high_resolution
        return low or min(self.low, high or self.low), high or max(self.default, low or 0)


class VideoPixels(Struct, frozen=True):
    """Pixel limits for one frame and for a whole video, and the most frames taken."""

    low: int
    lowest: int
    default: int
    ceiling: int
    total: int
    max_frames: int

    def bounds(self, low: int | None, high: int | None) -> tuple[int, int]:
        """Fewest and most pixels of one frame, from what the caller said of it.

        A limit given alone moves the other's default out of its way.
        """
        return low or min(self.low, high or self.low), high or max(self.default, low or 0)


class PixelRules(Struct, frozen=True):
    """Size rules of a family: sides are multiples of `factor`; no `video`, no videos."""

    factor: int
    image: ImagePixels
    video: VideoPixels | None = None


class MediaLimits(Struct, frozen=True, kw_only=True):
    """What a model takes in pictures and videos. Bytes, pixels and seconds as named."""

    id: str
    pixels: PixelRules
    image_url_bytes: int
    max_image_px: int | None = None
    video_bytes: int = 0
    video_seconds: tuple[float, float] = (0, 0)
    max_frame_list: int = 0

    @property
    def takes_video(self) -> bool:
        """Whether videos and frame lists are allowed."""
        return self.pixels.video is not None
