"""Every kind of trouble an upstream may make, on a socket that says it byte by byte."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import (
    ConnectionFailedError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
)
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.completion import Completion
from qwen_vision.settings import MediaSettings, UpstreamSettings
from tests.engines.llamacpp.conftest import request, said

# What the server writes; None hangs up hard, a number waits so many seconds.
Script = list[bytes | float | None]
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
USAGE = {"prompt_tokens": 40, "completion_tokens": 3, "total_tokens": 43}


def whole(
    body: object, *, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{more}\r\n"
    return head.encode() + data


def answer(text: str = "A cat.", usage: object = USAGE) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def error(words: str) -> dict[str, Any]:
    return {"error": {"message": words, "code": "x"}}


def event(text: str, reason: str | None = None, **more: object) -> bytes:
    body = {"choices": [{"delta": {"content": text}, "finish_reason": reason}], **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


GOOD: dict[bool, Script] = {
    False: [whole(answer())],
    True: [EVENTS, event("A cat."), event("", "stop"), b"data: [DONE]\n\n"],
}


class Saying:
    """A server that says one script, then good answers; knows who is still connected."""

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.here = 0
        self._script: Script | None = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.here += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            script, self._script = self._script, None
            await self._say(script or GOOD[bool(body.get("stream"))], reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.here -= 1
            writer.close()

    async def _say(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for piece in script:
            match piece:
                case None:
                    writer.transport.abort()
                case bytes():
                    writer.write(piece)
                    await writer.drain()
                case _:
                    # Ends early when the other side leaves.
                    with suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(), piece)


@asynccontextmanager
async def saying(script: Script) -> AsyncIterator[tuple[Saying, Pipeline]]:
    site = Saying(script)
    async with await asyncio.start_server(site.serve, "127.0.0.1", 0) as server:
        site.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        settings = UpstreamSettings("far", (site.url,), silence_timeout_s=1, answer_timeout_s=2)
        pipeline = Pipeline(UpstreamEngine(settings), MediaDoor(MediaSettings()))
        try:
            yield site, pipeline
        finally:
            await pipeline.aclose()


async def ask(pipeline: Pipeline, *, stream: bool, **fields: object) -> Completion:
    run = await pipeline.start(request("What?", stream=stream, **fields))
    return await run.collect()


def both(script: Script) -> tuple[Script, Script]:
    return script, script


HTML = b"<html><body>502 Bad Gateway</body></html>"
Row = tuple[str, tuple[Script, Script], type[QwenVisionError], int, str]
TROUBLE: list[Row] = [
    (
        "500",
        both([whole(error("out of order"), status="500 Oh")]),
        RemoteError,
        500,
        "out of order",
    ),
    (
        "429",
        both(
            [whole({"error": {"message": "slow down"}}, status="429 No", more="Retry-After: 7\r\n")]
        ),
        RemoteError,
        429,
        "slow down",
    ),
    ("HTML as 200", both([whole(HTML, kind="text/html")]), RemoteError, 502, "not of the chat"),
    ("HTML as 502", both([whole(HTML, status="502 Bad", kind="text/html")]), RemoteError, 502, "."),
    ("HTML said to be a stream", both([EVENTS + HTML]), QwenVisionError, 502, "."),
    ("no HTTP", both([b"SSH-2.0-OpenSSH_9.6\r\n", 0.05]), ConnectionFailedError, 502, "broke off"),
    ("hangs up at once", both([None]), ConnectionFailedError, 502, "broke off"),
    (
        "half an answer",
        ([whole(answer())[:-20]], [EVENTS, event("Half"), event("more")[:20]]),
        QwenVisionError,
        502,
        ".",
    ),
    (
        "reset in the middle",
        ([whole(answer())[:90], None], [EVENTS, event("Half"), 0.05, None]),
        ConnectionFailedError,
        502,
        "broke off",
    ),
    ("silence", both([3.0]), RequestTimeoutError, 500, "gave no answer in time"),
    (
        "silence in the middle",
        ([whole(answer())[:90], 3.0], [EVENTS, event("Half"), 3.0]),
        RequestTimeoutError,
        500,
        "gave no answer in time",
    ),
    ("no choices", both([whole({"choices": []})]), RemoteError, 502, "not of the chat dialect"),
    (
        "a list",
        ([whole([1, 2])], [EVENTS, b"data: [1, 2]\n\n"]),
        RemoteError,
        502,
        "not of the chat dialect",
    ),
    (
        "[DONE] alone",
        ([whole(b"[DONE]")], [EVENTS, b"data: [DONE]\n\n"]),
        QwenVisionError,
        502,
        ".",
    ),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("scripts", "kind", "status", "words"),
    [row[1:] for row in TROUBLE],
    ids=[row[0].replace(" ", "-") for row in TROUBLE],
)
async def test_trouble_is_one_clear_error_and_the_next_request_is_served(
    scripts: tuple[Script, Script],
    kind: type[QwenVisionError],
    *,
    status: int,
    words: str,
    stream: bool,
) -> None:
    async with saying(scripts[stream]) as (site, pipeline):
        with pytest.raises(kind, match=words) as caught:
            await ask(pipeline, stream=stream)
        assert caught.value.status == status, caught.value.message
        assert caught.value.message.strip()
        assert "Traceback" not in caught.value.message
        if status == 429:
            assert caught.value.retry_after_s == 7
        assert said(await ask(pipeline, stream=stream)) == "A cat."
    await gone(site)


async def gone(site: Saying) -> None:
    for _ in range(100):
        if not site.here:
            return
        await asyncio.sleep(0.02)
    assert site.here == 0


async def test_a_refused_connection_says_that_nobody_listens() -> None:
    settings = UpstreamSettings("far", ("http://127.0.0.1:9/v1",))
    pipeline = Pipeline(UpstreamEngine(settings), MediaDoor(MediaSettings()))
    for stream in (False, True):
        words = r"cannot be reached: Connection refused\. Is it running"
        with pytest.raises(ConnectionFailedError, match=words) as caught:
            await ask(pipeline, stream=stream)
        # Where the upstream stands is not a caller's business.
        assert "127.0.0.1" not in caught.value.message
    await pipeline.aclose()


async def test_a_stream_without_done_is_whole_when_it_says_its_reason() -> None:
    async with saying([EVENTS, event("A cat."), event("", "stop")]) as (_, pipeline):
        completion = await ask(pipeline, stream=True)
    assert said(completion) == "A cat."
    assert completion.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": 2, "total_tokens": -3},
        {"prompt_tokens": "many", "completion_tokens": None},
        {"prompt_tokens": 1.5, "completion_tokens": [], "prompt_tokens_details": 3},
        {
            "prompt_tokens": 40,
            "completion_tokens": 3,
            "prompt_tokens_details": {"image_tokens": -1},
        },
        [1, 2],
        "none",
        {},
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_wrong_usage_never_spoils_the_answer(usage: object, stream: bool) -> None:
    streamed: Script = [EVENTS, event("A cat."), event("", "stop", usage=usage)]
    script: Script = streamed if stream else [whole(answer(usage=usage))]
    async with saying(script) as (_, pipeline):
        completion = await ask(pipeline, stream=stream)
    assert said(completion) == "A cat."
    found = completion.usage
    assert found is not None
    assert found.prompt_tokens > 0
    assert found.completion_tokens > 0
    assert found.total_tokens == found.prompt_tokens + found.completion_tokens


async def test_an_endless_stream_that_repeats_itself_is_ended_by_the_guard() -> None:
    words: Script = [EVENTS, *[event("again and again ")] * 3000, 20.0]
    async with saying(words) as (site, pipeline):
        completion = await ask(pipeline, stream=True, max_tokens=None)
        assert completion.choices[0].finish_reason == "length"
        assert len(said(completion)) < 40_000
    await gone(site)


async def test_an_endless_stream_that_says_new_things_is_cut_at_its_size() -> None:
    chance = random.Random(3)  # noqa: S311 - only words
    words: Script = [EVENTS, *(event(chance.randbytes(500_000).hex()) for _ in range(80)), 20.0]
    async with saying(words) as (site, pipeline):
        run = await pipeline.start(request("What?", stream=True, max_tokens=None))
        with pytest.raises(ConnectionFailedError, match="wrote more than 64 MB without an end"):
            await run.collect()
    await gone(site)
