"""What it costs to take media in: a data URI, a fetch, many fetches at once.

Peers: the bare base64 decoder, a bare aiohttp download of the same bytes, the bytes themselves.
The web server is another process.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pybase64

from benchmarks.measure import paired
from benchmarks.table import Row
from qwen_vision.media.blob import Blob
from qwen_vision.media.source import Sources
from qwen_vision.settings import FetchSettings, MediaSettings

TITLE = "Taking media in"
PICTURE_BYTES = 5_000_000
AT_ONCE = 32
URI_TARGET = 1.2
FETCH_TARGET = 1.5
MEMORY_TARGET = 2.0
WEB = """
import asyncio, os, sys
size = int(sys.argv[1])
reply = (b"HTTP/1.1 200 OK\\r\\nContent-Type: image/png\\r\\nContent-Length: %d\\r\\n\\r\\n" % size
         + os.urandom(size))
async def serve(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write(reply)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
Work = Callable[[], Awaitable[object]]


def rows() -> Iterator[Row]:
    """CPU of a data URI and of a fetch, memory of many fetches at once."""
    web = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", WEB, str(PICTURE_BYTES)], stdout=subprocess.PIPE, text=True
    )
    assert web.stdout is not None
    url = f"http://127.0.0.1:{int(web.stdout.readline())}/cat.png"
    try:
        with asyncio.Runner() as runner:
            sources = Sources(MediaSettings(fetch=FetchSettings(allow_private_network=True)))
            yield _data_uri(runner, sources)
            yield _fetch(runner, sources, url)
            yield _memory(runner, sources, url)
            runner.run(sources.aclose())
    finally:
        web.terminate()
        web.wait()


async def _load(sources: Sources, url: str) -> Blob:
    return await sources.load(
        url, kind="image", max_bytes=20_000_000, local_files=False, uploads=None, param="url"
    )


def _cpu_ms(runner: asyncio.Runner, work: Work, *, times: int) -> float:
    async def run() -> float:
        began = time.process_time()
        for _ in range(times):
            await work()
        return (time.process_time() - began) * 1000 / times

    return runner.run(run())


def _data_uri(runner: asyncio.Runner, sources: Sources) -> Row:
    text = pybase64.b64encode(os.urandom(PICTURE_BYTES)).decode()
    uri = f"data:image/jpeg;base64,{text}"

    async def bare() -> bytes:
        return pybase64.b64decode(uri[uri.index(",") + 1 :], validate=True)

    pair = paired(
        lambda: _cpu_ms(runner, lambda: _load(sources, uri), times=20),
        lambda: _cpu_ms(runner, bare, times=20),
    )
    return Row("5 MB data URI, CPU", pair.ours, "ms", peer=pair.peer, target=URI_TARGET)


def _fetch(runner: asyncio.Runner, sources: Sources, url: str) -> Row:
    async def bare() -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(20):
                async with session.get(url) as response:
                    await response.read()

    async def ours() -> None:
        for _ in range(20):
            await _load(sources, url)

    pair = paired(
        lambda: _cpu_ms(runner, ours, times=1) / 20, lambda: _cpu_ms(runner, bare, times=1) / 20
    )
    return Row("5 MB fetched, CPU", pair.ours, "ms", peer=pair.peer, target=FETCH_TARGET)


def _memory(runner: asyncio.Runner, sources: Sources, url: str) -> Row:
    async def peak_mb() -> float:
        before = _status_mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - resets the high mark
        blobs = await asyncio.gather(*(_load(sources, url) for _ in range(AT_ONCE)))
        peak = _status_mb("VmHWM") - before
        del blobs
        return peak

    return Row(
        f"{AT_ONCE} x 5 MB fetched at once, peak memory",
        # Once: later rounds would reuse what the allocator kept and look better.
        runner.run(peak_mb()),
        "MB",
        peer=AT_ONCE * PICTURE_BYTES / 1e6,
        target=MEMORY_TARGET,
        note="peer: the bytes themselves",
    )


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024 / 1e6
