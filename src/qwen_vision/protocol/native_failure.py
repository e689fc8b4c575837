"""Error bodies and error events of the native dialect (docs/reference/native.md)."""

import msgspec
from msgspec import Struct

from qwen_vision.errors import QwenVisionError, RemoteError


class NativeFailure(Struct):
    """What went wrong; one flat object."""

    code: str
    message: str
    request_id: str


def native_failure_body(error: QwenVisionError, *, request_id: str) -> bytes:
    """JSON body for an error; another server's error keeps its own code."""
    code = error.native_code
    if isinstance(error, RemoteError) and error.code:
        code = error.code
    failure = NativeFailure(
        code=code, message=error.native_text or error.message, request_id=request_id
    )
    return msgspec.json.encode(failure)


def native_event(data: bytes, *, number: int, status: int = 200) -> bytes:
    """One event; no space behind a colon, for its readers compare the values as they are."""
    kind = b"result" if status == 200 else b"error"
    return b"id:%d\nevent:%b\n:HTTP_STATUS/%d\ndata:%b\n\n" % (number, kind, status, data)
