"""The HTTP connection: uvicorn's, with limits on what comes before a request is understood."""

import asyncio
import re
from typing import Any, Final

from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEAD_BYTES: Final = 64 * 1024
_UPGRADE: Final = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """Closes on callers who never end their headers, or send on after they were refused.

    `patience_s` is how long headers may take, and how long the rest of a refused body is
    read and dropped: closing at once would reset the connection before the reply is read.
    The timer runs only while the app cannot see the caller, so that a request that arrives
    in one piece costs none.
    """

    patience_s = 30.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = 0
        self._in_message = False
        self._in_head = True
        self._patience: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first headers."""
        super().connection_made(transport)
        self._follow()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        super().connection_lost(exc)
        self._in_head = self._in_message = False
        self._follow()

    @override
    def data_received(self, data: bytes) -> None:
        """Count bytes while the headers are not complete."""
        super().data_received(data if self._in_message else _without_upgrade(data))
        if self._in_head and self._in_message:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Request headers are too large.")
        self._follow()

    @override
    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_message = self._in_head = True
        self._head_bytes = 0

    @override
    def on_headers_complete(self) -> None:
        """The app takes over."""
        self._in_head = False
        super().on_headers_complete()
        self.cycle.transport = Answering(self.transport, self.loop)

    @override
    def on_message_complete(self) -> None:
        """The body is here, or was dropped."""
        super().on_message_complete()
        self._in_message = False

    @override
    def on_response_complete(self) -> None:
        """The reply is out, maybe before the body was in."""
        super().on_response_complete()
        self._follow()

    def _follow(self) -> None:
        waiting = self._in_head or (self._in_message and self.cycle.response_complete)
        if waiting and self._patience is None:
            self._patience = self.loop.call_later(self.patience_s, self._give_up)
        elif not waiting and self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class Answering(asyncio.Transport):
    """Writes one answer: its head goes out together with what follows in the same breath.

    A write is a system call and a packet, which cost as much as all else about a short answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None
        self._flush: asyncio.Handle | None = None

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hold the first write back until the second one, or the next turn of the loop."""
        if self._flush is None:
            self._head = bytes(data)
            self._flush = self._loop.call_soon(self._send_head)
        elif self._head is not None:
            self._flush.cancel()
            self._transport.writelines((self._head, data))
            self._head = None
        else:
            self._transport.write(data)

    @override
    def is_closing(self) -> bool:
        """Whether the connection is on its way out."""
        return self._transport.is_closing()

    @override
    def close(self) -> None:
        """Close the connection once everything is written."""
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head is not None:
            self._transport.write(self._head)
            self._head = None


def _without_upgrade(data: bytes) -> bytes:
    """The beginning of a request, with any wish for another protocol renamed.

    Some clients (Java's) ask for HTTP/2 with every request; a server may ignore that, but the
    parser would take such a request for one without a body.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0 or _UPGRADE.search(data, 0, end) is None:
        return data
    return _UPGRADE.sub(b"\r\nx-upgrade:", data[:end]) + data[end:]


def connection_class(*, patience_s: float) -> type[Connection]:
    """The class of connections with this patience, as uvicorn wants it."""
    return type("PatientConnection", (Connection,), {"patience_s": patience_s})
