"""Exchange: one request to one address; whatever goes wrong becomes an error of the tree."""

from typing import Final

from qwen_vision.engines.upstream.pool import Pool, UnreachableError
from qwen_vision.engines.upstream.wire import BrokenWireError, Wire
from qwen_vision.errors import (
    ConnectionFailedError,
    EngineError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
)
from qwen_vision.protocol.failure import read_failure
from qwen_vision.protocol.reading import strange_answer
from qwen_vision.telemetry.record import trace_headers

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_MAX_ERROR_BYTES: Final = 65_536
_KEY_STATUSES: Final = (401, 403)
# Uploads of ours that the service is to look up.
_RESOLVE: Final = b"X-DashScope-OssResourceResolve: enable\r\n"


class Exchange:
    """A `with` block around one request. Leaving it early closes the connection upstream.

    Raises RemoteError for what the server answered, ConnectionFailedError and
    RequestTimeoutError when it did not.
    """

    def __init__(
        self, pool: Pool, *, engine: str, silence_s: float, total_s: float | None = None
    ) -> None:
        """Ask through `pool`, within these times."""
        self._pool = pool
        self._engine = engine
        self._silence_s = silence_s
        self._total_s = total_s
        self._wire: Wire | None = None
        self._ending = False

    def __enter__(self) -> "Exchange":
        """Nothing is sent yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the connection back, or break it off when its answer was not read to the end."""
        if self._wire is not None:
            self._pool.give(self._wire, ending=self._ending)
            self._wire = None

    def end(self) -> None:
        """The stream has said its last event: what is left of it says nothing."""
        self._ending = True

    async def whole(self, body: bytes, *, resolve: bool) -> bytes:
        """The body of an answer with status 200."""
        try:
            wire = await self._send(body, resolve=resolve)
            try:
                answer = await wire.whole(limit_bytes=MAX_ANSWER_BYTES)
            except BrokenWireError as error:
                wire = await self._send_again(error, body, resolve=resolve)
                answer = await wire.whole(limit_bytes=MAX_ANSWER_BYTES)
        except OSError as error:
            raise self._told(error) from error
        if wire.status != 200:
            raise self._failure(wire, answer)
        if len(answer) >= MAX_ANSWER_BYTES:
            raise strange_answer(answer)
        self._check_encoding(wire)
        return answer

    async def begin(self, body: bytes, *, resolve: bool) -> None:
        """Send a request for a stream and wait for it to begin."""
        try:
            wire = await self._send(body, resolve=resolve)
            try:
                await wire.head()
            except BrokenWireError as error:
                wire = await self._send_again(error, body, resolve=resolve)
                await wire.head()
            if wire.status == 200 and _is_stream(wire):
                self._check_encoding(wire)
                return
            words = await wire.whole(limit_bytes=_MAX_ERROR_BYTES)
        except OSError as error:
            raise self._told(error) from error
        raise strange_answer(words) if wire.status == 200 else self._failure(wire, words)

    async def some(self) -> bytes:
        """What has come of the stream; empty at its end."""
        if self._wire is None:
            return b""
        try:
            return await self._wire.some()
        except OSError as error:
            raise self._told(error) from error

    async def _send_again(self, error: BrokenWireError, body: bytes, *, resolve: bool) -> Wire:
        """Once more, over a new connection, if the old one was being closed as it was taken.

        Raises `error` otherwise.
        """
        wire = self._wire
        if wire is None or not wire.was_closing:
            raise error
        self._wire = None
        self._pool.give(wire)
        return await self._send(body, resolve=resolve, fresh=True)

    async def _send(self, body: bytes, *, resolve: bool, fresh: bool = False) -> Wire:
        wire = self._wire = await self._pool.take(fresh=fresh)
        more = _RESOLVE if resolve else b""
        for name, value in trace_headers().items():
            more += f"{name}: {value}\r\n".encode()
        head = self._pool.head(length_bytes=len(body), more=more)
        await wire.send(head, body, silence_s=self._silence_s, total_s=self._total_s)
        return wire

    def _told(self, error: OSError) -> QwenVisionError:
        if isinstance(error, TimeoutError):
            return RequestTimeoutError(
                f"The upstream '{self._engine}' gave no answer in time. "
                "Try again later, or ask for less."
            )
        if isinstance(error, UnreachableError):
            return ConnectionFailedError(
                f"The upstream '{self._engine}' cannot be reached: {error.reason}. Is it running?"
            )
        return ConnectionFailedError(
            f"The upstream '{self._engine}' broke off: {error}. Try again."
        )

    def _failure(self, wire: Wire, body: bytes) -> QwenVisionError:
        if wire.status in _KEY_STATUSES:
            # The caller's key was right: it is ours that the other server does not like.
            return EngineError(
                f"The upstream '{self._engine}' refused this server's key (HTTP {wire.status}). "
                "Whoever runs this server must set the right one."
            )
        retry_after = wire.headers.get(b"retry-after", b"")
        retry_after_s = int(retry_after) if retry_after.isdigit() else None
        status = wire.status if wire.status >= 400 else 502
        return read_failure(body[:_MAX_ERROR_BYTES], status=status, retry_after_s=retry_after_s)

    def _check_encoding(self, wire: Wire) -> None:
        encoding = wire.headers.get(b"content-encoding", b"identity").lower()
        if encoding != b"identity":
            raise ConnectionFailedError(
                f"The upstream '{self._engine}' compressed its answer though it was asked not to. "
                "Switch compression off at the server or the proxy before it."
            )


def is_hosts_fault(error: QwenVisionError) -> bool:
    """Whether another address of the same upstream may do better."""
    if isinstance(error, ConnectionFailedError | RequestTimeoutError):
        return True
    return isinstance(error, RemoteError) and (error.status >= 500 or error.status == 429)


def _is_stream(wire: Wire) -> bool:
    kind = wire.headers.get(b"content-type", b"").partition(b";")[0]
    return kind.strip().lower() == b"text/event-stream"
