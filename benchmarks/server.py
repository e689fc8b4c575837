"""CPU of the server for text and streams, beside a bare Starlette app that answers the same bytes.

`python -m benchmarks.server [--requests 3000] [--rounds 5]`

Both parse the request and write one access line for it. The client is this process, the servers
are others; CPU is user + system time of the server's process from /proc. Rounds are interleaved
and the median counts, because the machine is noisy. Idle memory is printed too.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
CONCURRENCY = (1, 32)
EVENTS = 64
# The prompt is 1 KB; an answer of one sentence, or 64 pieces of it.
QUESTION = "What is in this picture? " * 40
SCRIPT = f"""
[[answer]]
when = "stream"
steps = [{{ text = "A cat sits. ", times = {EVENTS} }}]

[[answer]]
steps = [{{ text = "A cat sits on a red sofa and looks out of the window." }}]
"""
OURS = """
import sys
from qwen_vision.server.run import serve
from qwen_vision.settings import MediaSettings, ServerSettings
serve(ServerSettings(port=int(sys.argv[1]), engine=sys.argv[2]), MediaSettings())
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


class Peer(NamedTuple):
    """A server under measurement."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def launch(program: str, argument: str, *, name: str) -> Peer:
    """A server in a process of its own, once it answers; an ended process when it cannot."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - the programs above
        [sys.executable, "-c", program, str(port), argument],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    return Peer(name, port, process)


def body_for(*, stream: bool) -> bytes:
    text = ("stream " if stream else "") + QUESTION
    request = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    return json.dumps(request).encode()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


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


def measure(peer: Peer, *, stream: bool, requests: int, at_once: int) -> float:
    """CPU milliseconds of the server for one request."""
    before = cpu_s(peer.process.pid)
    asyncio.run(load(peer.port, body_for(stream=stream), requests=requests, at_once=at_once))
    return (cpu_s(peer.process.pid) - before) * 1000 / requests


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


def show_idle_memory(engine: str) -> None:
    """Memory of a server that has not answered yet."""
    peer = launch(OURS, engine, name=engine)
    if peer.process.poll() is None:
        memory = memory_mb(peer.process.pid)
        print(f"Server, idle memory with engine {engine}: {memory:.0f} MB (target 80 MB)")
    else:
        print(f"Server, idle memory with engine {engine}: it does not start here")
    stop(peer)


def stop(peer: Peer) -> None:
    peer.process.terminate()
    peer.process.wait()


def show_cpu(ours: Peer, bare: Peer, *, stream: bool, requests: int, rounds: int) -> None:
    """Print both figures and their ratio for each number of requests at once."""
    kind = f"{EVENTS}-event stream" if stream else "1 KB text"
    for at_once in CONCURRENCY:
        count = requests // at_once * at_once
        found: dict[str, list[float]] = {ours.name: [], bare.name: []}
        for _ in range(rounds):
            for peer in (ours, bare):
                cpu_ms = measure(peer, stream=stream, requests=count, at_once=at_once)
                found[peer.name].append(cpu_ms)
        us, them = (statistics.median(found[peer.name]) for peer in (ours, bare))
        print(
            f"Server, {kind}, {at_once} at once, CPU ms a request: {us:.3f}, "
            f"bare Starlette {them:.3f}: {us / them:.2f}x (target 2x)"
        )


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "script.toml").write_text(SCRIPT)
        ours = launch(OURS, f"scripted:{folder}/script.toml", name="qwen-vision")
        stack.callback(stop, ours)
        keep_answers(ours.port, folder)
        bare = launch(BARE, str(folder), name="bare Starlette")
        stack.callback(stop, bare)
        for stream, requests in ((False, chosen.requests), (True, chosen.requests // 4)):
            show_cpu(ours, bare, stream=stream, requests=requests, rounds=chosen.rounds)
    for engine in ("scripted", "embedded"):
        show_idle_memory(engine)


if __name__ == "__main__":
    main()
