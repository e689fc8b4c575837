"""Fixtures for the tests of the server: one HTTP call, everything about its answer."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.server.site import Site, Spawn

Answer = tuple[int, Mapping[str, str], bytes]
Call = Callable[..., Answer]


@pytest.fixture
def call() -> Call:
    """`call(url, path, json)` -> status, headers (lower case), body."""

    def send(
        url: str,
        path: str = "/v1/chat/completions",
        body: object = None,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    return send


@pytest.fixture
def ask() -> Callable[..., dict[str, object]]:
    """A small chat request, with what a test adds."""

    def build(text: str = "Hi", **more: object) -> dict[str, object]:
        messages = [{"role": "user", "content": text}]
        return {"model": "qwen3-vl-plus", "messages": messages, **more}

    return build


_SERVER = """
import sys
from pathlib import Path
from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.run import Server
from qwen_vision.settings import MediaSettings, ServerSettings, StorageSettings

settings = ServerSettings(port=0, storage=StorageSettings(folder=Path(sys.argv[1])))
pipeline = Pipeline(ScriptedEngine(DEFAULT_SCRIPT), MediaDoor(MediaSettings()))
server = Server(settings, pipeline)
print(server.url, flush=True)
server.listen_and_serve()
"""


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts a server in a process of its own."""
    running: list[subprocess.Popen[str]] = []

    def begin(folder: Path) -> tuple[subprocess.Popen[str], Site]:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and words
            [sys.executable, "-c", _SERVER, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        running.append(process)
        assert process.stdout is not None
        site = Site(process.stdout.readline().strip(), folder)
        while not _answers(site):
            time.sleep(0.02)
        return process, site

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _answers(site: Site) -> bool:
    try:
        return site.call("GET", "/healthz").status == 200
    except ConnectionRefusedError:
        return False
