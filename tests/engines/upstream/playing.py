"""Servers that a test plays: they say on a socket what the test wants, well or badly."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings, UpstreamSettings

BODY = (
    b'{"choices":[{"message":{"role":"assistant","content":"A cat."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":40,"completion_tokens":3,"total_tokens":43}}'
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
EVENTS = (
    b'data: {"choices":[{"delta":{"content":"A cat."}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
Script = Callable[["Caller"], Awaitable[None]]


@dataclass
class Caller:
    """One connection, from the side of a server that a test plays."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heads: list[bytes] = field(default_factory=list)

    async def hear(self) -> bytes:
        """The next request's body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await self.reader.readexactly(length)

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.002)


@dataclass
class Upstream:
    """A server of sockets; `callers` are the connections it has had."""

    url: str = ""
    callers: list[Caller] = field(default_factory=list)


@asynccontextmanager
async def playing(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    site = Upstream()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(reader, writer)
        site.callers.append(caller)
        try:
            await script(caller)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    site.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1"
    try:
        yield site
    finally:
        server.close()


def says(*pieces: bytes) -> Script:
    """A server that answers every request with these pieces."""

    async def script(caller: Caller) -> None:
        while True:
            await caller.hear()
            await caller.say(*pieces)

    return script


def says_once(*pieces: bytes) -> Script:
    """A server that answers one request with these pieces and closes the connection."""

    async def script(caller: Caller) -> None:
        await caller.hear()
        await caller.say(*pieces)

    return script


def engine_for(url: str, **limits: float) -> UpstreamEngine:
    return UpstreamEngine(UpstreamSettings("gpu", (url,), profile="dashscope", **limits))  # type: ignore[arg-type]


async def ask(engine: UpstreamEngine, *, stream: bool = False, extra: int = 0) -> str | None:
    body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "What?"}]}
    raw = msgspec.json.encode({**body, "stream": stream, "extra": "x" * extra})
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    run = await pipeline.start(msgspec.json.decode(raw, type=ChatRequest), body=raw)
    return (await run.collect()).choices[0].message.content
