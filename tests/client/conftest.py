"""A server that says word for word what a test wants said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import TextPart
from qwen_vision.protocol.request import ChatRequest

CHUNK = b'{"choices":[{"delta":{"content":"Hi"},"finish_reason":null,"index":0}],"id":"x"}'
END = b'{"choices":[{"delta":{},"finish_reason":"stop","index":0}],"id":"x"}'


@dataclass
class Peer:
    """Its address, what it will say (the last one for ever), and what it was sent."""

    address: str = ""
    answers: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def say(
        self, body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = ""
    ) -> None:
        """Answer one request with this body."""
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n"
        self.answers.append(head.encode() + body)

    def say_events(self, *payloads: bytes, tail: bytes = b"") -> None:
        """Answer one request with these events."""
        body = b"".join(b"data: " + payload + b"\n\n" for payload in payloads) + tail
        self.say(body, kind="text/event-stream;charset=UTF-8")


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A peer listening on a free port."""
    peer = Peer()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length:")[2].split("\r\n")[0] or 0)
        peer.heads.append(head)
        peer.bodies.append(await reader.readexactly(length))
        said = peer.answers.pop(0) if len(peer.answers) > 1 else peer.answers[0]
        if said:
            writer.write(said)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        else:
            # Silence, until the caller has had enough.
            await reader.read()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    peer.address = f"http://{host}:{port}/v1"
    async with server:
        yield peer


@pytest.fixture
def request_of() -> Callable[..., ChatRequest]:
    """A small request; words or parts become the one message."""

    def build(*parts: object, **more: object) -> ChatRequest:
        content = list(parts) or [TextPart(text="Hi")]
        message = Message(role="user", content=content)  # type: ignore[arg-type]
        return ChatRequest(model="qwen3-vl-plus", messages=[message], **more)  # type: ignore[arg-type]

    return build
