"""Sizes, frame counts and visual tokens: the arithmetic of the dialect, no files."""

import math
from dataclasses import dataclass

from qwen_vision.media.items import Size
from qwen_vision.protocol.resize import FRAMES_PER_PATCH, fit_size, most_frame_px

MARK_TOKENS = 2
"""The marks before and after every picture and video."""

MIN_FRAMES = 4


def fit(size: Size, *, factor: int, low_px: int, high_px: float) -> Size:
    """The size the model sees; the rule is that of `fit_size`."""
    return Size(
        *fit_size(size.width_px, size.height_px, factor=factor, low_px=low_px, high_px=high_px)
    )


def image_tokens(size: Size, *, factor: int) -> int:
    """Visual tokens of a picture of the final `size`, with the two marks."""
    return size.width_px * size.height_px // factor**2 + MARK_TOKENS


def video_tokens(size: Size, *, factor: int, frames: int) -> int:
    """Visual tokens of `frames` frames of the final `size`; two frames share one patch."""
    patches = math.ceil(frames / FRAMES_PER_PATCH)
    return patches * (size.width_px // factor) * (size.height_px // factor) + MARK_TOKENS


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Pixel limits of one frame (`low_px`, `high_px`) and of the whole video (`total_px`)."""

    low_px: int
    high_px: int
    total_px: int


def fit_frames(size: Size, *, factor: int, frames: int, limits: FrameLimits) -> Size:
    """The size of each of `frames` frames; the rule is that of `most_frame_px`."""
    most_px = most_frame_px(
        low_px=limits.low_px, high_px=limits.high_px, total_px=limits.total_px, frames=frames
    )
    return fit(size, factor=factor, low_px=limits.low_px, high_px=most_px)


def sampled_count(*, total: int, source_fps: float, fps: float, max_frames: int) -> int:
    """How many frames of a video of `total` frames are looked at.

    Rule (dialect.md, video file): the length in frames is recomputed from the length in
    seconds, whole seconds only unless the rest is over one sampling step; the count is then
    at least 4, at most `max_frames` rounded down to even, and never over the length.
    """
    duration_s = total / source_fps
    rest_s = duration_s - int(duration_s)
    counted_s = duration_s if rest_s > 1 / fps else int(duration_s)
    # Rounded up from a product of floats, it could be one more than there are.
    counted = min(math.ceil(counted_s * source_fps), total) or total
    wanted = counted / source_fps * fps
    highest = max_frames // FRAMES_PER_PATCH * FRAMES_PER_PATCH
    return max(1, int(min(min(max(wanted, MIN_FRAMES), highest), counted)))


def shrink(size: Size, *, max_px: int) -> Size:
    """`size` with its aspect ratio kept and at most `max_px` pixels; never enlarged."""
    width, height = size.width_px, size.height_px
    if width * height <= max_px:
        return size
    ratio = math.sqrt(max_px / (width * height))
    new_width = max(1, math.floor(width * ratio))
    new_height = max(1, math.floor(height * ratio))
    # A long thin picture: the side that cannot go under 1 leaves its share to the other.
    return Size(
        min(new_width, max_px // new_height or 1), min(new_height, max_px // new_width or 1)
    )
