"""CPU of the server for text and streams, beside a bare Starlette app that answers the same bytes.

Both parse the request and write one access line for it. The client is this process, the servers
are others; CPU is user + system time of the server's process. Idle memory is told too.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import memory_mb, paired, process_cpu_ms
from benchmarks.processes import OURS, Listening, listening
from benchmarks.table import Row

TITLE = "Server with an engine of its own"
CONCURRENCY = (1, 32)
REQUESTS = 3000
EVENTS = 64
CPU_TARGET = 2.0
MEMORY_TARGET_MB = 80
# The prompt is 1 KB; an answer of one sentence, or 64 pieces of it.
QUESTION = "What is in this picture? " * 40
SCRIPT = f"""
[[answer]]
when = "stream"
steps = [{{ text = "A cat sits. ", times = {EVENTS} }}]

[[answer]]
steps = [{{ text = "A cat sits on a red sofa and looks out of the window." }}]
"""
BARE = """
import json, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

whole = open(sys.argv[2] + "/whole", "rb").read()
events = open(sys.argv[2] + "/events", "rb").read().split(b"\\n\\n")[:-1]

async def chat(request):
    asked = await request.json()
    if not asked.get("stream"):
        return Response(whole, media_type="application/json")
    async def pieces():
        for event in events:
            yield event + b"\\n\\n"
    return StreamingResponse(pieces(), media_type="text/event-stream;charset=UTF-8")

app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools")
"""


def body_for(*, stream: bool) -> bytes:
    text = ("stream " if stream else "") + QUESTION
    request = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    return json.dumps(request).encode()


async def load(port: int, body: bytes, *, requests: int, at_once: int) -> bytes:
    """Send that many requests over `at_once` kept connections; the last answer's body."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    message = head % len(body) + body
    last = b""

    async def caller() -> None:
        nonlocal last
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests // at_once):
            writer.write(message)
            headers = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"transfer-encoding: chunked" in headers:
                last = await reader.readuntil(b"\r\n0\r\n\r\n")
            else:
                length = int(headers.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                last = await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return last


def measure(server: Listening, *, stream: bool, requests: int, at_once: int) -> float:
    """CPU milliseconds of the server for one request."""
    before = process_cpu_ms(server.pid)
    asyncio.run(load(server.port, body_for(stream=stream), requests=requests, at_once=at_once))
    return (process_cpu_ms(server.pid) - before) / requests


def keep_answers(port: int, folder: Path) -> None:
    """Keep our own answers, for the bare app to repeat."""
    for name, stream in (("whole", False), ("events", True)):
        raw = asyncio.run(load(port, body_for(stream=stream), requests=1, at_once=1))
        if stream:
            raw = unchunk(raw)
        (folder / name).write_bytes(raw)


def unchunk(raw: bytes) -> bytes:
    body = b""
    while raw:
        size, _, rest = raw.partition(b"\r\n")
        length = int(size, 16)
        body, raw = body + rest[:length], rest[length + 2 :]
        if not length:
            break
    return body


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.toml").write_text(SCRIPT)
        with listening(OURS, f"scripted:{folder}/script.toml") as ours:
            keep_answers(ours.port, folder)
            with listening(BARE, str(folder)) as bare:
                for stream in (False, True):
                    for at_once in CONCURRENCY:
                        yield cpu_row(ours, bare, stream=stream, at_once=at_once)
    for engine in ("scripted", "embedded"):
        with listening(OURS, engine) as server:
            memory = memory_mb(server.pid)
        yield Row(f"server idle, {engine}", memory, "MB", target=MEMORY_TARGET_MB, note="memory")


def cpu_row(ours: Listening, bare: Listening, *, stream: bool, at_once: int) -> Row:
    kind = f"{EVENTS}-event stream" if stream else "1 KB text"
    count = REQUESTS // (4 if stream else 1) // at_once * at_once

    def costs(server: Listening) -> Callable[[], float]:
        return lambda: measure(server, stream=stream, requests=count, at_once=at_once)

    pair = paired(costs(ours), costs(bare))
    note = "CPU a request; peer: bare Starlette, same bytes"
    return Row(f"server, {kind}, {at_once} at once", pair.ours, "ms", pair.peer, CPU_TARGET, note)
