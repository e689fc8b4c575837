"""Wire: one HTTP/1.1 connection to an upstream, one request on it at a time.

It does what this engine needs and no more: a general HTTP client costs as much CPU as all else
about a short request. Reading HTTP is left to llhttp, the parser that the server has too.
"""

import asyncio
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from typing_extensions import override

_MAX_HEAD_BYTES: Final = 64 * 1024
# Up to here head and body are put together: one packet or one system call less.
_SMALL_BODY_BYTES: Final = 16 * 1024
# A larger body is written piece by piece, so that it lets other requests through.
_LARGE_BODY_BYTES: Final = 1_000_000
_PIECE_BYTES: Final = 262_144
# What may wait to be read before the upstream is made to wait.
_MAX_WAITING_BYTES: Final = 1024 * 1024


class BrokenWireError(ConnectionError):
    """The connection ended, or brought what is no HTTP answer, before the answer was whole."""


class Wire(asyncio.Protocol):
    """A connection. `send` a request, then read its answer; `keeps` says whether to send again.

    `status` is 0 until the answer's head is here; the names in `headers` are in lower case.
    Waiting raises BrokenWireError, and TimeoutError when the upstream was silent for longer
    than it may be.
    """

    def __init__(self) -> None:
        """Not connected yet."""
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.idle_since_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._asked = False
        self._again = False
        self._interim = False
        self._head_bytes = 0
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._complete = True
        self._to_the_end = False
        self._keep_alive = True
        self._failure: OSError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._enough_bytes = 0
        self._reading = True
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._silence_s = 0.0
        self._heard_s = 0.0
        self._due_s: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    @property
    def keeps(self) -> bool:
        """Whether the answer is whole and the connection open for another request."""
        return (
            self._complete
            and self._keep_alive
            and self._failure is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    @property
    def was_closing(self) -> bool:
        """Whether it had rested and was closed before the first byte of this answer.

        Servers close idle connections when they like: that says nothing about the request.
        """
        return self._again and not self._head_bytes and not self.status

    async def send(
        self, head: bytes, body: bytes, *, silence_s: float, total_s: float | None
    ) -> None:
        """Send a request whose `head` is complete, and start the clock."""
        transport = self._begin(silence_s=silence_s, total_s=total_s)
        if len(body) <= _SMALL_BODY_BYTES:
            transport.write(head + body)
        elif len(body) <= _LARGE_BODY_BYTES:
            transport.writelines((head, body))
        else:
            transport.write(head)
            view = memoryview(body)
            for start in range(0, len(body), _PIECE_BYTES):
                await self._may_write.wait()
                if self.status or self._failure is not None:
                    # Answered before it was heard to the end: the rest is not wanted.
                    self._keep_alive = False
                    return
                transport.write(view[start : start + _PIECE_BYTES])

    async def head(self) -> None:
        """Wait for the answer's status and headers."""
        while not self.status:
            await self._news()

    async def whole(self, *, limit_bytes: int) -> bytes:
        """The answer's body, or what is here of it once that is as long as the limit."""
        self._enough_bytes = limit_bytes
        while not self._complete and self._waiting_bytes < limit_bytes:
            await self._news()
        return self._take()

    async def some(self) -> bytes:
        """What has come of the body since the last time, waiting for it; empty at the end."""
        while not self._pieces and not self._complete:
            await self._news()
        return self._take()

    def rest(self) -> None:
        """The answer is not wanted any more: forget what of it was not read, stop the clock."""
        self._asked = False
        self._pieces.clear()
        if not self._reading:
            # More of it is waiting in the system's buffers.
            self._keep_alive = False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def cut(self) -> None:
        """Close the connection at once, whatever is on its way; safe to call twice."""
        self.rest()
        self._keep_alive = False
        if self._transport is not None:
            self._transport.abort()

    def _begin(self, *, silence_s: float, total_s: float | None) -> asyncio.Transport:
        transport = self._transport
        if transport is None or not self.keeps:
            raise BrokenWireError("the connection was closed")
        self._again = self.status != 0
        self.status = 0
        self.headers = {}
        self._pieces = []
        self._head_bytes = self._waiting_bytes = 0
        self._complete = self._to_the_end = self._interim = False
        self._enough_bytes = 0
        self._asked = True
        self._silence_s = silence_s
        self._heard_s = now = self._loop.time()
        self._due_s = None if total_s is None else now + total_s
        first = silence_s if total_s is None else min(silence_s, total_s)
        self._watch = self._loop.call_at(now + first, self._look)
        return transport

    async def _news(self) -> None:
        self._check()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        self._check()

    def _check(self) -> None:
        if self._failure is not None and not self._complete:
            raise self._failure

    def _take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        self._waiting_bytes = 0
        if not self._reading and self._transport is not None:
            self._reading = True
            self._heard_s = self._loop.time()
            self._transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        # Who wants the whole answer is not woken for half of it.
        if self._complete or self._waiting_bytes >= self._enough_bytes or self._failure is not None:
            waiter.set_result(None)

    def _fail(self, error: OSError) -> None:
        self._keep_alive = False
        if self._failure is None:
            self._failure = error
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _look(self) -> None:
        """The clock has run down: was the upstream silent, or has only time passed?"""
        now = self._loop.time()
        # Silence counts only while somebody waits for the upstream.
        waits = self._waiter is not None or not self._may_write.is_set()
        heard = self._heard_s if waits else now
        due = heard + self._silence_s
        if self._due_s is not None:
            due = min(due, self._due_s)
        if now >= due:
            self._watch = None
            self._fail(TimeoutError("the upstream was silent"))
        else:
            self._watch = self._loop.call_at(due, self._look)

    # What the event loop calls.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Closed, by whichever side."""
        if self._asked and not self._complete and self._failure is None:
            if self._to_the_end and exc is None:
                self._complete = True
            else:
                self._failure = BrokenWireError("the connection was closed")
        self._keep_alive = False
        self._may_write.set()
        self._wake()

    @override
    def pause_writing(self) -> None:
        """The upstream takes the body slowly."""
        self._may_write.clear()

    @override
    def resume_writing(self) -> None:
        """There is room again."""
        self._heard_s = self._loop.time()
        self._may_write.set()

    @override
    def data_received(self, data: bytes) -> None:
        """Bytes of an answer; none is welcome that was not asked for."""
        if not self._asked or self._complete:
            self.cut()
            return
        self._heard_s = self._loop.time()
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._fail(BrokenWireError("its answer is not HTTP"))
            return
        if not self.status:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self._fail(BrokenWireError("the head of its answer is too long"))
                return
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """An answer begins; a second one to the same request is refused."""
        if self._complete:
            raise BrokenWireError("it answers what nobody asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer, or of one that only says 'go on'."""
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The status is known."""
        status = self._parser.get_status_code()
        self._interim = 100 <= status < 200
        if self._interim:
            self.headers.clear()
            return
        self.status = status
        # Without a length the answer lasts until the connection ends.
        self._to_the_end = (
            b"content-length" not in self.headers and b"transfer-encoding" not in self.headers
        )

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        if (
            self._waiting_bytes > _MAX_WAITING_BYTES
            and self._waiting_bytes > self._enough_bytes
            and self._reading
            and self._transport is not None
        ):
            self._reading = False
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._interim:
            return
        self._complete = True
        self._keep_alive = self._keep_alive and self._parser.should_keep_alive()
