"""Abridges a request's body: long data URIs cut short, for readers who only look at their head.

A body that is forwarded as it came needs no copy of its megabytes in the decoded request.
"""

from typing import Final

_MARK: Final = b";base64,"
_START: Final = b'"data:'
# What stands between `data:` and the mark: a media type.
_MAX_TYPE_BYTES: Final = 100
# Enough to tell what kind of file it is.
_KEPT_BYTES: Final = 128
_LONG_BYTES: Final = 4096
_BACKSLASH: Final = ord("\\")


def abridge(body: bytes) -> bytes:
    """The body with every long base64 data URI cut after its first bytes.

    Only bytes inside one JSON string are left out, so that everything else is read as it
    stands; a string with a backslash near either end of the cut is kept whole. The same
    object comes back when nothing was cut.
    """
    pieces: list[bytes] = []
    taken = 0
    at = -1 if len(body) < _LONG_BYTES else body.find(_MARK)
    while at >= 0:
        cut = at + len(_MARK) + _KEPT_BYTES
        end = body.find(b'"', at)
        long = end - cut > _LONG_BYTES and body[end - 1] != _BACKSLASH
        if long and _is_uri(body, at=at, cut=cut):
            pieces.append(body[taken:cut])
            taken = end
        at = body.find(_MARK, max(end, at + 1))
    return b"".join((*pieces, body[taken:])) if pieces else body


def _is_uri(body: bytes, *, at: int, cut: int) -> bool:
    """Whether the string around `at` begins with `data:` and has no escape up to `cut`."""
    start = body.rfind(b'"', max(1, at - _MAX_TYPE_BYTES), at)
    if start < 0 or not body.startswith(_START, start):
        return False
    return body.find(b"\\", start - 1, cut) < 0
