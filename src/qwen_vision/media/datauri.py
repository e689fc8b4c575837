"""Data URIs: `data:image/png;base64,...` to bytes, at memory speed."""

import pybase64

from qwen_vision.errors import DataUriTooLongError, FileTooLargeError, MediaUrlError
from qwen_vision.media.blob import Blob

_SCHEME = "data:"
_MARK = ";base64"
# The part before the comma is a media type with parameters; nobody needs more.
_MAX_HEAD_CHARS = 512


def is_data_uri(url: str) -> bool:
    """Whether this is a data URI; looks at five characters only."""
    return url[: len(_SCHEME)].lower() == _SCHEME


def decode_data_uri(url: str, *, max_uri_bytes: int, max_bytes: int, param: str) -> Blob:
    """The bytes of a base64 data URI, in memory; `data:;base64,` is taken too.

    Args:
        url: The whole URI.
        max_uri_bytes: Limit on the encoded text after the comma.
        max_bytes: Limit on the decoded bytes.
        param: Field of the request, for the error.

    Raises:
        DataUriTooLongError: The encoded text is over its limit.
        FileTooLargeError: The decoded bytes are over theirs.
        MediaUrlError: No base64 data URI: no comma, no `;base64`, wrong alphabet or padding.
    """
    # Bounded searches and one slice: this text is often 10 MB.
    comma = url.find(",", len(_SCHEME), _MAX_HEAD_CHARS)
    if comma < 0:
        raise MediaUrlError(param=param)
    head = url[len(_SCHEME) : comma]
    if head[-len(_MARK) :].lower() != _MARK:
        raise MediaUrlError(param=param)
    length = len(url) - comma - 1
    if length > max_uri_bytes:
        raise DataUriTooLongError(limit=max_uri_bytes, param=param)
    # Three bytes of padding and rounding at most separate this from the exact size.
    if length // 4 * 3 - 2 > max_bytes:
        raise FileTooLargeError(param=param)
    data = _decode(url[comma + 1 :], param=param)
    if len(data) > max_bytes:
        raise FileTooLargeError(param=param)
    return Blob(source="data", size_bytes=len(data), data=data)


def _decode(text: str, *, param: str) -> bytes:
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        # The decoder's own words add nothing for a caller, so they are not shown.
        raise MediaUrlError(param=param) from None
