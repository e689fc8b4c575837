"""The server before another server: CPU a request, beside the least that could do the job.

The peer (the floor) is Starlette on uvicorn with aiohttp: it decodes the request into the same
types, looks at the first bytes of each picture, and forwards the caller's bytes. Client,
gateway and upstream are processes of their own; only the gateway's CPU counts.
"""

import asyncio
import base64
import json
import random
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

from benchmarks.measure import memory_mb, paired, peak_memory_mb, process_cpu_ms
from benchmarks.processes import Listening, listening
from benchmarks.server import load
from benchmarks.table import Row

TITLE = "Gateway, beside the floor"
PIECES = 64
UPSTREAM = """
import json, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

def chunk(delta, reason=None):
    choice = {"delta": delta, "finish_reason": reason, "index": 0, "logprobs": None}
    body = {"choices": [choice], "object": "chat.completion.chunk", "usage": None,
            "created": 1770000000, "system_fingerprint": None, "model": "qwen3-vl-plus",
            "id": "chatcmpl-1"}
    return b"data: " + json.dumps(body).encode() + b"\\n\\n"

events = [chunk({"content": "", "role": "assistant"})]
events += [chunk({"content": "A cat sits. "})] * int(sys.argv[2])
events += [chunk({"content": ""}, "stop"), b"data: [DONE]\\n\\n"]
message = {"role": "assistant", "content": "A cat sits on a red sofa and looks out."}
whole = json.dumps({
    "choices": [{"message": message, "finish_reason": "stop", "index": 0, "logprobs": None}],
    "object": "chat.completion", "created": 1770000000, "model": "qwen3-vl-plus",
    "usage": {"prompt_tokens": 300, "completion_tokens": 12, "total_tokens": 312},
    "system_fingerprint": None, "id": "chatcmpl-1"}).encode()

async def chat(request):
    body = await request.body()
    # Only the short requests are streamed; a proxy may have written them anew.
    if len(body) > 10_000 or b'"stream":true' not in body.replace(b" ", b""):
        return Response(whole, media_type="application/json")
    async def pieces():
        for event in events:
            yield event
    return StreamingResponse(pieces(), media_type="text/event-stream")

app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
# Longer than any pause: a connection that closes while it is idle would cost the floor a 500.
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning",
            loop="uvloop", http="httptools", timeout_keep_alive=600)
"""
OURS = """
import sys
from qwen_vision.server.run import serve
from qwen_vision.settings import EngineSettings, ServerSettings, UpstreamSettings
upstream = UpstreamSettings("peer", (sys.argv[2],), profile="dashscope")
serve(ServerSettings(port=int(sys.argv[1]), engine="upstream:peer"),
      EngineSettings(upstreams=(upstream,)))
"""
FLOOR = """
import binascii, logging, sys, uuid
import aiohttp, msgspec, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from qwen_vision.protocol.parts import ImagePart, ImageUrl
from qwen_vision.protocol.request import ChatRequest

decoder = msgspec.json.Decoder(ChatRequest)
url = sys.argv[2] + "/chat/completions"
log = logging.getLogger("uvicorn.error")
session = None

def sniff(request):
    for message in request.messages:
        for part in message.content if isinstance(message.content, list) else ():
            if isinstance(part, ImagePart) and isinstance(part.image_url, ImageUrl):
                binascii.a2b_base64(part.image_url.url.partition(",")[2][:64])

async def chat(request):
    global session
    if session is None:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    body = await request.body()
    asked = decoder.decode(body)
    sniff(asked)
    headers = {"x-request-id": str(uuid.uuid4())}
    answer = await session.post(url, data=body, headers={"content-type": "application/json"})
    log.info("POST %s %d", request.url.path, answer.status)
    if not asked.stream:
        return Response(await answer.read(), media_type="application/json", headers=headers)
    async def pieces():
        async for piece in answer.content.iter_any():
            yield piece
    return StreamingResponse(pieces(), media_type="text/event-stream", headers=headers)

app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, loop="uvloop", http="httptools")
"""


class Case(NamedTuple):
    """A kind of request and how often it is sent."""

    name: str
    picture_bytes: int
    stream: bool
    at_once: int
    requests: int
    target: float


