"""The log of `qwen-vision serve` as whoever runs it reads it: text or JSON, at a level."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.crew import CrewOfWorkers
from tests.server.site import Site

Start = Callable[..., CrewOfWorkers]
GUIDE = Path(__file__).parent.parent.parent / "docs" / "guides" / "operations.md"
RECEIPT = Path(__file__).parent.parent.parent / "examples" / "receipt.png"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `qwen-vision serve` with words; ends what a test left."""
    running: list[CrewOfWorkers] = []

    def begin(*words: str, **env: str) -> CrewOfWorkers:
        words = ("--engine", "scripted", *words)
        running.append(CrewOfWorkers(tmp_path, *words, workers=1, env=env))
        return running[-1]

    yield begin
    for server in running:
        server.close()


def _ended(server: CrewOfWorkers) -> list[str]:
    """Every line it wrote, once it has stopped."""
    server.process.terminate()
    server.process.wait()
    server.count("")
    return server.said


def _requests(lines: list[str]) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in lines]
    return [line for line in found if line["message"] == "request"]


def test_json_log_is_one_object_a_line_with_the_documented_fields(start: Start) -> None:
    server = start("--log-format", "json", "--allowed-folder", str(RECEIPT.parent))
    # The line that says where it answers is JSON too.
    site = server.site
    parts = [
        {"type": "image_url", "image_url": {"url": RECEIPT.name}},
        {"type": "text", "text": "a secret question"},
    ]
    with server.stream("", content=parts, stream=True) as answer:
        request_id, sent = answer.headers["x-request-id"], answer.read()
    assert server.ask(model="nope\nforged")[0] == 404
    assert site.call("GET", "/healthz?token=secret").status == 200
    lines = _ended(server)
    streamed, refused, health = _requests(lines)
    assert streamed["request_id"] == request_id
    assert (streamed["status"], streamed["engine"], streamed["stream"]) == (200, "scripted", True)
    assert streamed["prompt_tokens"] > 0 < streamed["completion_tokens"]
    assert streamed["sent_bytes"] == len(sent)
    stages = {"read", "check", "prepare", "engine", "load", "header", "first_token"}
    assert set(streamed["stages_ms"]) == stages
    assert (refused["error"], refused["code"]) == ("ModelNotFoundError", "model_not_found")
    assert refused["model"] == "nope\nforged"
    assert health["path"] == "/healthz"
    assert "secret" not in "".join(lines)
    assert RECEIPT.name not in "".join(lines)
    documented = set(re.findall(r"`(\w+)`", GUIDE.read_text("utf-8").partition("## Log")[2]))
    assert {name for line in (streamed, refused, health) for name in line} <= documented


def test_text_log_tells_stages_tokens_and_bytes(start: Start) -> None:
    server = start()
    assert server.ask()[0] == 200
    (line,) = [line for line in _ended(server) if "/v1/chat/completions" in line]
    assert re.search(
        r"INFO POST /v1/chat/completions 200 \d+ ms request=[\w-]+ engine=scripted "
        r"model=qwen3-vl-plus in=\d+ out=\d+ tokens=\d+\+\d+( \w+=\d+)*\n",
        line,
    )


def test_level_warning_is_silent_about_requests(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # Where it answers is not said either.
    server = start("--log-level", "warning", "--port", str(port))
    assert _status(Site(f"http://127.0.0.1:{port}", server.folder)) == 200
    assert _ended(server) == []


def _status(site: Site) -> int:
    """The server's health, once it answers."""
    while True:
        try:
            return site.call("GET", "/healthz").status
        except ConnectionRefusedError:
            time.sleep(0.05)
