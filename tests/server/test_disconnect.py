"""A caller who leaves cancels the run: the engine's `finally` frees what it holds."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from qwen_vision.engines.base import Abilities, Event, Prompt, TextDelta
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]
Ask = Callable[..., dict[str, object]]


class Patient:
    """An engine that says one word, then waits for ever."""

    name = "patient"
    fingerprint = "patient-1"
    abilities = Abilities()

    def __init__(self) -> None:
        self.began = threading.Event()
        self.freed = threading.Event()

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        try:
            yield TextDelta("One")
            self.began.set()
            await asyncio.Event().wait()
        finally:
            self.freed.set()

    async def aclose(self) -> None:
        return


@pytest.mark.parametrize("stream", [True, False])
def test_leaving_cancels_the_run(
    serve: Serve, ask: Ask, *, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qwen_vision.server")
    engine = Patient()
    host, _, port = serve(engine=engine).removeprefix("http://").partition(":")
    body = json.dumps(ask(stream=stream)).encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        if stream:
            assert b"200 OK" in connection.recv(65536)
        assert engine.began.wait(timeout=20)
        assert not engine.freed.is_set()
    assert engine.freed.wait(timeout=20)


class Talker:
    """An engine that talks without end and counts its words."""

    name = "talker"
    fingerprint = "talker-1"
    abilities = Abilities()

    def __init__(self) -> None:
        self.words = 0
        self.freed = threading.Event()

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        try:
            while True:
                self.words += 1
                yield TextDelta("word " * 200)
        finally:
            self.freed.set()

    async def aclose(self) -> None:
        return


def test_engine_waits_for_a_caller_who_does_not_read(serve: Serve, ask: Ask) -> None:
    engine = Talker()
    host, _, port = serve(engine=engine).removeprefix("http://").partition(":")
    body = json.dumps(ask(stream=True)).encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        seen = -1
        pause = threading.Event()
        while seen != engine.words:
            seen = engine.words
            pause.wait(0.5)
    assert 0 < seen < 200_000


def test_caller_who_never_reads_is_given_up(serve: Serve, ask: Ask) -> None:
    engine = Talker()
    settings = ServerSettings(port=0, stall_timeout_s=0.2)
    host, _, port = serve(engine=engine, settings=settings).removeprefix("http://").partition(":")
    body = json.dumps(ask(stream=True)).encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert engine.freed.wait(timeout=20)
