"""Shrinks a picture to what the model will look at, so that no byte travels in vain."""

import importlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qwen_vision.protocol.limits import PixelRules
from qwen_vision.protocol.resize import fit_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

# Below this, sending costs less than decoding and encoding again.
SHRINK_FROM_BYTES: Final = 256 * 1024
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
# Above this many pixels a decoder could take more memory than a client should.
_MAX_DECODE_PX: Final = 134_217_728
_JPEG_QUALITY: Final = 95
_KEPT_MODES: Final = ("RGB", "L")
# What Pillow raises on bytes it cannot make sense of.
_BROKEN: Final = (OSError, SyntaxError, ValueError)


@dataclass(frozen=True, slots=True)
class Sight:
    """How many pixels of a picture a model looks at."""

    rules: PixelRules
    min_pixels: int | None = None
    max_pixels: int | None = None
    high_resolution: bool = False

    def smaller(self, width_px: int, height_px: int) -> tuple[int, int] | None:
        """Width and height the model sees of a picture with more pixels than it looks at.

        None for one that has no more: rounding a side is not worth encoding it again.
        """
        low_px, high_px = self.rules.image.bounds(
            self.min_pixels, self.max_pixels, high_resolution=self.high_resolution
        )
        if width_px * height_px <= high_px:
            return None
        return fit_size(
            width_px, height_px, factor=self.rules.factor, low_px=low_px, high_px=high_px
        )


def shrink_file(source: Path | bytes, *, size_bytes: int, sight: Sight) -> tuple[bytes, str] | None:
    """The picture in exactly the size the model sees, and its MIME type; blocks.

    None when the file shall travel as it is: it is small in bytes or pixels, in a format
    with several pictures or none Pillow knows, broken, or would not become smaller.
    """
    if size_bytes < SHRINK_FROM_BYTES:
        return None
    with _opened(source) as picture:
        size = None if picture is None else sight.smaller(*_upright_size(picture))
        if picture is None or size is None:
            return None
        found = _encoded(picture, size)
    return found if found is not None and len(found[0]) < size_bytes else None


def shrink_upright(
    source: Path | bytes, *, size: tuple[int, int], target: tuple[int, int]
) -> bytes | None:
    """A picture of upright `size` in `target` size; None when it is none or cannot be shrunk."""
    with _opened(source) as picture:
        if picture is None or _upright_size(picture) != size:
            return None
        found = _encoded(picture, target)
    return None if found is None else found[0]


@contextmanager
def _opened(source: Path | bytes) -> "Iterator[Image.Image | None]":
    """A picture whose pixels are not read yet; None for one that shall travel as it is.

    That is one with too many pixels, several pictures, or a format that is not known.
    """
    pillow = _pillow()
    try:
        opened = pillow.open(
            source if isinstance(source, Path) else io.BytesIO(source), formats=_FORMATS
        )
        too_large = opened.width * opened.height > _MAX_DECODE_PX
        as_it_is = too_large or _is_series(opened)
        # Read now, so that a broken header is found out here.
        opened.getexif()
    except (*_BROKEN, pillow.DecompressionBombError):
        # What cannot be read here is the server's to judge.
        yield None
        return
    with opened as picture:
        yield None if as_it_is else picture


def _encoded(picture: "Image.Image", size: tuple[int, int]) -> tuple[bytes, str] | None:
    lossless = picture.format not in ("JPEG", "WEBP")
    try:
        return encode(_resized(picture, size), lossless=lossless)
    except (*_BROKEN, _pillow().DecompressionBombError):
        return None


def upright_size(source: Path | bytes) -> tuple[int, int] | None:
    """Width and height of a picture as a viewer shows it; None for what Pillow cannot read."""
    pillow = _pillow()
    try:
        with pillow.open(source if isinstance(source, Path) else io.BytesIO(source)) as picture:
            return _upright_size(picture)
    except (*_BROKEN, pillow.DecompressionBombError):
        return None


def encode_picture(picture: "Image.Image", *, sight: Sight | None) -> tuple[bytes, str]:
    """The bytes of a Pillow picture and their MIME type; shrunk when `sight` says how; blocks."""
    size = None if sight is None else sight.smaller(*_upright_size(picture))
    return encode(picture if size is None else _resized(picture, size), lossless=True)


def picture_of_array(array: object) -> "Image.Image":
    """A Pillow picture of an array (height x width, x 3 or x 4; 8-bit); raises ValueError."""
    try:
        picture: Image.Image = _pillow().fromarray(array)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return picture


def encode(picture: "Image.Image", *, lossless: bool) -> tuple[bytes, str]:
    """The bytes of a picture and their MIME type."""
    if not lossless and picture.mode not in _KEPT_MODES:
        picture = picture.convert("RGB")
    if lossless and picture.mode not in (*_KEPT_MODES, "RGBA", "LA", "P", "1", "I;16"):
        picture = picture.convert("RGB")
    out = io.BytesIO()
    more: dict[str, Any] = {"compress_level": 3} if lossless else {"quality": _JPEG_QUALITY}
    profile = picture.info.get("icc_profile")
    if profile:
        more["icc_profile"] = profile
    picture.save(out, "PNG" if lossless else "JPEG", **more)
    return out.getvalue(), "image/png" if lossless else "image/jpeg"


def _resized(picture: "Image.Image", size: tuple[int, int]) -> "Image.Image":
    """The picture upright and in exactly `size`."""
    # A JPEG is decoded at half or a quarter of its size when that is enough.
    picture.draft(None, (size[1], size[0]) if _is_turned(picture) else size)
    upright: Image.Image = importlib.import_module("PIL.ImageOps").exif_transpose(picture)
    if upright.mode in ("P", "1"):
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    return upright.resize(size, _pillow().Resampling.BICUBIC)


def _upright_size(picture: "Image.Image") -> tuple[int, int]:
    width, height = picture.size
    return (height, width) if _is_turned(picture) else (width, height)


def _is_turned(picture: "Image.Image") -> bool:
    return int(picture.getexif().get(0x0112, 1)) in (5, 6, 7, 8)


def _is_series(picture: "Image.Image") -> bool:
    return int(getattr(picture, "n_frames", 1)) > 1


def _pillow() -> Any:  # noqa: ANN401 - the module PIL.Image
    # Most callers send files as they are; whoever shrinks pays for the import.
    return importlib.import_module("PIL.Image")
