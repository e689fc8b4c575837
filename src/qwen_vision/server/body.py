"""Reads a request's body within the limits of size and time."""

import asyncio
from io import BytesIO
from typing import Final

from starlette.types import Receive, Scope

from qwen_vision.errors import BodyEncodingError, BodyTooLargeError, SlowBodyError
from qwen_vision.server.exchange import ClientGoneError
from qwen_vision.server.gate import header
from qwen_vision.settings import ServerSettings

# A body that keeps up this pace is waited for: 64 MiB in 35 minutes at most.
MIN_BYTES_PER_S: Final = 32 * 1024


async def read_body(scope: Scope, receive: Receive, *, settings: ServerSettings) -> bytes:
    """The whole body, unpacked by nobody.

    Raises BodyTooLargeError as soon as the announced or received size passes the limit,
    BodyEncodingError for a compressed body, SlowBodyError, and ClientGoneError.
    """
    encoding = header(scope, b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        raise BodyEncodingError(encoding=encoding[:40].decode("ascii", "backslashreplace"))
    limit = settings.max_body_bytes
    announced = header(scope, b"content-length")
    # The HTTP parser has refused anything but digits.
    if announced is not None and int(announced) > limit:
        raise BodyTooLargeError(limit=limit)
    # BytesIO grows in large steps and hands its buffer over without a copy.
    buffer = BytesIO()
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(settings.body_timeout_s) as patience:
            while True:
                piece, more = await _next_piece(receive)
                if buffer.tell() + len(piece) > limit:
                    raise BodyTooLargeError(limit=limit)
                if not more and not buffer.tell():
                    return piece
                buffer.write(piece)
                if not more:
                    return buffer.getvalue()
                patience.reschedule(
                    began + settings.body_timeout_s + buffer.tell() / MIN_BYTES_PER_S
                )
    except TimeoutError as error:
        seconds = round(asyncio.get_running_loop().time() - began, 1)
        raise SlowBodyError(received=buffer.tell(), seconds=seconds) from error


async def _next_piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)
