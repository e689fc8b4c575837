"""Error bodies of the OpenAI-compatible dialect (dialect.md, errors)."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from qwen_vision.errors import QwenVisionError, RemoteError


class Failure(Struct):
    """What went wrong, in the dialect's four fields."""

    message: str
    type: str | None = None
    param: str | None = None
    code: str | None = None


class FailureBody(Struct):
    """The envelope; `id` (the completion's) only for model-level errors."""

    error: Failure
    request_id: str | UnsetType = UNSET
    id: str | UnsetType = UNSET


class _HeardFailure(Struct):
    """What another server says went wrong; many put the HTTP status where the code belongs."""

    message: str
    param: Any = None
    code: str | int | None = None


class _HeardBody(Struct):
    error: _HeardFailure
    request_id: str | UnsetType = UNSET


# What the dialect calls a failure that was told by its HTTP status alone.
_CODES: Final = {400: "invalid_parameter_error", 404: "model_not_found"}


def failure_body(error: QwenVisionError, *, request_id: str) -> bytes:
    """JSON body for an error; `request_id` is the UUID also sent as `x-request-id`."""
    return msgspec.json.encode(
        FailureBody(
            error=Failure(
                message=error.message, type=error.type, param=error.param, code=error.code
            ),
            request_id=request_id,
            id=f"chatcmpl-{request_id}" if error.model_level else UNSET,
        )
    )


def read_failure(body: bytes, *, status: int, retry_after_s: int | None = None) -> RemoteError:
    """The error another server answered with, whatever the shape of its body."""
    try:
        found = msgspec.json.decode(body.removeprefix(b"data: "), type=_HeardBody)
    except msgspec.DecodeError:
        words = body[:200].decode("utf-8", "replace").strip()
        return RemoteError(
            f"The server answered HTTP {status} with no error body of the dialect: {words!r}.",
            status=status,
            retry_after_s=retry_after_s,
        )
    code, param = found.error.code, found.error.param
    if isinstance(code, int):
        # An error in a stream comes with HTTP 200: there its number is the status.
        status = code if 400 <= code < 600 else status
        code = _CODES.get(status)
    return RemoteError(
        found.error.message,
        status=status,
        code=code,
        param=param if isinstance(param, str) else None,
        request_id=None if found.request_id is UNSET else found.request_id,
        retry_after_s=retry_after_s,
    )
