"""Refuses pictures by their size before any pixel is decoded."""

from dataclasses import dataclass

from qwen_vision.errors import AspectRatioError, ImageSizeError, SmallImageError
from qwen_vision.media.items import Size

MOST_SIDE_RATIO = 200
TOO_SMALL_SIDE_PX = 10
UHD_4K_PX = 3840 * 2160
_LARGE_FORMATS = frozenset({"jpeg", "png"})


@dataclass(frozen=True, slots=True)
class SizeRules:
    """The server's own limit, and whether the dialect's limits hold too.

    A caller at this machine is only bound by what the machine decodes.
    """

    max_decode_px: int
    dialect: bool


def check_picture_size(size: Size, *, format_name: str, rules: SizeRules, param: str) -> None:
    """Check an upright size against the rules of the dialect (dialect.md, media limits).

    Raises SmallImageError, AspectRatioError, ImageSizeError.
    """
    check_shape(size, param=param)
    area_px = size.width_px * size.height_px
    if area_px > _most_px(format_name, rules):
        raise ImageSizeError(param=param)


def check_shape(size: Size, *, param: str) -> None:
    """Check sides and their ratio. Raises SmallImageError, AspectRatioError."""
    short, long = sorted((size.width_px, size.height_px))
    if short <= TOO_SMALL_SIDE_PX:
        raise SmallImageError(param=param, height=size.height_px, width=size.width_px)
    if long / short > MOST_SIDE_RATIO:
        raise AspectRatioError(param=param, ratio=long / short)


def _most_px(format_name: str, rules: SizeRules) -> int:
    limit_px = rules.max_decode_px
    if rules.dialect and format_name not in _LARGE_FORMATS:
        limit_px = min(limit_px, UHD_4K_PX)
    return limit_px
