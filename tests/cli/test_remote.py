"""The command against a server that keeps uploads: large files, one command, no thought."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.engines.registry import build_engine
from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import (
    EngineSettings,
    ServerSettings,
    StorageSettings,
    UpstreamSettings,
)

Command = Callable[..., subprocess.CompletedProcess[str]]
MODEL = ("--model", "qwen3-vl-plus")


@pytest.fixture
def there(serve: Callable[..., str], folder: Path) -> dict[str, str]:
    """The environment that leads to the server."""
    settings = ServerSettings(port=0, storage=StorageSettings(folder=folder / "kept"))
    address = serve(Step(text="A film."), settings=settings)
    return {"QWEN_BASE_URL": address, "XDG_CACHE_HOME": str(folder / "cache")}


def test_video_of_sixty_megabytes_is_uploaded_by_itself_and_answered(
    command: Command, there: dict[str, str], clip: Path
) -> None:
    # A box of free space is part of the format, and players skip it.
    free_bytes = 60_000_000
    with clip.open("ab") as out:
        out.write(free_bytes.to_bytes(4, "big") + b"free" + bytes(free_bytes - 8))
    done = command("analyze", "clip.mp4", "What happens?", "--receipt", *MODEL, env=there)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "A film.\n"
    assert "clip.mp4: video" in done.stderr
    again = command("analyze", "clip.mp4", "And now?", *MODEL, env=there)
    assert again.returncode == 0, again.stderr
    kept = [file for file in (clip.parent / "kept").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size > free_bytes for file in kept) == 1


def test_upload_prints_urls_that_the_other_commands_take(
    command: Command, there: dict[str, str]
) -> None:
    done = command("upload", "red.png", *MODEL, env=there)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("oss://")
    answered = command("analyze", done.stdout.strip(), "What?", *MODEL, env=there)
    assert answered.stdout == "A film.\n", answered.stderr
    assert command("upload", "red.png").returncode == 1
    assert command("upload", "nowhere.png", env=there).returncode == 1


def test_folder_stands_for_its_media_in_natural_order(
    command: Command, there: dict[str, str], folder: Path
) -> None:
    shots = folder / "shots"
    shots.mkdir()
    for number in (10, 2, 1):
        Image.new("RGB", (64, 48), "red").save(shots / f"shot{number}.png")
    (shots / "notes.txt").write_text("no picture")
    done = command("analyze", "shots", "What?", "--receipt", *MODEL, env=there)
    assert done.returncode == 0, done.stderr
    lines = [line.partition(":")[0] for line in done.stderr.splitlines() if "shot" in line]
    assert lines == [f"shots/shot{number}.png" for number in (1, 2, 10)]


def test_reading_tasks_ask_in_their_own_words(
    command: Command, serve: Callable[..., str], folder: Path
) -> None:
    script = '[[answer]]\nwhen = "HTML"\nsteps = [{ text = "<table>" }]\n[[answer]]\nsteps = []\n'
    (folder / "tasks.toml").write_text(script)
    engine = ("--engine", "scripted:tasks.toml")
    assert command("ocr", "red.png", "--task", "table", *engine).stdout == "<table>\n"
    assert command("ocr", "red.png", "--task", "poem", *engine).returncode == 2


def test_large_picture_is_shrunk_unless_told_otherwise(
    command: Command, there: dict[str, str], folder: Path
) -> None:
    Image.effect_noise((2400, 1800), 80).convert("RGB").save(folder / "noise.jpg", quality=90)
    words = ("analyze", "noise.jpg", "What?", "--receipt", *MODEL)
    shrunk = command(*words, env=there)
    assert "1856x1376" in shrunk.stderr, shrunk.stderr
    assert "2400x1800" not in shrunk.stderr
    assert "2400x1800" in command(*words, "--no-shrink", env=there).stderr


def test_json_is_all_that_a_pipe_gets(command: Command, serve: Callable[..., str]) -> None:
    address = serve(Step(text='```json\n{"total": "9.00"}\n```'))
    done = command("analyze", "red.png", "Read", "--json", *MODEL, env={"QWEN_BASE_URL": address})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"total": "9.00"}


def test_receipt_of_a_server_names_what_its_upstream_did_not_hear(
    command: Command, serve: Callable[..., str]
) -> None:
    behind = UpstreamSettings(name="gpu", urls=(f"{serve()}/v1",), profile="ollama")
    engine = build_engine("upstream:gpu", EngineSettings(upstreams=(behind,)))
    there = {"QWEN_BASE_URL": serve(engine=engine)}
    asked = ("analyze", "red.png", "What?", *MODEL, "--high-resolution", "--receipt")
    for way in ("--stream", "--no-stream"):
        done = command(*asked, way, env=there)
        assert done.returncode == 0, done.stderr
        assert "Without effect" in done.stderr
        assert "know none: vl_high_resolution_images" in done.stderr
