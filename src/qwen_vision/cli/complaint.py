"""Complaint: one line that says what went wrong, where, and what to do next."""

from collections.abc import Mapping
from errno import EDQUOT, EFBIG, EIO, ENOSPC

from qwen_vision.errors import (
    DownloadError,
    DownloadRefusedError,
    ImageFormatError,
    ImageSizeError,
    MediaFormatError,
    ModelNotFoundError,
    QwenVisionError,
    RemoteError,
    VideoError,
)

# The dialect's own words name none.
_FORMATS = (
    "Pictures may be JPEG, PNG, WEBP, HEIC, AVIF, BMP, TIFF or GIF, documents PDF, videos MP4, "
    "MOV, MKV, AVI, FLV or WMV."
)
_FULL = (ENOSPC, EDQUOT, EFBIG, EIO)
_STEPS = (
    ((ImageFormatError, MediaFormatError), f". {_FORMATS}"),
    (
        DownloadRefusedError,
        " Addresses of this machine and of private networks are only fetched with "
        "QWEN_VISION_ALLOW_PRIVATE_NETWORK=1.",
    ),
    (ImageSizeError, " It has too many pixels to be decoded here; make it smaller."),
    (VideoError, " It is cut short or damaged, or holds no pictures; write it anew, as MP4 say."),
    (DownloadError, ". Check the address and the network."),
)


def complaint(error: Exception, item_names: Mapping[str, str]) -> str:
    """The line for an error; `item_names` maps content parts to what the user typed."""
    if not isinstance(error, QwenVisionError):
        words = " ".join(str(error).split())
        if isinstance(error, OSError) and error.errno in _FULL:
            return f"the output cannot be written: {error.strerror}."
        return (
            f"unexpected {type(error).__name__}: {words} - this is a fault of qwen-vision. "
            "QWEN_VISION_DEBUG=1 shows where it happened."
        )
    words = " ".join(error.message.split())
    name = item_names.get(error.param or "")
    if name is not None and name not in words:
        words = f"{name}: {words}"
    if _is_remote(error):
        words += f" (HTTP {error.status}{_request_id(error)})"
    return f"{words}{_next_step(error)}"


def _is_remote(error: QwenVisionError) -> bool:
    return isinstance(error, RemoteError) or error.request_id is not None


def _request_id(error: QwenVisionError) -> str:
    return f", request {error.request_id}" if error.request_id else ""


def _next_step(error: QwenVisionError) -> str:
    if isinstance(error, ModelNotFoundError) or error.code == "model_not_found":
        return " See: qwen-vision models"
    if _is_remote(error) and error.status == 401:
        return (
            " Check DASHSCOPE_API_KEY or QWEN_API_KEY; qwen-vision doctor says which one is used."
        )
    for kinds, step in _STEPS:
        if isinstance(error, kinds):
            return step
    if error.status == 429:
        return " Wait a moment and try again."
    return ""
