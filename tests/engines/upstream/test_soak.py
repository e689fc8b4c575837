"""Many callers who leave when they like, and a server that fails when it likes: nothing leaks."""

import asyncio
import gc
import json
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import ConnectionFailedError, QwenVisionError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.settings import MediaSettings, UpstreamSettings
from tests.engines.llamacpp.conftest import request, said
from tests.engines.llamacpp.tiny import write_model, write_projector
from tests.engines.upstream.foreign import llama_server

WORDS = 12


class Moody:
    """A server that mostly streams words, and sometimes breaks; counts who is with it."""

    def __init__(self) -> None:
        self.here = 0
        self.served = 0
        self.good = False
        self._mood = random.Random(6)  # noqa: S311 - only moods

    async def reply(self, request: web.Request) -> web.StreamResponse:
        self.here += 1
        self.served += 1
        try:
            body = await request.json()
            mood = "good" if self.good else self._mood.choice(["good"] * 6 + ["bad"] * 4)
            if mood == "bad":
                return await self._trouble(request)
            if not body.get("stream"):
                return web.json_response(_whole("word " * WORDS))
            return await self._stream(request, words=WORDS, ends=True)
        finally:
            self.here -= 1

    async def _trouble(self, request: web.Request) -> web.StreamResponse:
        match self._mood.randrange(5):
            case 0:
                return web.json_response({"error": {"message": "busy"}}, status=429)
            case 1:
                return web.Response(text="<html>502</html>", status=502, content_type="text/html")
            case 2:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case 3:
                return await self._stream(request, words=3, ends=False)
            case _:
                await asyncio.sleep(0.05)
                return web.Response(text="nonsense")

    async def _stream(self, request: web.Request, *, words: int, ends: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(words):
            await response.write(_event(f"{number} "))
            await asyncio.sleep(0)
        if ends:
            await response.write(_event("", "stop") + b"data: [DONE]\n\n")
        return response


def _whole(text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"message": message, "finish_reason": "stop"}]}


def _event(text: str, reason: str | None = None) -> bytes:
    body = {"choices": [{"delta": {"content": text}, "finish_reason": reason}]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


@pytest.fixture
async def moody() -> AsyncIterator[tuple[Moody, str]]:
    moody = Moody()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", moody.reply)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield moody, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


async def _visit(pipeline: Pipeline, number: int, mood: random.Random) -> None:
    """One caller: stays, leaves after some pieces, or is cancelled."""
    kind = mood.choice(["stay", "whole", "leave", "leave", "cancel", "cancel"])
    stays, patience_s = mood.randrange(1, WORDS), mood.random() / 50
    asked = request(f"Hi {number}", stream=kind != "whole")
    try:
        async with asyncio.timeout(patience_s if kind == "cancel" else None):
            if kind == "whole":
                await pipeline.complete(asked)
                return
            async with aclosing(pipeline.stream(asked)) as chunks:
                async for _ in chunks:
                    stays -= 1
                    if kind == "leave" and not stays:
                        break
    except TimeoutError:
        assert kind == "cancel"
    except QwenVisionError as error:
        if error.status < 429:
            raise


@pytest.mark.timeout(240)
async def test_nothing_is_left_of_callers_who_leave_and_servers_that_fail(
    moody: tuple[Moody, str], callers: int
) -> None:
    server, url = moody
    dead = "http://127.0.0.1:9/v1"
    engine = UpstreamEngine(UpstreamSettings(name="far", urls=(url, url + "/", dead)))
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    tasks, sockets = len(asyncio.all_tasks()), _sockets()
    mood = random.Random(4)  # noqa: S311 - only moods
    waiting = asyncio.Semaphore(32)

    async def visit(number: int) -> None:
        async with waiting:
            await _visit(pipeline, number, mood)

    await asyncio.gather(*(visit(number) for number in range(callers)))
    server.good = True
    assert server.served > callers / 4
    last = await asyncio.gather(*(_patient(pipeline) for _ in range(8)))
    assert set(last) == {"word " * WORDS}
    await pipeline.aclose()
    await _settled(server, tasks=tasks, sockets=sockets)


@pytest.mark.timeout(240)
async def test_the_slots_of_llama_server_come_back_too(tmp_path: Path, callers: int) -> None:
    files = write_model(tmp_path / "model.gguf"), write_projector(tmp_path / "mmproj.gguf")
    with llama_server(*files) as address:
        settings = UpstreamSettings("far", (f"{address}/v1",), profile="llama-server")
        pipeline = Pipeline(UpstreamEngine(settings), MediaDoor(MediaSettings()))
        mood = random.Random(5)  # noqa: S311 - only moods
        waiting = asyncio.Semaphore(8)

        async def visit(number: int) -> None:
            async with waiting:
                await _visit(pipeline, number, mood)

        await asyncio.gather(*(visit(number) for number in range(callers)))
        await pipeline.aclose()
        busy = True
        for _ in range(100):
            async with aiohttp.request("GET", f"{address}/slots") as response:
                busy = any(slot["is_processing"] for slot in await response.json())
            if not busy:
                break
            await asyncio.sleep(0.1)
        assert not busy


async def _patient(pipeline: Pipeline) -> str:
    """An answer, when whoever failed has had its rest."""
    while True:
        try:
            return said(await pipeline.complete(request("Hello")))
        except ConnectionFailedError:
            await asyncio.sleep(0.2)


async def _settled(server: Moody, *, tasks: int, sockets: int) -> None:
    """Wait until the server has noticed that everyone left; then nothing more may be there."""
    for _ in range(100):
        gc.collect()
        if not server.here and len(asyncio.all_tasks()) <= tasks and _sockets() <= sockets:
            return
        await asyncio.sleep(0.05)
    held = (server.here, len(asyncio.all_tasks()) - tasks, _sockets() - sockets)
    raise AssertionError(f"callers at the server, tasks, sockets left over: {held}")


def _sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += str(entry.readlink()).startswith("socket:")
        except OSError:
            continue
    return found
