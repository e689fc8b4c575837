"""Proxy: how an upstream is reached from behind a company's proxy."""

import asyncio
import base64
import re
import socket
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_MAX_HEAD_BYTES: Final = 16 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.\d (\d{3})")


class ProxyRefusedError(ConnectionError):
    """The proxy did not open a way to the upstream."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy at a host and port, with the words that open it, if any."""

    place: tuple[str, int]
    words: str | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str) -> "Proxy":
        """The proxy of a checked http:// address, which may hold a name and a password."""
        parts = urlsplit(url)
        words = None
        if parts.username is not None:
            named = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            words = base64.b64encode(named.encode()).decode()
        return cls(place=(parts.hostname or "", parts.port or 80), words=words)

    def header(self) -> dict[str, str]:
        """The header that opens it."""
        return {} if self.words is None else {"Proxy-Authorization": f"Basic {self.words}"}

    async def open_tunnel(self, connected: socket.socket, *, host: str, port: int) -> None:
        """Have the proxy pass on all further bytes of this socket to the host's port.

        The socket is closed unless the proxy agrees. Raises ProxyRefusedError.
        """
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = {"Host": place, **self.header()}
        said = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        agreed = False
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connected, f"CONNECT {place} HTTP/1.1\r\n{said}\r\n".encode())
            head = b""
            # With TLS this side speaks next: nothing can come behind the proxy's answer.
            while b"\r\n\r\n" not in head:
                piece = await loop.sock_recv(connected, _MAX_HEAD_BYTES)
                head += piece
                if not piece or len(head) > _MAX_HEAD_BYTES:
                    raise ProxyRefusedError("the proxy gave no answer")
            status = _STATUS.match(head)
            if status is None or not status[1].startswith(b"2"):
                number = status[1].decode() if status else "no HTTP"
                raise ProxyRefusedError(f"the proxy refused (HTTP {number})")
            agreed = True
        finally:
            if not agreed:
                connected.close()
