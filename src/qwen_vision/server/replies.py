"""Replies: what an error looks like to the caller, in the words of the API that was called."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.sax.saxutils import escape

from qwen_vision.errors import QwenVisionError
from qwen_vision.protocol.failure import failure_body
from qwen_vision.protocol.native_failure import native_event, native_failure_body
from qwen_vision.protocol.sse import frame
from qwen_vision.server.exchange import JSON_TYPE, STREAM_TYPE, XML_TYPE, Exchange
from qwen_vision.server.gate import OBJECTS_PATH

Api: TypeAlias = Literal["compatible", "native", "storage"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, type and body."""

    body: bytes
    status: int
    content_type: bytes = JSON_TYPE


def api_of(path: str) -> Api:
    """Which API a path belongs to, routes that do not exist included."""
    if path == OBJECTS_PATH:
        return "storage"
    return "native" if path.startswith("/api/") or path.endswith("/v1/uploads") else "compatible"


def reply_to(error: QwenVisionError, exchange: Exchange, *, prefix: bool) -> Reply:
    """The answer to a request that failed before its first byte.

    `prefix` writes a compatible stream's error as the first event of the stream.
    """
    match api_of(exchange.scope["path"]):
        case "storage":
            return Reply(_storage_body(error, exchange), error.status, XML_TYPE)
        case "native" if exchange.wants_stream:
            return Reply(error_event(error, exchange), 200, STREAM_TYPE)
        case "native":
            return Reply(native_failure_body(error, request_id=exchange.request_id), error.status)
        case "compatible" if exchange.wants_stream and prefix:
            return Reply(error_event(error, exchange), error.status, STREAM_TYPE)
        case "compatible":
            return Reply(failure_body(error, request_id=exchange.request_id), error.status)


def error_event(error: QwenVisionError, exchange: Exchange) -> bytes:
    """The event that ends a stream with an error."""
    if api_of(exchange.scope["path"]) == "native":
        body = native_failure_body(error, request_id=exchange.request_id)
        return native_event(body, number=exchange.events + 1, status=error.status)
    return frame(failure_body(error, request_id=exchange.request_id))


def _storage_body(error: QwenVisionError, exchange: Exchange) -> bytes:
    """The storage service's XML."""
    host = exchange.headers.get(b"host", b"")
    fields = {
        "Code": error.code or "InternalError",
        "Message": error.message,
        "RequestId": exchange.request_id,
        "HostId": host.decode("latin-1"),
    }
    lines = "".join(f"  <{name}>{escape(value)}</{name}>\n" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n{lines}</Error>\n'.encode()
