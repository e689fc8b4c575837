"""The size a model sees a picture in: arithmetic that client and server share."""

import math
from typing import Final

FRAMES_PER_PATCH: Final = 2


def fit_size(
    width_px: int, height_px: int, *, factor: int, low_px: int, high_px: float
) -> tuple[int, int]:
    """Width and height the model sees: multiples of `factor`, `low_px` to `high_px` pixels.

    Rule (dialect.md, token mathematics): both sides are rounded to multiples of `factor`,
    halves to even; if that is more than `high_px` both are scaled down and floored, if less
    than `low_px` scaled up and ceiled; a side is never under `factor`.
    """
    new_width = max(factor, round(width_px / factor) * factor)
    new_height = max(factor, round(height_px / factor) * factor)
    if new_width * new_height > high_px:
        shrink = math.sqrt(width_px * height_px / high_px)
        new_width = max(factor, math.floor(width_px / shrink / factor) * factor)
        new_height = max(factor, math.floor(height_px / shrink / factor) * factor)
    elif new_width * new_height < low_px:
        grow = math.sqrt(low_px / (width_px * height_px))
        new_width = math.ceil(width_px * grow / factor) * factor
        new_height = math.ceil(height_px * grow / factor) * factor
    return new_width, new_height


def most_frame_px(*, low_px: int, high_px: int, total_px: int, frames: int) -> float:
    """The most pixels of each of `frames` frames.

    Rule (dialect.md, video file): its own maximum or its share of the total, twice over because
    two frames share a patch, and never under 1.05 minima.
    """
    share_px = total_px / frames * FRAMES_PER_PATCH
    return max(min(high_px, share_px), int(low_px * 1.05))
