"""The command over weights: `serve --model`, a configuration with two models, `analyze`."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.engines.llamacpp.conftest import Shelf
from tests.engines.llamacpp.test_answers import LINE, picture
from tests.engines.llamacpp.tiny import write_model

COMMAND = (sys.executable, "-m", "qwen_vision")


def chat(address: str, **fields: object) -> dict[str, Any]:
    """The JSON a server answers to one question."""
    body = {"messages": [{"role": "user", "content": "Count"}], "temperature": 0, **fields}
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/chat/completions", json.dumps(body).encode()
    )
    with urllib.request.urlopen(asked) as response:  # noqa: S310 - loopback
        found: dict[str, Any] = json.load(response)
        return found


@contextmanager
def serving(*words: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Address of `qwen-vision serve WORDS`, ended as an operator would end it."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port", "0", *words], stderr=subprocess.PIPE, text=True, env=env
    ) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        named = [word for word in line.split() if word.startswith("http://")]
        assert named, line + server.stderr.read()
        try:
            yield named[0].rstrip(".,")
        finally:
            server.terminate()
            server.stderr.read()
            assert server.wait(30) == 0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Little more than where the package is."""
    paths = [path for path in sys.path if path]
    return {"PYTHONPATH": ":".join(paths), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


def test_a_file_and_its_mmproj_are_served(shelf: Shelf, environment: dict[str, str]) -> None:
    model = shelf.reciting(LINE)
    with serving("--model", str(model), "--mmproj", str(shelf.projector), env=environment) as url:
        answer = chat(url, model="qwen3-vl-plus")
        assert answer["choices"][0]["message"]["content"] == "One, two, three"
        assert answer["system_fingerprint"].startswith("llamacpp-")
        parts = [picture("red"), {"type": "text", "text": "Count"}]
        seen = chat(url, model="qwen3-vl-plus", messages=[{"role": "user", "content": parts}])
        assert seen["usage"]["prompt_tokens_details"]["image_tokens"] == 66
        likely = chat(url, model="qwen3-vl-plus", logprobs=True)["choices"][0]["logprobs"]
        assert [token["token"] for token in likely["content"]] == ["One", ", two", ", three"]


def test_workers_say_what_memory_their_weights_take(
    shelf: Shelf, environment: dict[str, str]
) -> None:
    words = ("serve", "--port", "0", "--model", str(shelf.reciting(LINE)), "--workers")
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, *words, "2"], stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stderr is not None
        assert "Each of 2 workers loads " in server.stderr.readline()
        url = server.stderr.readline().partition("answers at ")[2].partition(" ")[0]
        answer = chat(url, model="qwen3-vl-plus")
        assert answer["choices"][0]["message"]["content"] == "One, two, three"
        server.terminate()
        server.stderr.read()
    assert server.returncode == 0
    # Sparse: it takes no room on the disk, and 256 times as much is more than machines have.
    huge = Path(shutil.copy(shelf.reciting(LINE), shelf.folder / "huge.gguf"))
    os.truncate(huge, 4 * 1024**3)
    words = ("serve", "--port", "0", "--model", str(huge), "--workers")
    refused = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words, "256"], capture_output=True, text=True, check=False, env=environment
    )
    assert refused.returncode == 1
    assert "Take one worker" in refused.stderr


def test_logprobs_stand_in_the_events_of_a_stream(
    shelf: Shelf, environment: dict[str, str]
) -> None:
    asked = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": "Count"}],
        "temperature": 0,
        "stream": True,
        "logprobs": True,
    }
    with serving("--model", str(shelf.reciting(LINE)), env=environment) as url:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{url}/chat/completions", json.dumps(asked).encode()
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
            events = [line[6:] for line in response if line.startswith(b"data: {")]
    found = [json.loads(event)["choices"][0]["logprobs"] for event in events]
    tokens = [item["content"][0]["token"] for item in found if item]
    assert tokens == ["One", ", two", ", three"]


def test_a_pulled_name_is_served_and_another_model_by_another_engine(
    shelf: Shelf, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "weights" / "qwen3-vl-2b"
    folder.mkdir(parents=True)
    write_model(folder / "Tiny-Q4_K_M.gguf", script=LINE)
    (tmp_path / "script.toml").write_text('[[answer]]\nsteps = [{ text = "Scripted." }]\n')
    (tmp_path / "qwen-vision.toml").write_text(
        f'[models]\n"qwen-vl-ocr" = "scripted:{tmp_path}/script.toml"\n'
        f'[weights]\nfolder = "{tmp_path}/weights"\nslots = 1\ncontext_tokens = 1024\n'
    )
    config = str(tmp_path / "qwen-vision.toml")
    with serving("--model", "qwen3-vl-2b", "--config", config, env=environment) as url:
        one = chat(url, model="qwen3-vl-plus")["choices"][0]["message"]["content"]
        two = chat(url, model="qwen-vl-ocr")["choices"][0]["message"]["content"]
    assert (one, two) == ("One, two, three", "Scripted.")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--model", "qwen3-vl-2b"), 1, "Run: qwen-vision pull qwen3-vl-2b"),
        (("--model", "nowhere.gguf"), 1, "Cannot read 'nowhere.gguf'"),
        (("--mmproj", "x.gguf"), 2, "--mmproj belongs to --model"),
        (("--model", "x.gguf", "--engine", "embedded"), 2, "leave --engine out"),
    ],
)
def test_weights_that_are_not_there_are_one_line(
    environment: dict[str, str], words: tuple[str, ...], *, code: int, told: str
) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port", "0", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
    assert told in done.stderr


def test_analyze_answers_with_weights_and_leaves_the_terminal_clean(
    shelf: Shelf, environment: dict[str, str], tmp_path: Path
) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    engine = f"llamacpp:{shelf.reciting(LINE)}:{shelf.projector}"
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "analyze", str(tmp_path / "red.png"), "Count", "--engine", engine],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "One, two, three\n"), done.stderr
    assert "llama_" not in done.stderr
