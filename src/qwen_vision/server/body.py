"""Reads a request's body within the limits of size and time."""

from io import BytesIO
from typing import Final

from qwen_vision.errors import BodyEncodingError, BodyTooLargeError, SlowBodyError
from qwen_vision.server.exchange import ClientGoneError, Exchange
from qwen_vision.settings import ServerSettings

# A body that keeps up this pace is waited for: 64 MiB in 35 minutes at most.
MIN_BYTES_PER_S: Final = 32 * 1024


async def read_body(exchange: Exchange, *, settings: ServerSettings) -> bytes:
    """The whole body, unpacked by nobody.

    Raises BodyTooLargeError as soon as the announced or received size passes the limit,
    BodyEncodingError for a compressed body, and ClientGoneError; interrupts the exchange with
    SlowBodyError.
    """
    encoding = exchange.headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in (b"", b"identity"):
        raise BodyEncodingError(encoding=encoding[:40].decode("ascii", "backslashreplace"))
    limit = settings.max_body_bytes
    # The HTTP parser has refused anything but digits.
    if int(exchange.headers.get(b"content-length", b"0")) > limit:
        raise BodyTooLargeError(limit=limit)
    patience = Patience(exchange, small_body_s=settings.body_timeout_s)
    try:
        return await _read(exchange, patience, limit=limit)
    finally:
        patience.end()


async def _read(exchange: Exchange, patience: "Patience", *, limit: int) -> bytes:
    piece, more = await next_piece(exchange)
    if not more and len(piece) <= limit:
        return piece
    # BytesIO grows in large steps and hands its buffer over without a copy.
    buffer = BytesIO()
    while True:
        patience.received_bytes += len(piece)
        if patience.received_bytes > limit:
            raise BodyTooLargeError(limit=limit)
        buffer.write(piece)
        if not more:
            return buffer.getvalue()
        piece, more = await next_piece(exchange)


async def next_piece(exchange: Exchange) -> tuple[bytes, bool]:
    """A piece of the body, and whether more follows. Raises ClientGoneError."""
    message = await exchange.receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


class Patience:
    """Interrupts an exchange whose body comes too slowly.

    One timer for the whole body, set again only when it fires: most bodies are here before.
    """

    def __init__(self, exchange: Exchange, *, small_body_s: float) -> None:
        """Allow `small_body_s` seconds, and more for every byte received."""
        self.received_bytes = 0
        self._exchange = exchange
        self._small_body_s = small_body_s
        self._began = exchange.loop.time()
        self._timer = exchange.loop.call_later(small_body_s, self._look)

    def end(self) -> None:
        """The body is here, or is not wanted any more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._exchange.loop.time()
        due = self._began + self._small_body_s + self.received_bytes / MIN_BYTES_PER_S
        if now < due:
            self._timer = self._exchange.loop.call_at(due, self._look)
            return
        seconds = round(now - self._began, 1)
        self._exchange.interrupt(SlowBodyError(received=self.received_bytes, seconds=seconds))
