"""A proxy that a test plays; every name leads to one server of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class PlayedProxy:
    """Where it listens (`host:port`), and the heads of the requests it was sent."""

    place: str = ""
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def proxying(target: str, *, refuses: str = "") -> AsyncIterator[PlayedProxy]:
    """A proxy to the server at the URL `target`; `refuses` is a status line it answers instead."""
    proxy = PlayedProxy()
    there = urlsplit(target)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            proxy.heads.append(head.decode())
            if refuses:
                writer.write(f"HTTP/1.1 {refuses}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
                return
            up, down = await asyncio.open_connection(there.hostname, there.port)
            if head.startswith(b"CONNECT "):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                down.write(head)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, down))
                both.create_task(_pass_on(up, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
