"""Pool: the connections to one address, kept open between requests."""

import asyncio
import base64
import os
import ssl
from collections import deque
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from aiohappyeyeballs import start_connection

from qwen_vision.engines.upstream.proxy import Proxy, ProxyRefusedError
from qwen_vision.engines.upstream.wire import Wire
from qwen_vision.errors import SettingsError

# Servers close idle connections after 5 s (uvicorn) to 75 s (nginx): a request on one that is
# just being closed would be lost, so the oldest are not used.
_KEEP_S: Final = 15.0
# After the last event of a stream only the mark of its end is due: this long is it waited for.
_END_S: Final = 0.1
# How long one of several addresses of a name is tried before the next is tried beside it.
_NEXT_ADDRESS_S: Final = 0.25


class UnreachableError(ConnectionError):
    """No connection could be made; `reason` says why in the system's words."""

    def __init__(self, reason: str) -> None:
        """Give the reason."""
        super().__init__(reason)
        self.reason = reason


class Pool:
    """Connections to the server at `url`; a request takes one and gives it back."""

    def __init__(
        self,
        url: str,
        *,
        headers: dict[str, str],
        connect_timeout_s: float,
        proxy: str | None = None,
    ) -> None:
        """Connects on demand, through the `proxy` if there is one.

        Raises SettingsError for a URL or a header that cannot be sent.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"The upstream's address {url!r} is no http(s) URL. Write it like "
                "http://gpu:8000/v1.",
                param="upstream",
            )
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._connect_timeout_s = connect_timeout_s
        self._idle: deque[Wire] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        lines = {"Host": parts.netloc.rpartition("@")[2], **_name_in(parts), **headers}
        self._proxy = None if proxy is None else Proxy.at(proxy)
        origin = ""
        if self._proxy is not None and self._tls is None:
            # Without a tunnel the proxy reads the request, and is told the whole address.
            origin = f"http://{lines['Host']}"
            lines |= self._proxy.header()
        self._start = _head(f"POST {origin}{path}/chat/completions HTTP/1.1", lines)

    def head(self, *, length_bytes: int, more: bytes) -> bytes:
        """The head of a request; `more` holds further header lines."""
        return b"%b%bContent-Length: %d\r\n\r\n" % (self._start, more, length_bytes)

    async def take(self, *, fresh: bool = False) -> Wire:
        """An open connection, with `fresh` a new one.

        Raises UnreachableError, and TimeoutError after the time for it.
        """
        idle = self._idle
        while idle and not fresh:
            wire = idle.pop()
            if wire.keeps and wire.idle_since_s + _KEEP_S > asyncio.get_running_loop().time():
                return wire
            wire.cut()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                return await self._connect()
        except TimeoutError:
            raise
        # The TLS library has an error of its own beside the system's.
        except ProxyRefusedError as error:
            raise UnreachableError(str(error)) from error
        except (OSError, RuntimeError) as error:
            raise UnreachableError(_why(error)) from error

    def give(self, wire: Wire, *, ending: bool = False) -> None:
        """Take a connection back: kept when another request may use it, else closed.

        With `ending` the answer has been told to its end, but that end may still be on its way.
        """
        if ending and not wire.keeps:
            asyncio.get_running_loop().call_later(_END_S, self._keep, wire)
        else:
            self._keep(wire)

    def _keep(self, wire: Wire) -> None:
        wire.rest()
        if self._closed or not wire.keeps:
            wire.cut()
            return
        loop = asyncio.get_running_loop()
        wire.idle_since_s = loop.time()
        self._idle.append(wire)
        if self._sweeper is None:
            self._sweeper = loop.call_later(_KEEP_S, self._sweep)

    def close(self) -> None:
        """Close what is idle; what is in use is closed by its user. Safe to call twice."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        while self._idle:
            self._idle.pop().cut()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest_s = loop.time() - _KEEP_S
        while self._idle and (self._idle[0].idle_since_s <= oldest_s or not self._idle[0].keeps):
            self._idle.popleft().cut()
        self._sweeper = loop.call_later(_KEEP_S, self._sweep) if self._idle else None

    async def _connect(self) -> Wire:
        loop = asyncio.get_running_loop()
        host, port = (self._host, self._port) if self._proxy is None else self._proxy.place
        found = await loop.getaddrinfo(host, port, type=1)
        # Native loops try one address after another: a dead IPv6 route would cost the whole time.
        connected = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop)
        if self._proxy is not None and self._tls is not None:
            await self._proxy.open_tunnel(connected, host=self._host, port=self._port)
        _, wire = await loop.create_connection(
            Wire,
            sock=connected,
            ssl=self._tls,
            server_hostname=self._host if self._tls else None,
        )
        return wire


def _why(error: OSError | RuntimeError) -> str:
    number = getattr(error, "errno", None)
    # The words of the error name the address, which is not a caller's business; a failed name
    # look-up has a number below zero.
    if number is not None and number > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(number)
    return getattr(error, "strerror", None) or "no connection"


def _name_in(parts: SplitResult) -> dict[str, str]:
    """The header for a name and a password inside the address."""
    if parts.username is None:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}


def _head(first: str, lines: dict[str, str]) -> bytes:
    written = [first, *(f"{name}: {value}" for name, value in lines.items())]
    if not all(line.isascii() and line.isprintable() for line in written):
        raise SettingsError(
            "The upstream's address or key holds a character that no header may have. "
            "Write it anew.",
            param="upstream",
        )
    return "".join(f"{line}\r\n" for line in written).encode()
