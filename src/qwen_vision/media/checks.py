"""Refuses pictures by their size before any pixel is decoded."""

from dataclasses import dataclass

from qwen_vision.errors import AspectRatioError, ImageSizeError, SmallImageError
from qwen_vision.media.items import Size
from qwen_vision.media.picture import PictureFile

MOST_SIDE_RATIO = 200
TOO_SMALL_SIDE_PX = 10
UHD_4K_PX = 3840 * 2160
# All pixels of these have to be decoded at once: a quarter of a gigabyte at most.
WHOLE_DECODE_PX = 48 * 1024 * 1024
_LARGE_FORMATS = frozenset({"jpeg", "png"})


@dataclass(frozen=True, slots=True)
class SizeRules:
    """The server's own limit, and whether the dialect's limits hold too, `model_px` included.

    A caller at this machine is only bound by what the machine decodes.
    """

    max_decode_px: int
    dialect: bool
    model_px: int | None = None


def check_picture_size(file: PictureFile, *, rules: SizeRules, param: str) -> None:
    """Check a picture against the rules of the dialect (dialect.md, media limits).

    Raises SmallImageError, AspectRatioError, ImageSizeError.
    """
    check_shape(file.size, param=param)
    limit_px = rules.max_decode_px
    if not file.scales_while_decoding:
        limit_px = min(limit_px, WHOLE_DECODE_PX)
    if rules.dialect and file.format not in _LARGE_FORMATS:
        limit_px = min(limit_px, UHD_4K_PX)
    if rules.dialect and rules.model_px is not None:
        limit_px = min(limit_px, rules.model_px)
    if file.size.width_px * file.size.height_px > limit_px:
        raise ImageSizeError(param=param)


def check_shape(size: Size, *, param: str) -> None:
    """Check sides and their ratio. Raises SmallImageError, AspectRatioError."""
    short, long = sorted((size.width_px, size.height_px))
    if short <= TOO_SMALL_SIDE_PX:
        raise SmallImageError(param=param, height=size.height_px, width=size.width_px)
    if long / short > MOST_SIDE_RATIO:
        raise AspectRatioError(param=param, ratio=long / short)
