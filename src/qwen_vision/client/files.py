"""What is known of a file before it is sent: its kind, its size, its bytes as a data URI."""

import mimetypes
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias

import pybase64

from qwen_vision.errors import FileMissingError

# Base64 grows by a third: files under 7 MB stay below the dialect's 10 MB for a data URI.
MAX_INLINE_BYTES: Final = 7 * 1024 * 1024
SCHEMES: Final = ("http://", "https://", "data:", "oss://")
IMAGE_SUFFIXES: Final = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif", ".ppm"),
)
VIDEO_SUFFIXES: Final = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv"),
    *(".mpg", ".mpeg", ".ts", ".3gp"),
)
DOCUMENT_SUFFIXES: Final = (".pdf",)
Kind: TypeAlias = Literal["image", "video", "document"]
_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF", "application/pdf"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"FLV", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
)
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif")


def is_remote(url: str) -> bool:
    """Whether a reference is a URL or data URI rather than the path of a file."""
    return url.startswith(SCHEMES)


def media_type(name: str, head: bytes) -> str:
    """MIME type of a file: from its first 16 bytes, else from its name."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "video/x-msvideo"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in _HEIC_BRANDS else "video/mp4"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def kind_of(place: str) -> Kind:
    """Whether a URL or path is a picture, a video or a document, as far as it shows; may block.

    Raises FileMissingError for a file that cannot be read.
    """
    if place.startswith("data:"):
        return kind_of_type(place[5:60])
    if is_remote(place):
        # A query may follow the name; a signed URL always has one.
        return _kind_of_suffix(PurePath(place.partition("?")[0].partition("#")[0]).suffix)
    path = Path(place)
    return kind_of_bytes(path.name, read_head(path))


def kind_of_bytes(name: str, head: bytes) -> Kind:
    """The kind of a file by its first bytes, else by its name."""
    found = media_type(name, head)
    if found.startswith(("image/", "video/", "application/pdf")):
        return kind_of_type(found)
    return _kind_of_suffix(PurePath(name).suffix)


def kind_of_type(mime: str) -> Kind:
    """The kind of a MIME type; a picture when it says nothing."""
    if mime.startswith("video/"):
        return "video"
    return "document" if mime.startswith("application/pdf") else "image"


def read_head(path: Path) -> bytes:
    """The first 16 bytes of a file; raises FileMissingError, also for one that holds none."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            # Opening a pipe that nobody writes to would wait for ever.
            raise FileMissingError(path=path, reason="it is not a regular file")
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileMissingError(path=path, reason=reason) from error
    if not head:
        raise FileMissingError(path=path, reason="it is empty")
    return head


def data_uri(data: bytes, mime: str) -> str:
    """Bytes as a `data:` URI."""
    return f"data:{mime};base64,{pybase64.b64encode_as_string(data)}"


def _kind_of_suffix(suffix: str) -> Kind:
    if suffix.lower() in VIDEO_SUFFIXES:
        return "video"
    return "document" if suffix.lower() in DOCUMENT_SUFFIXES else "image"
