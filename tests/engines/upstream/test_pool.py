"""Connections between one request and the next, as the upstream engine's callers see them."""

import asyncio

import msgspec
import pytest

from qwen_vision.errors import ConnectionFailedError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings
from tests.engines.upstream.playing import (
    CHUNKED,
    EVENTS,
    WHOLE,
    Caller,
    Script,
    ask,
    engine_for,
    playing,
    says,
    says_once,
)


async def test_streams_one_after_another_share_a_connection() -> None:
    stream = CHUNKED + b"%x\r\n" % len(EVENTS) + EVENTS + b"\r\n" + b"0\r\n\r\n"
    async with playing(says(stream)) as site:
        engine = engine_for(site.url)
        assert [await ask(engine, stream=True) for _ in range(3)] == ["A cat."] * 3
        assert len(site.callers) == 1
        await engine.aclose()


async def test_a_stream_whose_end_comes_a_moment_later_leaves_its_connection_to_the_next() -> None:
    stream = CHUNKED + b"%x\r\n" % len(EVENTS) + EVENTS + b"\r\n"

    async def script(caller: Caller) -> None:
        while True:
            await caller.hear()
            await caller.say(stream)
            await asyncio.sleep(0.02)
            await caller.say(b"0\r\n\r\n")

    async with playing(script) as site:
        engine = engine_for(site.url)
        for _ in range(3):
            assert await ask(engine, stream=True) == "A cat."
            await asyncio.sleep(0.15)
        assert len(site.callers) == 1
        assert await ask(engine, stream=True) == "A cat."
        await engine.aclose()


async def test_a_stream_that_goes_on_behind_its_last_event_loses_its_connection() -> None:
    async def script(caller: Caller) -> None:
        await caller.hear()
        await caller.say(CHUNKED + b"%x\r\n" % len(EVENTS) + EVENTS + b"\r\n")
        while True:
            await caller.say(b"%x\r\n" % len(EVENTS) + EVENTS + b"\r\n")

    async with playing(script) as site:
        engine = engine_for(site.url)
        for _ in range(2):
            assert await ask(engine, stream=True) == "A cat."
            await asyncio.sleep(0.15)
        assert len(site.callers) == 2
        await engine.aclose()


async def test_what_a_caller_left_unread_never_answers_another() -> None:
    secret = EVENTS.replace(b"A cat.", b"A secret.")

    async def script(caller: Caller) -> None:
        await caller.hear()
        first, rest = secret.split(b"\n\n", 1)
        first += b"\n\n"
        await caller.say(CHUNKED + b"%x\r\n" % len(first) + first + b"\r\n")
        await caller.say(b"%x\r\n" % len(rest) + rest + b"\r\n0\r\n\r\n")
        while True:
            await caller.hear()
            await caller.say(WHOLE)

    async with playing(script) as site:
        engine = engine_for(site.url)
        pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
        body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "What?"}]}
        request = msgspec.convert({**body, "stream": True}, ChatRequest)
        chunks = (await pipeline.start(request)).chunks()
        assert [(await anext(chunks)).text for _ in range(2)] == ["", "A secret."]
        # The rest of the answer arrives, and nobody reads it.
        await asyncio.sleep(0.05)
        await chunks.aclose()
        assert await ask(engine) == "A cat."
        await engine.aclose()


async def test_bytes_that_nobody_asked_for_never_answer_the_next_request() -> None:
    forged = WHOLE.replace(b"A cat.", b"A dog.")
    async with playing(says_once(WHOLE + forged, forged)) as site:
        engine = engine_for(site.url)
        assert [await ask(engine) for _ in range(3)] == ["A cat."] * 3
        assert len(site.callers) == 3


async def test_bytes_that_come_while_nothing_is_asked_close_the_connection() -> None:
    async def script(caller: Caller) -> None:
        await caller.hear()
        await caller.say(WHOLE)
        await asyncio.sleep(0.05)
        await caller.say(WHOLE.replace(b"A cat.", b"A dog."))
        await caller.hear()

    async with playing(script) as site:
        engine = engine_for(site.url)
        assert await ask(engine) == "A cat."
        await asyncio.sleep(0.15)
        assert await ask(engine) == "A cat."
        assert len(site.callers) == 2


async def test_a_connection_the_server_has_closed_is_not_used_again() -> None:
    async with playing(says_once(WHOLE)) as site:
        engine = engine_for(site.url)
        assert await ask(engine) == "A cat."
        await asyncio.sleep(0.05)
        assert await ask(engine) == "A cat."


async def test_a_server_that_wants_to_close_is_let() -> None:
    async with playing(says(WHOLE.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))) as site:
        engine = engine_for(site.url)
        assert [await ask(engine) for _ in range(2)] == ["A cat."] * 2
        assert len(site.callers) == 2


def hangs_up(times: int) -> Script:
    """A server that answers the first request; then hangs up on so many without a word."""
    left = [times]

    async def script(caller: Caller) -> None:
        while True:
            await caller.hear()
            if len(caller.heads) > 1 or left[0] < times:
                left[0] -= 1
                if left[0] >= 0:
                    return
            await caller.say(WHOLE)

    return script


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_a_connection_that_is_closed_as_it_is_used_again_costs_no_request(size: int) -> None:
    async with playing(hangs_up(1)) as site:
        engine = engine_for(site.url)
        assert [await ask(engine, extra=size) for _ in range(3)] == ["A cat."] * 3
        # The second request was heard twice: over the old connection and over a new one.
        assert sum(len(caller.heads) for caller in site.callers) == 4


async def test_a_request_is_sent_no_more_than_once_again() -> None:
    async with playing(hangs_up(2)) as site:
        engine = engine_for(site.url)
        assert await ask(engine) == "A cat."
        with pytest.raises(ConnectionFailedError, match="broke off"):
            await ask(engine)
        assert sum(len(caller.heads) for caller in site.callers) == 3


async def test_a_new_connection_that_is_closed_is_not_tried_again() -> None:
    async with playing(says_once()) as site:
        with pytest.raises(ConnectionFailedError, match="broke off"):
            await ask(engine_for(site.url))
        assert len(site.callers) == 1
