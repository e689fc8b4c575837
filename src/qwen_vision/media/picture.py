"""Reads picture files: the header at once and cheaply, the pixels when somebody asks."""

import importlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as PillowImage

from qwen_vision.errors import ImageDecodeError
from qwen_vision.media.blob import Blob
from qwen_vision.media.colour import flatten, scalable, upright
from qwen_vision.media.exif import orientation_of
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.repair import repaired

Opener = Callable[[BinaryIO], PillowImage.Image]

# What Pillow and its codecs raise on bad files. Their words never reach a caller: they may
# hold addresses of memory or paths.
CODEC_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError,
    ArithmeticError, RuntimeError, AssertionError, MemoryError, struct.error, zlib.error,
    PillowImage.DecompressionBombError, Warning,
)  # fmt: skip
_SWAPPED = frozenset({5, 6, 7, 8})
_UPRIGHT = 1
# The decoders of these turn the picture themselves and tell its upright size.
_TURNED_BY_DECODER = frozenset({"tiff", "heic"})
# Bytes a pixel takes while it is decoded and brought to a mode that can be resized.
_WORKING_BYTES = {
    "1": 2,
    "L": 1,
    "P": 5,
    "RGB": 4,
    "CMYK": 4,
    "I;16": 5,
    "I;16B": 5,
    "I": 9,
    "F": 9,
}
_OTHER_WORKING_BYTES = 8
_RESULT_BYTES = 8


def _heif(file: BinaryIO) -> PillowImage.Image:
    # Most processes never see a HEIC, and its library is slow to load.
    plugin = importlib.import_module("pillow_heif")
    picture: PillowImage.Image = plugin.HeifImageFile(file)
    return picture


def _tiff(file: BinaryIO) -> PillowImage.Image:
    # Loaded when the first TIFF comes: it changes what the process prints.
    module = importlib.import_module("qwen_vision.media.tiff")
    picture: PillowImage.Image = module.open_tiff(file)
    return picture


def _true_colours(pixels: Pixels, profile: bytes) -> Pixels:
    # Most pictures carry no profile, and its library is slow to load.
    module = importlib.import_module("qwen_vision.media.profile")
    changed: Pixels = module.to_srgb(pixels, profile)
    return changed


# The classes are called directly, so nothing outside this list is ever tried.
_OPENERS: dict[str, Opener] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "tiff": _tiff,
    "avif": AvifImagePlugin.AvifImageFile,
    "heic": _heif,
}


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture whose header was read; its pixels are not decoded.

    `stored` is the size its decoder tells, `orientation` the EXIF orientation of the file.
    """

    blob: Blob
    format: str
    stored: Size
    orientation: int
    mode: str
    progressive: bool = False

    @property
    def scales_while_decoding(self) -> bool:
        """Whether a smaller picture needs less memory than all of its stored pixels."""
        return self.format == "jpeg" and not self.progressive

    @property
    def size(self) -> Size:
        """The upright size."""
        return _turned(self.stored, self._turn)

    @property
    def _turn(self) -> int:
        return _UPRIGHT if self.format in _TURNED_BY_DECODER else self.orientation

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file."""
        return self.blob.content_hash

    @property
    def threads(self) -> None:
        """Decoded where everything else is."""

    def working_bytes(self, target: Size) -> int:
        """Memory that decoding to `target` takes at most, roughly."""
        wanted = _turned(target, self._turn)
        decoded = _drafted(self.stored, wanted) if self.scales_while_decoding else self.stored
        each_bytes = _WORKING_BYTES.get(self.mode, _OTHER_WORKING_BYTES)
        return _area(decoded) * each_bytes + _area(target) * _RESULT_BYTES

    def decode(self, target: Size) -> Pixels:
        """Upright RGB pixels of exactly the `target` size. Blocks. Raises ImageDecodeError."""
        wanted = _turned(target, self._turn)
        box = (wanted.width_px, wanted.height_px)
        try:
            stored = self._load(box)
            profile = stored.info.get("icc_profile")
            pixels = scalable(stored)
            if pixels.size != box:
                pixels = pixels.resize(box, PillowImage.Resampling.BICUBIC, reducing_gap=3.0)
            if profile:
                pixels = _true_colours(pixels, profile)
            return upright(flatten(pixels), self._turn)
        except CODEC_ERRORS:
            raise ImageDecodeError from None

    def _load(self, box: tuple[int, int]) -> PillowImage.Image:
        with self.blob.open() as file:
            picture = _OPENERS[self.format](file)
            if picture.size != (self.stored.width_px, self.stored.height_px):
                raise ImageDecodeError
            picture.draft(None, box)
            try:
                picture.load()
            except CODEC_ERRORS:
                return self._load_repaired(box)
        return picture

    def _load_repaired(self, box: tuple[int, int]) -> PillowImage.Image:
        with self.blob.open() as file:
            whole = repaired(file.read(), format_name=self.format)
        if whole is None:
            raise ImageDecodeError
        picture = _OPENERS[self.format](whole)
        picture.draft(None, box)
        picture.load()
        return picture


def read_picture(blob: Blob, *, format_name: str, param: str) -> PictureFile:
    """The header of a picture file. Raises ImageDecodeError when it cannot be read."""
    try:
        with blob.open() as file:
            picture = _OPENERS[format_name](file)
            return PictureFile(
                blob=blob,
                format=format_name,
                stored=Size(*picture.size),
                orientation=orientation_of(picture),
                mode=picture.mode,
                progressive="progressive" in picture.info,
            )
    except CODEC_ERRORS:
        raise ImageDecodeError(param=param) from None


def _drafted(stored: Size, wanted: Size) -> Size:
    # libjpeg scales by 1, 2, 4 or 8 while decoding, never below what is wanted.
    most = min(stored.width_px // wanted.width_px, stored.height_px // wanted.height_px)
    scale = next((step for step in (8, 4, 2) if most >= step), 1)
    return Size(-(-stored.width_px // scale), -(-stored.height_px // scale))


def _turned(size: Size, orientation: int) -> Size:
    return Size(size.height_px, size.width_px) if orientation in _SWAPPED else size


def _area(size: Size) -> int:
    return size.width_px * size.height_px
