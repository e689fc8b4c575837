"""CPU of the client beside a bare aiohttp loop, and memory of an upload on both its sides.

200 pictures of 23 KB are read, sent and answered, 16 in flight, against a stub in another
process that answers the same bytes to both. CPU is user + system time of this process. The
upload is a file of 100 MB to our own server: the most memory held, beyond what was held before.
"""

import asyncio
import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pybase64
from PIL import Image

from benchmarks.measure import paired
from benchmarks.processes import Listening, listening
from benchmarks.table import Row
from qwen_vision.client import AsyncClient

TITLE = "Client"
PICTURES = 200
AT_ONCE = 16
CPU_TARGET = 3.0
UPLOAD_MB = 100
MEMORY_TARGET_MB = 20
MODEL = "qwen3-vl-plus"
PROMPT = "What is in this picture?"
STUB = """
import asyncio, sys
answer = (b'{"choices":[{"message":{"role":"assistant","content":"A cat on a sofa."},'
          b'"finish_reason":"stop","index":0,"logprobs":null}],"object":"chat.completion",'
          b'"usage":{"prompt_tokens":310,"completion_tokens":6,"total_tokens":316},'
          b'"created":1,"system_fingerprint":null,"model":"qwen3-vl-plus","id":"chatcmpl-1"}')
reply = (b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"
         b"Content-Length: %d\\r\\n\\r\\n" % len(answer)) + answer
async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\\r\\n")[0])
            await reader.readexactly(length)
            writer.write(reply)
    except asyncio.IncompleteReadError:
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=2**20)
    await server.serve_forever()
asyncio.run(main())
"""
KEEPING = """
import sys
from pathlib import Path
from qwen_vision.server.run import serve
from qwen_vision.settings import EngineSettings, ServerSettings, StorageSettings
storage = StorageSettings(folder=Path(sys.argv[2]))
serve(ServerSettings(port=int(sys.argv[1]), engine="scripted", storage=storage), EngineSettings())
"""
# Uploads one small file first, so that only the size makes a difference.
UPLOADING = """
import sys
from pathlib import Path
from qwen_vision.client import Client
def peak():
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
with Client(base_url=sys.argv[1]) as client:
    client.upload(b"GIF8" * 100_000)
    before = peak()
    client.upload(sys.argv[2])
    print((peak() - before) / 1024)
"""


def pictures(folder: Path) -> list[Path]:
    """Different pictures of about 23 KB each."""
    noise = random.Random(7)  # noqa: S311 - pictures, no secrets
    files = []
    for number in range(PICTURES):
        grain = Image.frombytes("RGB", (24, 18), noise.randbytes(24 * 18 * 3))
        data = io.BytesIO()
        grain.resize((384, 288)).save(data, "JPEG", quality=90)
        file = folder / f"{number}.jpg"
        file.write_bytes(data.getvalue())
        files.append(file)
    return files


async def _all(files: Sequence[Path], ask: Callable[[Path], Coroutine[Any, Any, str]]) -> None:
    waiting = iter(files)

    async def work() -> None:
        for file in waiting:
            assert await ask(file) == "A cat on a sofa."

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def ours(url: str, files: Sequence[Path]) -> None:
    async with AsyncClient(base_url=url) as client:

        async def ask(file: Path) -> str:
            return (await client.analyze(file, PROMPT, model=MODEL)).text

        await _all(files, ask)


async def bare(url: str, files: Sequence[Path]) -> None:
    async with aiohttp.ClientSession() as session:

        async def ask(file: Path) -> str:
            data = pybase64.b64encode_as_string(file.read_bytes())  # noqa: ASYNC240 - bare
            content = [
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}},
                {"type": "text", "text": PROMPT},
            ]
            body = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
            async with session.post(
                f"{url}/chat/completions",
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
            ) as response:
                answer = msgspec.json.decode(await response.read())
            text: str = answer["choices"][0]["message"]["content"]
            return text

        await _all(files, ask)


def cpu_ms(work: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """CPU milliseconds of this process for one picture."""
    before = time.process_time()
    asyncio.run(work())
    return (time.process_time() - before) * 1000 / PICTURES


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def upload_rows(folder: Path, server: Listening) -> Iterator[Row]:
    file = folder / "large.bin"
    with file.open("wb") as out:
        for _ in range(UPLOAD_MB):
            out.write(os.urandom(1024 * 1024))
    address = f"http://127.0.0.1:{server.port}"
    small = folder / "small.bin"
    small.write_bytes(b"GIF8" * 100_000)
    command = [sys.executable, "-c", UPLOADING, address]
    # The first upload loads what uploads need.
    subprocess.run([*command, str(small)], check=True, capture_output=True)  # noqa: S603
    before = _peak_mb(server.pid)
    done = subprocess.run([*command, str(file)], check=True, capture_output=True)  # noqa: S603
    grown = _peak_mb(server.pid) - before
    name = f"upload of {UPLOAD_MB} MB"
    note = "most memory, beyond before"
    yield Row(f"{name}, client", float(done.stdout), "MB", target=MEMORY_TARGET_MB, note=note)
    yield Row(f"{name}, server", grown, "MB", target=MEMORY_TARGET_MB, note=note)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = pictures(folder)
        size_kb = sum(file.stat().st_size for file in files) / len(files) / 1000
        with listening(STUB, "") as stub:
            url = f"http://127.0.0.1:{stub.port}/v1"
            pair = paired(
                lambda: cpu_ms(lambda: ours(url, files)), lambda: cpu_ms(lambda: bare(url, files))
            )
        title = f"client, {PICTURES} pictures of {size_kb:.0f} KB, {AT_ONCE} in flight"
        note = "CPU a picture; peer: bare aiohttp loop"
        yield Row(title, pair.ours, "ms", pair.peer, CPU_TARGET, note)
        with listening(KEEPING, str(folder / "kept")) as server:
            yield from upload_rows(folder, server)
