"""Fixtures for the command line: the command in this process, and as a process of its own."""

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import av
import pytest
from PIL import Image

from qwen_vision.cli.main import main

Command = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[bytes]]
Terminal = Callable[..., str]

COMMAND = (sys.executable, "-m", "qwen_vision")
_OURS = ("QWEN_", "DASHSCOPE_", "NO_COLOR")

SCRIPT = """
[[answer]]
when = "json"
steps = [{ text = '```json\\n{"total": "9.00"}\\n```' }]

[[answer]]
when = "nothing"
steps = [{ finish = "stop" }]

[[answer]]
when = "long"
steps = [{ text = "word " }, { finish = "length" }]

[[answer]]
when = "cut"
steps = [{ text = "half an ans" }, { error = 500, message = "the lights went out" }]

[[answer]]
when = "busy"
steps = [{ error = 400, message = "no such luck", code = "invalid_parameter_error" }]

[[answer]]
when = "escape"
steps = [{ text = "\\u001b]0;title\\u0007red" }]

[[answer]]
when = "late"
steps = [{ text = "at last", wait_s = 2.2 }]

[[answer]]
when = "ponder"
steps = [{ think = "A thought." }, { text = "at last", wait_s = 4.3 }]

[[answer]]
when = "slow"
steps = [{ text = "tick ", times = 200, wait_s = 0.1 }]

[[answer]]
steps = [{ think = "Red, I think. " }, { text = "A red " }, { text = "picture." }]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a picture, a script, and nothing else."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (320, 240), "red").save("red.png")
    Path("script.toml").write_text(SCRIPT, "utf-8")
    return tmp_path


@pytest.fixture
def clip(folder: Path) -> Path:
    """A video of three seconds."""
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for level in range(12):
            picture = Image.new("RGB", (128, 96), (level * 20, 0, 0))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("analyze", "red.png", env={...})` -> exit code and output, run in this process."""

    def run(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        code = main(words, env or {})
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, printed.out, printed.err)

    return run


@pytest.fixture
def process(folder: Path) -> Command:
    """The same, as `python -m qwen_vision` in a process of its own."""

    def run(
        *words: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, *words],
            input=stdin,
            capture_output=True,
            env=clean_environment(env),
            timeout=60,
            check=False,
        )
        return subprocess.CompletedProcess(
            words, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture
def start(folder: Path) -> Start:
    """Starts the command and leaves it running."""

    def begin(*words: str, **more: object) -> subprocess.Popen[bytes]:
        env = clean_environment({"TERM": "xterm", **more.pop("env", {})})  # type: ignore[dict-item]
        return subprocess.Popen([*COMMAND, *words], env=env, **more)  # type: ignore[call-overload, no-any-return] # noqa: S603

    return begin


@pytest.fixture
def terminal(start: Start) -> Terminal:
    """What a terminal shows of a run that ends well."""

    def run(*words: str, columns: int = 100, **env: str) -> str:
        ours, its = pty.openpty()
        termios.tcsetwinsize(its, (30, columns))
        with start(*words, stdin=its, stdout=its, stderr=its, env=env) as running:
            os.close(its)
            shown = b""
            while select.select([ours], [], [], 30)[0]:
                try:
                    piece = os.read(ours, 4096)
                except OSError:
                    # Linux says so when the last writer has gone.
                    break
                shown += piece
        os.close(ours)
        assert running.returncode == 0, shown
        return shown.decode()

    return run


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Address of a `qwen-vision serve` that plays the script; any key is taken."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port", "0", "--engine", "scripted:script.toml"],
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    ) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        named = next(word for word in line.split() if word.startswith("http://"))
        yield named.removesuffix("/v1")
        server.terminate()


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without anything that would send a test to a real server."""
    ours = os.environ  # noqa: TID251 - a process needs the environment of the one that starts it
    kept = {name: value for name, value in ours.items() if not name.startswith(_OURS)}
    return {**kept, **(more or {})}
