"""Exchange: one request and the answer to it, with the headers every answer carries."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from starlette.types import Message, Receive, Scope, Send

from qwen_vision.errors import QwenVisionError
from qwen_vision.protocol.sse import MEDIA_TYPE
from qwen_vision.telemetry.record import Record

# Where the exchange of a request stands in its ASGI scope.
_PLACE: Final = "qwen_vision.exchange"
JSON_TYPE: Final = b"application/json"
STREAM_TYPE: Final = MEDIA_TYPE.encode()
XML_TYPE: Final = b"application/xml"
# nginx's status for "the client closed the request"; only ever written down.
CLIENT_GONE_STATUS: Final = 499
Header: TypeAlias = tuple[bytes, bytes]
_CONSTANT: Final[tuple[Header, ...]] = (
    (b"x-dashscope-call-gateway", b"true"),
    (b"server", b"qwen-vision"),
)
_FINISHED: Final[Header] = (b"x-dashscope-finished", b"true")
_UNFINISHED: Final[Header] = (b"x-dashscope-finished", b"false")


class ClientGoneError(Exception):
    """The caller closed the connection; nobody reads the answer."""


class Exchange:
    """One request on its way.

    `request_id` is a UUID made here: it stands in `x-request-id`, in error bodies and behind
    `chatcmpl-`. One that a caller sends is not used, so that nobody can choose another's id.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, engine: str, stall_timeout_s: float
    ) -> None:
        """Begin; must be called in the task that serves the request."""
        self.scope = scope
        self.receive = receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.request_id = _random_uuid()
        self.engine = engine
        self.model: str | None = None
        self.wants_stream = False
        # Events of a native stream are numbered.
        self.events = 0
        self.status = 0
        self.started = False
        self.finished = False
        self.extra_headers: list[Header] = []
        self.interruption: QwenVisionError | ClientGoneError | None = None
        # What the observer tells of the request when it is over.
        self.record = Record()
        self.error: QwenVisionError | None = None
        self.received_bytes = 0
        self.sent_bytes = 0
        self.streamed_after_s: float | None = None
        self.uploaded_bytes: int | None = None
        self._send = send
        self._stall_timeout_s = stall_timeout_s
        self.loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self.loop)
        self._arrived_ms = time.time_ns() // 1_000_000
        self._arrived = time.perf_counter()
        scope[_PLACE] = self

    @property
    def elapsed_s(self) -> float:
        """Time since the request arrived."""
        return time.perf_counter() - self._arrived

    def interrupt(self, reason: QwenVisionError | ClientGoneError) -> None:
        """Cancel the work on this request; the first reason counts, later ones are dropped."""
        if self.interruption is None and not self.finished and self._task is not None:
            self.interruption = reason
            self._task.cancel()

    def interrupt_when_gone(self) -> "Watch":
        """A `with` block that is interrupted with ClientGoneError when the caller leaves."""
        return Watch(self)

    def end(self) -> None:
        """Leave the scope: the two naming each other would wait for the garbage collector."""
        self.scope.pop(_PLACE, None)

    async def answer(
        self, body: bytes, *, status: int = 200, content_type: bytes = JSON_TYPE
    ) -> None:
        """Send a whole answer."""
        headers = [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            _FINISHED,
        ]
        await self._start(status, headers)
        await self._finish(body)

    async def answer_empty(self, *, status: int) -> None:
        """Send an answer without a body."""
        # A 204 has no length, not even 0.
        length = [] if status == 204 else [(b"content-length", b"0")]
        await self._start(status, [*length, _FINISHED])
        await self._finish(b"")

    async def open_stream(self) -> None:
        """Send the headers of an event stream; they go out with its first event."""
        self.streamed_after_s = self.elapsed_s
        headers = [
            (b"content-type", STREAM_TYPE),
            # Proxies must pass events on as they come.
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
            _UNFINISHED,
        ]
        await self._start(200, headers)

    async def write(self, piece: bytes) -> None:
        """Send a piece of a stream; waits while the caller reads slowly, but not for ever."""
        self.sent_bytes += len(piece)
        stall = self.loop.call_later(self._stall_timeout_s, self.interrupt, ClientGoneError())
        try:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            stall.cancel()

    async def hang_up(self, last_bytes: bytes) -> None:
        """Break the connection off in the middle of a stream, after writing `last_bytes`."""
        if not self.started:
            await self.open_stream()
        await self.write(last_bytes)

    async def close_stream(self, piece: bytes) -> None:
        """Send the last piece of a stream."""
        await self._finish(piece)

    async def _start(self, status: int, headers: Iterable[Header]) -> None:
        self.status = status
        self.started = True
        started_ms = self._arrived_ms + int(self.elapsed_s * 1000)
        message: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                *headers,
                (b"x-request-id", self.request_id.encode()),
                (b"x-qwen-vision-engine", self.engine.encode()),
                (b"req-cost-time", b"%d" % (started_ms - self._arrived_ms)),
                (b"req-arrive-time", b"%d" % self._arrived_ms),
                (b"resp-start-time", b"%d" % started_ms),
                *_CONSTANT,
                *self.extra_headers,
            ],
        }
        await self._send(message)

    async def _finish(self, piece: bytes) -> None:
        self.finished = True
        self.sent_bytes += len(piece)
        await self._send({"type": "http.response.body", "body": piece})


class Watch:
    """Waits beside the work on a request for its caller to leave.

    The waiting starts on the next turn of the event loop: an answer that is ready before
    then needs none.
    """

    def __init__(self, exchange: Exchange) -> None:
        """Watch the caller of `exchange` once the block is entered."""
        self._exchange = exchange
        self._start: asyncio.Handle | None = None
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        """Begin."""
        self._start = self._exchange.loop.call_soon(self._begin)

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
        elif self._start is not None:
            self._start.cancel()

    def _begin(self) -> None:
        self._task = self._exchange.loop.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass
        self._exchange.interrupt(ClientGoneError())


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the error door began for this request."""
    exchange = scope.get(_PLACE)
    if not isinstance(exchange, Exchange):
        raise TypeError("The scope holds no Exchange; the route runs outside the error door.")
    return exchange


def _random_uuid() -> str:
    """A UUID of version 4; the standard library takes five times as long to write one."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class Endpoint:
    """An ASGI app around one function of the exchange."""

    def __init__(self, serve: Callable[[Exchange], Awaitable[None]]) -> None:
        """Let `serve` answer."""
        self._serve = serve

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Serve one request; errors leave to the error door."""
        await self._serve(exchange_of(scope))
