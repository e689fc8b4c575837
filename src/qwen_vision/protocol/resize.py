"""The size a model sees a picture in: arithmetic that client and server share."""

import math


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
