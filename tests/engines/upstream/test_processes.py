"""An upstream in a process of its own: `qwen-vision serve` in front, another server behind."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qwen_vision.settings import ServerSettings
from tests.e2e.conftest import start_server
from tests.server.site import Site

if TYPE_CHECKING:
    import subprocess

Serve = Callable[..., str]
Start = Callable[..., str]
RECITED = {
    "\n": "<think>",
    "<think>": "I look. ",
    "I look. ": "</think>",
    "</think>": "A red ",
    "A red ": "square.",
    "square.": "<|im_end|>",
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `qwen-vision serve` in a folder of its own -> its address."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(name: str, *words: str, **files: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file.replace("_", ".")).write_text(text)
        process, address = start_server(folder, *words)
        running.append(process)
        return address

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)


def ask(address: str, **fields: object) -> tuple[int, dict[str, object]]:
    body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "Hi"}], **fields}
    answer = Site(address, Path()).call("POST", "/v1/chat/completions", body=json.dumps(body))
    return answer.status, answer.json


def test_the_key_of_an_upstream_may_stand_in_the_env_file(serve: Serve, start: Start) -> None:
    guarded = serve(settings=ServerSettings(port=0, keys=frozenset({"sk-of-the-file"})))
    words = ("--upstream", f"far={guarded}/v1")
    status, body = ask(start("without", *words))
    assert (status, "refused this server's key" in str(body)) == (500, True)
    status, _ = ask(start("with", *words, _env="QWEN_VISION_UPSTREAM_KEY_FAR=sk-of-the-file\n"))
    assert status == 200
