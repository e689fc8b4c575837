"""The EXIF orientation of a picture, read without trusting the rest of the record."""

from typing import Literal

from PIL import Image as PillowImage
from PIL import TiffImagePlugin

_ORIENTATION_TAG = 0x0112
_ENTRY_BYTES = 12
_MOST_ENTRIES = 512
_SHORT = 3
_UPRIGHT = 1


def orientation_of(picture: PillowImage.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8; 1 when there is none or it makes no sense."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        value = picture.tag_v2.get(_ORIENTATION_TAG, _UPRIGHT)
    elif "original_orientation" in picture.info:  # HEIC: the decoder took it out of the record
        value = picture.info["original_orientation"]
    else:
        record = picture.info.get("exif")
        value = _read(record) if isinstance(record, bytes) else _UPRIGHT
    return value if value in range(1, 9) else _UPRIGHT


def _read(record: bytes) -> int:
    tiff = record.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"

    def number(start: int, length: int) -> int:
        return int.from_bytes(tiff[start : start + length], order)

    first = number(4, 4)
    for index in range(min(number(first, 2), _MOST_ENTRIES)):
        entry = first + 2 + index * _ENTRY_BYTES
        if number(entry, 2) == _ORIENTATION_TAG and number(entry + 2, 2) == _SHORT:
            return number(entry + 8, 2)
    return _UPRIGHT
