"""Pictures made on the spot."""

import io

import pillow_heif
import pybase64
from PIL import Image

pillow_heif.register_heif_opener()
_PILLOW_NAMES = {"heic": "HEIF"}


def encoded(picture: Image.Image, format_name: str, **options: object) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, _PILLOW_NAMES.get(format_name, format_name), **options)
    return file.getvalue()


def data_uri(data: bytes, media_type: str = "image/png") -> str:
    """The file as a data URI."""
    return f"data:{media_type};base64,{pybase64.b64encode(data).decode()}"


def corners(width: int = 120, height: int = 80) -> Image.Image:
    """A grey picture whose upper left quarter is red and lower right quarter is blue."""
    picture = Image.new("RGB", (width, height), (128, 128, 128))
    picture.paste((230, 20, 20), (0, 0, width // 2, height // 2))
    picture.paste((20, 20, 230), (width // 2, height // 2, width, height))
    return picture
