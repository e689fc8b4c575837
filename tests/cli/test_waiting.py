"""What a person at a terminal sees while there is no answer yet; a pipe sees nothing."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from qwen_vision.settings import ServerSettings, StorageSettings

Command = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]
SCRIPTED = ("--engine", "scripted:script.toml")
CLEAR = "\r\x1b[K"


@pytest.fixture
def film(folder: Path) -> str:
    """A video of a minute, without a word in it."""
    with av.open(str(folder / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(120):
            picture = Image.new("RGB", (96, 64), (number * 2, 0, 90))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return "film.mp4"


def test_terminal_counts_the_seconds_until_the_answer_begins(terminal: Terminal) -> None:
    shown = terminal("analyze", "red.png", "late", *SCRIPTED)
    assert "red.png: asking this machine ... 1 s" in shown
    assert shown.rpartition("\x1b[K")[2].startswith("at last")


def test_terminal_counts_on_when_the_thoughts_have_stopped(terminal: Terminal) -> None:
    shown = terminal("analyze", "red.png", "ponder", *SCRIPTED)
    assert "A thought." in shown
    assert "asking this machine" in shown.partition("A thought.")[2]
    assert "at last" in shown.rpartition(CLEAR)[2]


@pytest.mark.parametrize(
    ("columns", "shown_whole"), [(100, r"big\.bmp: uploading [█░]{16} "), (36, r"\[2m[█░]{16} ")]
)
def test_terminal_shows_how_far_an_upload_is(
    terminal: Terminal,
    serve: Callable[..., str],
    folder: Path,
    *,
    columns: int,
    shown_whole: str,
) -> None:
    storage = StorageSettings(folder=folder / "kept")
    address = serve(settings=ServerSettings(port=0, storage=storage))
    with (folder / "big.bmp").open("wb") as out:
        Image.new("RGB", (64, 64), "red").save(out, "BMP")
        out.write(bytes(8_000_000))
    env = {"QWEN_BASE_URL": address, "XDG_CACHE_HOME": str(folder / "cache")}
    shown = terminal("analyze", "big.bmp", "--model", "qwen3-vl-plus", columns=columns, **env)
    assert re.search(shown_whole + "100% of 8.0 MB", shown)


@pytest.mark.slow
def test_terminal_shows_how_much_of_a_video_was_watched(terminal: Terminal, film: str) -> None:
    words = (film, "What happens?", "--fps", "0.5", "--model", "qwen3-vl-plus")
    shown = terminal("analyze", *words, "--engine", "local")
    bars = re.findall(r"film\.mp4: watching ([█░]{16}) (\d+)% · (\d:\d\d) of 1:00", shown)
    shares = [int(share) for _, share, _ in bars]
    assert shares[0] == 0
    assert shares[-1] == 100
    assert shares == sorted(shares)
    assert all(bar.count("█") == int(share) * 16 // 100 for bar, share, _ in bars)
    answer = shown.rpartition("watching")[2]
    assert CLEAR in answer
    assert "\n" in answer.rpartition(CLEAR)[2]


@pytest.mark.slow
def test_bar_between_thoughts_breaks_no_thought(terminal: Terminal, film: str) -> None:
    shown = terminal("analyze", film, "What happens?", "--fps", "0.1", "--engine", "local")
    assert "watching" in shown
    last = shown
    while CLEAR in last:
        before, _, after = last.partition(CLEAR)
        # A terminal forgets what stood in the line.
        last = before[: before.rfind("\n") + 1] + after
    assert "watching" not in last
    assert re.search(r"description\.(\x1b\[0m)?\r\n(\x1b\[2m)?Watched", last)


def test_pipe_sees_no_bar(process: Command, film: str) -> None:
    words = (film, "What happens?", "--fps", "0.1", "--model", "qwen3-vl-plus")
    done = process("analyze", *words, "--engine", "local")
    assert done.returncode == 0
    assert "watching" not in done.stdout + done.stderr
    assert "\r" not in done.stderr


def test_progress_fits_the_line_of_the_terminal(terminal: Terminal, folder: Path) -> None:
    name = "long-" * 40 + "字字字.png"
    (folder / "red.png").rename(folder / name)
    shown = terminal("analyze", name, "late", *SCRIPTED)
    lines = [line for line in re.split(r"[\r\n]", shown) if "asking this machine" in line]
    assert lines
    for line in lines:
        text = re.sub(r"\x1b\[\d*[mK]", "", line)
        assert text.startswith("…")
        assert len(text) + text.count("字") < 100
