"""A local web server, a local DNS server and sources that use them; nothing leaves loopback."""

import asyncio
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

import pytest
from typing_extensions import override

from qwen_vision.media.blob import Blob
from qwen_vision.media.source import OssResolver, Sources
from qwen_vision.settings import FetchSettings, MediaSettings

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
Kind: TypeAlias = Literal["image", "video"]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def answer(
    body: bytes = PICTURE,
    *headers: str,
    status: str = "200 OK",
    kind: str | None = "image/png",
    length: str | None = "",
) -> bytes:
    """The bytes of an HTTP answer; `length` None leaves Content-Length out."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if length is not None:
        lines.append(f"Content-Length: {length or len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(target: str, status: int = 302, *headers: str) -> bytes:
    return answer(b"", f"Location: {target}", *headers, status=f"{status} Moved", kind=None)


@dataclass
class Web:
    """A web server that counts connections, keeps requests and answers byte for byte."""

    host: str
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    answers: dict[str, bytes | Script] = field(default_factory=dict)
    default: bytes | Script = field(default_factory=answer)
    answer = staticmethod(answer)
    redirect = staticmethod(redirect)

    def url(self, path: str = "/cat.png", *, host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(request)
                path = request.split(b" ", 2)[1].decode().partition("?")[0]
                reply = self.answers.get(path, self.default)
                if isinstance(reply, bytes):
                    writer.write(reply)
                else:
                    await reply(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@dataclass
class Dns(asyncio.DatagramProtocol):
    """A DNS server: a name's answers are given in turn, the last one for ever.

    `aliases` are sent as CNAME records before the addresses; `silent` names get no answer;
    `cut` ones are answered in full only over TCP.
    """

    zone: dict[str, list[list[str]]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    raw: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    port: int = 0
    transport: asyncio.DatagramTransport | None = None
    _turns: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name = _name(data)
        if name in self.silent or self.transport is None:
            return
        reply = self.raw[name](data) if name in self.raw else self.reply(data, cut=name in self.cut)
        self.transport.sendto(reply, addr)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        reply = self.reply(await reader.readexactly(length), cut=False)
        writer.write(struct.pack("!H", len(reply)) + reply)
        await writer.drain()
        writer.close()

    def reply(self, message: bytes, *, cut: bool) -> bytes:
        name = _name(message)
        (kind,) = struct.unpack_from("!H", message, len(message) - 4)
        self.questions.append(name)
        question = message[12:]
        if cut:
            return message[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + question
        records = []
        target = self.aliases.get(name, name)
        if target != name:
            alias = b"".join(bytes((len(x),)) + x.encode() for x in target.split(".")) + b"\0"
            records.append(b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 0, len(alias)) + alias)
        turns = self.zone.get(target)
        for address in self._turn(target, kind, turns or [[]]):
            packed = ipaddress.ip_address(address).packed
            if (len(packed) == 4) == (kind == 1):
                records.append(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed)
        flags = 0x8180 if turns is not None else 0x8183
        header = struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
        return message[:2] + header + question + b"".join(records)

    def _turn(self, name: str, kind: int, turns: list[list[str]]) -> list[str]:
        turn = self._turns.get((name, kind), 0)
        self._turns[name, kind] = turn + 1
        return turns[min(turn, len(turns) - 1)]


def _name(message: bytes) -> str:
    labels, place = [], 12
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels).lower()


@dataclass
class Loader:
    """Makes sources with given settings and loads through them."""

    dns: Dns
    made: list[Sources] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)

    def sources(
        self,
        fetch: FetchSettings,
        *,
        max_data_uri_bytes: int = 10_485_760,
    ) -> Sources:
        settings = MediaSettings(fetch=fetch, max_data_uri_bytes=max_data_uri_bytes)
        self.made.append(Sources(settings))
        return self.made[-1]

    async def closed(self, url: str, *, kind: Kind = "image", **fetch: object) -> Blob:
        """Load as a server on the internet does: no private network."""
        return await self.load(url, self.fetch(allow=False, **fetch), kind=kind)

    async def open(
        self, url: str, *, kind: Kind = "image", max_bytes: int = 20_000_000, **fetch: object
    ) -> Blob:
        """Load with the private network allowed, as on an intranet."""
        settings = self.fetch(allow=True, **fetch)
        return await self.load(url, settings, kind=kind, max_bytes=max_bytes)

    async def load(
        self,
        url: str,
        fetch: FetchSettings | Sources,
        *,
        kind: Kind = "image",
        max_bytes: int = 20_000_000,
        local_files: bool = False,
        uploads: OssResolver | None = None,
    ) -> Blob:
        sources = fetch if isinstance(fetch, Sources) else self.sources(fetch)
        blob = await sources.load(
            url,
            kind=kind,
            max_bytes=max_bytes,
            local_files=local_files,
            uploads=uploads,
            param="messages[0].content[0]",
        )
        self.blobs.append(blob)
        return blob

    def fetch(self, *, allow: bool, **fetch: object) -> FetchSettings:
        fetch.setdefault("nameservers", (self.dns.address,))
        return FetchSettings(allow_private_network=allow, **fetch)  # type: ignore[arg-type]


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with _started("127.0.0.1") as server:
        yield server


@pytest.fixture
async def other_web() -> AsyncIterator[Web]:
    async with _started("127.0.0.2") as server:
        yield server


class _started:  # noqa: N801 - reads as a sentence where it is used
    def __init__(self, host: str) -> None:
        self.web = Web(host)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Web:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            await self.web.serve(reader, writer)

        self._server = await asyncio.start_server(serve, self.web.host, 0)
        self.web.port = self._server.sockets[0].getsockname()[1]
        return self.web

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def dns() -> AsyncIterator[Dns]:
    loop = asyncio.get_running_loop()
    server = Dns()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", server.port)
    )
    yield server
    transport.close()
    listener.close()


@pytest.fixture
async def loader(dns: Dns) -> AsyncIterator[Loader]:
    loader = Loader(dns)
    yield loader
    for sources in loader.made:
        await sources.aclose()
    for blob in loader.blobs:
        blob.close()
