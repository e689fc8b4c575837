"""Turns what a server answered instead of 200 into the error class its own side raises."""

import re
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct

from qwen_vision import errors
from qwen_vision.errors import QwenVisionError, RemoteError, StorageError
from qwen_vision.protocol.failure import read_failure

_BY_STATUS: Final[dict[int, type[QwenVisionError]]] = {
    400: errors.InvalidRequestError,
    401: errors.IncorrectKeyError,
    413: errors.BodyTooLargeError,
    429: errors.RateLimitError,
    503: errors.CapacityError,
}
# One code, several classes: the first in this list is the family's head.
_HEADS: Final = (
    errors.InvalidRequestError,
    errors.IncorrectKeyError,
    errors.RateLimitError,
    errors.InspectionError,
    errors.ContentInspectionError,
    errors.CapacityError,
    errors.RequestTimeoutError,
)
# Too general to say anything, or not a server's word.
_VAGUE: Final = frozenset(
    {"internal_error", "InternalError.Algo", "invalid_settings", "usage", "connection_error"}
)
_FEWEST_LETTERS: Final = 12
_XML_FIELD: Final = r"<{0}>\s*(.*?)\s*</{0}>"


class _NativeFailure(Struct):
    code: str
    message: str
    request_id: str | None = None


def read_refusal(body: bytes, *, status: int, retry_after_s: int | None = None) -> QwenVisionError:
    """The error in the body of an answer, in either dialect; RemoteError for an unknown one.

    The literal text of an error tells its class, else its code, else the HTTP status.
    """
    try:
        native = msgspec.json.decode(body, type=_NativeFailure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return typed(read_failure(body, status=status, retry_after_s=retry_after_s))
    return typed(
        RemoteError(
            native.message,
            status=status,
            code=native.code,
            request_id=native.request_id,
            retry_after_s=retry_after_s,
        )
    )


def typed(error: RemoteError) -> QwenVisionError:
    """The error with the class the server's side has for it; its words, status and code stay."""
    if error.code is None and not error.request_id and error.status not in (401, 429, 503):
        return error
    kind = _kind(error)
    if kind is None:
        return error
    found = kind(error.message, param=error.param, retry_after_s=error.retry_after_s)
    found.status, found.code, found.request_id = error.status, error.code, error.request_id
    return found


def read_storage_refusal(body: bytes, *, status: int) -> QwenVisionError:
    """The error of a storage service: its XML, or something else that a proxy put there."""
    text = body.decode("utf-8", "replace")
    code, message = _field("Code", text), _field("Message", text)
    if code is None or message is None:
        words = " ".join(text.split())[:120]
        return RemoteError(
            f"The upload was answered with HTTP {status} and no word of the storage service: "
            f"{words!r}. Check that nothing between here and the server answers in its place.",
            status=status,
            code="strange_answer",
        )
    kind = next(
        (kind for kind in _storage_errors() if kind.code == code and kind.status == status),
        StorageError,
    )
    if code == "AccessDenied" and "expired" in message.lower():
        kind = errors.PolicyExpiredError
    found = kind(message)
    found.status, found.code, found.request_id = status, code, _field("RequestId", text)
    return found


def _field(name: str, text: str) -> str | None:
    found = re.search(_XML_FIELD.format(name), text, re.DOTALL)
    return None if found is None else found[1]


def _kind(error: RemoteError) -> type[QwenVisionError] | None:
    for pattern, kind in _texts():
        if kind.status == error.status and pattern.fullmatch(error.message):
            return kind
    coded = _codes().get(error.code or "")
    # One code stands for many things; at least the blame must lie on the same side.
    if coded is not None and coded.status // 100 == error.status // 100:
        return coded
    return _BY_STATUS.get(error.status)


@cache
def _texts() -> tuple[tuple[re.Pattern[str], type[QwenVisionError]], ...]:
    """A pattern for the literal text of every class that has one of its own, the fullest first."""
    found = []
    for kind in (*_kinds(), *_storage_errors()):
        if "text" in vars(kind) and kind not in (QwenVisionError, errors.InvalidRequestError):
            words = re.split(r"\{\w+\}", kind.text)
            pattern = re.compile(".*".join(map(re.escape, words)), re.DOTALL)
            found.append((sum(map(len, words)), pattern, kind))
    found.sort(key=lambda row: -row[0])
    return tuple((pattern, kind) for letters, pattern, kind in found if letters > _FEWEST_LETTERS)


@cache
def _codes() -> dict[str, type[QwenVisionError]]:
    found: dict[str, type[QwenVisionError]] = {}
    heads: tuple[type[QwenVisionError], ...] = _HEADS
    for kind in (*heads, *_kinds()):
        if kind.code is not None and kind.code not in _VAGUE:
            found.setdefault(kind.code, kind)
            if kind.native_code not in _VAGUE:
                found.setdefault(kind.native_code, kind)
    return found


@cache
def _kinds() -> tuple[type[QwenVisionError], ...]:
    named = (getattr(errors, name) for name in errors.__all__)
    return tuple(
        kind
        for kind in named
        if isinstance(kind, type)
        and issubclass(kind, QwenVisionError)
        and not issubclass(kind, RemoteError | StorageError | errors.BrokenStreamError)
    )


def _storage_errors() -> tuple[type[StorageError], ...]:
    named = (getattr(errors, name) for name in errors.__all__)
    return tuple(
        kind for kind in named if isinstance(kind, type) and issubclass(kind, StorageError)
    )
