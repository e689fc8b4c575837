"""Weights through the server beside the same library called directly.

The weights are random and small (20 million numbers, some milliseconds a token); real ones take
longer for each token, so that what the server adds weighs less. Both use one thread and stream;
CPU counts, because the wall clock of a busy machine says nothing about either.
"""

import asyncio
import base64
import io
import json
import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measure import paired, process_cpu_ms
from benchmarks.processes import OURS, Listening, listening
from benchmarks.table import Row

TITLE = "Weights in this process"
WIDTH = 1280
BLOCKS = 4
TARGET = 1.1
TOKENS = 64
ROUNDS = 9


def parts(number: int, *, picture: bool) -> list[dict[str, Any]]:
    """A turn that no slot remembers, because its number stands in front."""
    text = {"type": "text", "text": f"{number}: what do you see? Say all of it."}
    if not picture:
        return [text]
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "PNG")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return [text, {"type": "image_url", "image_url": {"url": url}}]


def body(number: int, *, picture: bool) -> dict[str, Any]:
    return {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": parts(number, picture=picture)}],
        "stream": True,
        "max_tokens": TOKENS,
        "temperature": 0,
        "presence_penalty": 0,
        "enable_thinking": False,
    }


async def through_server(port: int, request: dict[str, Any]) -> None:
    """Read a whole stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = json.dumps(request).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    answer = await reader.read(-1)
    assert b"[DONE]" in answer, answer[:500]
    writer.close()


def load(model: Path, projector: Path) -> Any:  # noqa: ANN401 - the library has no types
    """The library as its own documentation starts it, with as much room and as many threads."""
    library = import_module("xllamacpp")
    parameters = library.CommonParams()
    parameters.model.path, parameters.mmproj.path = str(model), str(projector)
    parameters.n_ctx, parameters.n_parallel = 2 * 4096, 2
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.verbosity = 0
    return library.Server(parameters)


def rows() -> Iterator[Row]:
    tiny = import_module("tests.engines.llamacpp.tiny")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # It never ends by itself, so that both always make the same number of tokens.
        model = tiny.write_model(
            folder / "model.gguf",
            script={"\n": "a", "a": "b", "b": "a"},
            width=WIDTH,
            blocks=BLOCKS,
        )
        projector = tiny.write_projector(folder / "mmproj.gguf", width=WIDTH)
        library = load(model, projector)
        with listening(OURS, f"llamacpp:{model}:{projector}") as ours:
            for picture in (False, True):
                yield row(library, ours, picture=picture)


def row(library: Any, ours: Listening, *, picture: bool) -> Row:  # noqa: ANN401 - no types
    """The cost of one answer each way; the same questions in the same order."""
    asked_server, asked_library = count(100), count(100)

    def server() -> float:
        before = process_cpu_ms(ours.pid)
        asyncio.run(through_server(ours.port, body(next(asked_server), picture=picture)))
        return process_cpu_ms(ours.pid) - before

    def direct() -> float:
        before = process_cpu_ms(os.getpid())
        library.handle_chat_completions(body(next(asked_library), picture=picture), lambda _: False)
        return process_cpu_ms(os.getpid()) - before

    pair = paired(server, direct, rounds=ROUNDS)
    kind = "a picture" if picture else "text"
    note = f"CPU of {TOKENS} streamed tokens; peer: xllamacpp called directly"
    return Row(f"llamacpp, {kind}", pair.ours, "ms", pair.peer, TARGET, note)