TEXT, PICTURE, LARGE = 0, 200_000, 5_000_000
CASES = (
    Case("1 KB text", TEXT, stream=False, at_once=1, requests=600, target=2),
    Case("1 KB text", TEXT, stream=False, at_once=32, requests=1280, target=2),
    Case(f"{PIECES}-chunk stream", TEXT, stream=True, at_once=32, requests=480, target=2),
    Case("200 KB picture", PICTURE, stream=False, at_once=1, requests=200, target=1.5),
    Case("200 KB picture", PICTURE, stream=False, at_once=32, requests=320, target=1.5),
    Case("5 MB picture", LARGE, stream=False, at_once=1, requests=16, target=1.3),
    Case("5 MB picture", LARGE, stream=False, at_once=32, requests=64, target=1.3),
)
FIRST_TOKENS = 200
FIRST_TOKEN_TARGET_MS = 5
IDLE_TARGET_MB = 80
PEAK_TARGET = 2


def body_for(case: Case) -> bytes:
    text = "What is in this picture? " * 40
    content: list[dict[str, object]] = [{"type": "text", "text": text}]
    if case.picture_bytes:
        data = picture(case.picture_bytes)
        url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}})
    messages = [{"role": "user", "content": content}]
    return json.dumps(
        {"model": "qwen3-vl-plus", "messages": messages, "stream": case.stream}
    ).encode()


def picture(size_bytes: int) -> bytes:
    """A JPEG of that many bytes: a real header, the rest noise behind its end."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(file, "JPEG")
    return file.getvalue() + random.Random(7).randbytes(size_bytes - file.tell())  # noqa: S311


def rows() -> Iterator[Row]:
    with ExitStack() as stack:
        upstream = stack.enter_context(listening(UPSTREAM, str(PIECES)))
        url = f"http://127.0.0.1:{upstream.port}/v1"
        yield from memory_rows(url)
        ours = stack.enter_context(listening(OURS, url))
        floor = stack.enter_context(listening(FLOOR, url))
        yield first_token_row(ours, upstream)
        for case in CASES:
            pair = paired(costs(ours, case), costs(floor, case))
            yield Row(
                f"gateway, {case.name}, {case.at_once} at once",
                pair.ours,
                "ms",
                pair.peer,
                case.target,
                "CPU a request; peer: Starlette + aiohttp, bytes forwarded",
            )


def costs(server: Listening, case: Case) -> Callable[[], float]:
    body = body_for(case)

    def cost() -> float:
        before = process_cpu_ms(server.pid)
        asyncio.run(load(server.port, body, requests=case.requests, at_once=case.at_once))
        return (process_cpu_ms(server.pid) - before) / case.requests

    return cost


def first_token_row(ours: Listening, upstream: Listening) -> Row:
    """What the gateway adds to the time to the first event of a stream, one at a time."""
    body = body_for(Case("", TEXT, stream=True, at_once=1, requests=1, target=1))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(FIRST_TOKENS):
        for server, found in zip((ours, upstream), times, strict=True):
            found.append(first_event_ms(server.port, body))
    added = statistics.median(times[0]) - statistics.median(times[1])
    note = "wall time beyond asking the upstream itself"
    return Row("gateway, time to first token", added, "ms", target=FIRST_TOKEN_TARGET_MS, note=note)


def first_event_ms(port: int, body: bytes) -> float:
    """Milliseconds from sending a request to the first bytes of its stream."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    message = head % len(body) + b"Connection: close\r\n\r\n" + body
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.perf_counter()
        connection.sendall(message)
        received = b""
        while b"data: " not in received:
            received += connection.recv(65536)
        return (time.perf_counter() - began) * 1000


def memory_rows(url: str) -> Iterator[Row]:
    """Memory of a fresh gateway: idle after some texts, and the most that 32 pictures took."""
    text, large = body_for(CASES[0]), body_for(CASES[-1])
    found: list[tuple[float, float]] = []
    for program in (OURS, FLOOR):
        with listening(program, url) as server:
            asyncio.run(load(server.port, text, requests=32, at_once=1))
            idle = memory_mb(server.pid)
            asyncio.run(load(server.port, large, requests=64, at_once=32))
            found.append((idle, peak_memory_mb(server.pid) - idle))
    (ours_idle, ours), (floor_idle, floor) = found
    yield Row(
        "gateway, idle",
        ours_idle,
        "MB",
        target=IDLE_TARGET_MB,
        note=f"memory; the peer's: {floor_idle:.0f} MB",
    )
    flying_mb = 32 * len(large) / 2**20
    yield Row(
        "gateway, 5 MB picture, 32 at once, more than idle",
        ours,
        "MB",
        target=PEAK_TARGET * flying_mb,
        note=f"memory; the bodies: {flying_mb:.0f} MB, the peer's: {floor:.0f} MB",
    )
