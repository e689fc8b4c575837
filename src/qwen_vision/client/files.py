"""Turns local files named in a request into data URIs a server takes."""

import mimetypes
from pathlib import Path

import msgspec
import pybase64

from qwen_vision.errors import FileMissingError, FileTooLargeError
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, ImageUrl, VideoPart
from qwen_vision.protocol.request import ChatRequest

# Base64 grows by a third: files under 7 MB stay below the dialect's 10 MB for a data URI.
MAX_FILE_BYTES = 7 * 1024 * 1024
_REMOTE = ("http://", "https://", "data:", "oss://")
_MAGIC = (
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
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif")


def is_remote(url: str) -> bool:
    """Whether a reference is a URL or data URI rather than the path of a file."""
    return url.startswith(_REMOTE)


def names_oss(request: ChatRequest) -> bool:
    """Whether any media reference is an uploaded `oss://` object."""
    return any(url.startswith("oss://") for url in _references(request))


def names_files(request: ChatRequest) -> bool:
    """Whether any media reference is the path of a local file."""
    return any(not is_remote(url) for url in _references(request))


def inline_files(request: ChatRequest) -> ChatRequest:
    """The request with every local path replaced by a data URI; reads files, so it blocks.

    Raises FileMissingError and FileTooLargeError with the path of the content part.
    """
    messages = [
        _inline_message(message, at=f"messages[{index}]")
        for index, message in enumerate(request.messages)
    ]
    return msgspec.structs.replace(request, messages=messages)


def data_uri(path: Path, *, param: str | None = None) -> str:
    """A file's bytes as a `data:` URI.

    Raises FileMissingError when it cannot be read and FileTooLargeError from 7 MB on.
    """
    try:
        size_bytes = path.stat().st_size
        data = path.read_bytes() if size_bytes < MAX_FILE_BYTES else b""
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileMissingError(path=path, reason=reason, param=param) from error
    if size_bytes >= MAX_FILE_BYTES:
        raise FileTooLargeError(
            f"'{path}' has {size_bytes} bytes; a file sent inside a request must be under "
            f"{MAX_FILE_BYTES} (7 MB). Put it on a web server and give its URL, make it "
            "smaller, or answer on this machine with --engine local.",
            param=param,
        )
    return f"data:{media_type(path, data[:16])};base64,{pybase64.b64encode_as_string(data)}"


def media_type(path: Path, head: bytes) -> str:
    """MIME type of a file: from its first bytes, else from its name."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "video/x-msvideo"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in _HEIC_BRANDS else "video/mp4"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _references(request: ChatRequest) -> list[str]:
    found: list[str] = []
    for message in request.messages:
        for part in message.content if isinstance(message.content, list) else ():
            match part:
                case ImagePart(image_url=place):
                    found.append(place if isinstance(place, str) else place.url)
                case VideoPart(video_url=clip):
                    found.append(clip if isinstance(clip, str) else clip.url)
                case FramesPart(video=frames):
                    found += frames
                case _:
                    pass
    return found


def _inline_message(message: Message, *, at: str) -> Message:
    if not isinstance(message.content, list):
        return message
    content = [
        _inline_part(part, param=f"{at}.content[{index}]")
        for index, part in enumerate(message.content)
    ]
    return msgspec.structs.replace(message, content=content)


def _inline_part(part: ContentPart, *, param: str) -> ContentPart:
    match part:
        case ImagePart(image_url=place):
            image = ImageUrl(url=place) if isinstance(place, str) else place
            url = _inline(image.url, param=param)
            return msgspec.structs.replace(part, image_url=msgspec.structs.replace(image, url=url))
        case VideoPart(video_url=str(url)):
            return msgspec.structs.replace(part, video_url=_inline(url, param=param))
        case VideoPart(video_url=clip) if not isinstance(clip, str):
            url = _inline(clip.url, param=param)
            return msgspec.structs.replace(part, video_url=msgspec.structs.replace(clip, url=url))
        case FramesPart(video=frames):
            return msgspec.structs.replace(
                part, video=[_inline(url, param=param) for url in frames]
            )
        case _:
            return part


def _inline(url: str, *, param: str) -> str:
    return url if is_remote(url) else data_uri(Path(url.removeprefix("file://")), param=param)
