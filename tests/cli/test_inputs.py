"""What a file or URL on the command line is taken for."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.client.files import kind_of

Command = Callable[..., subprocess.CompletedProcess[str]]
SCRIPTED = ("--engine", "scripted:script.toml")


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("http://x/a.jpg", "image"),
        ("https://x/a.MP4?token=1.jpg", "video"),
        ("https://x/watch", "image"),
        ("http://x/paper.pdf#page=2", "document"),
        ("oss://bucket/clip.mov", "video"),
        ("data:video/mp4;base64,AAAA", "video"),
        ("data:application/pdf;base64,AAAA", "document"),
        ("data:image/png;base64,AAAA", "image"),
    ],
)
def test_url_is_what_its_name_or_type_says(place: str, kind: str) -> None:
    assert kind_of(place) == kind


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.jpg", b"\x00\x00\x00\x20ftypisom", "video"),
        ("b", b"%PDF-1.7", "document"),
        ("c.mp4", b"GIF89a", "image"),
        ("d.avi", b"RIFF\x00\x00\x00\x00AVI ", "video"),
        ("e.heic", b"\x00\x00\x00\x20ftypheic", "image"),
        ("f.wmv", b"0&\xb2u", "video"),
        ("g.mov", b"????", "video"),
        ("h.txt", b"hello", "image"),
    ],
)
def test_file_is_what_its_bytes_say_before_its_name(
    tmp_path: Path, *, name: str, data: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert kind_of(str(tmp_path / name)) == kind


def test_pages_of_a_document_are_named_in_the_receipt(command: Command, folder: Path) -> None:
    pages = [Image.new("RGB", (200, 300), colour) for colour in ("white", "grey")]
    pages[0].save(folder / "two.pdf", save_all=True, append_images=pages[1:])
    done = command("analyze", "two.pdf", "--pages", "2", "--receipt", *SCRIPTED)
    assert done.returncode == 0, done.stderr
    assert "two.pdf: " in done.stderr
    assert "page 2" in done.stderr
    assert "page 1" not in done.stderr


def test_video_is_sampled_and_named_in_the_receipt(
    command: Command, folder: Path, clip: Path
) -> None:
    done = command("analyze", str(clip), "--fps", "1", "--receipt", *SCRIPTED)
    assert done.returncode == 0, done.stderr
    assert "video tokens" in done.stderr
    assert "frames" in done.stderr


def test_every_file_may_be_called_a_video(command: Command) -> None:
    done = command("analyze", "red.png", "--video", *SCRIPTED)
    assert done.returncode == 1
    assert done.stderr.startswith("qwen-vision: error: red.png: ")


def test_broken_frame_is_named(command: Command, folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
    files = ("red.png", "red.png", "red.png", "broken.png")
    done = command("analyze", *files, "--frames", *SCRIPTED)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_frames_are_pictures_only(command: Command, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"%PDF-1.7")
    assert command("analyze", "a.pdf", "--frames", *SCRIPTED).returncode == 2


def test_file_that_may_not_be_read_is_named(command: Command, folder: Path) -> None:
    (folder / "loop.png").symlink_to("loop.png")
    done = command("analyze", "loop.png", *SCRIPTED)
    assert done.returncode == 1
    assert "loop.png" in done.stderr


def test_very_long_prompt_is_no_file_name(command: Command) -> None:
    assert command("analyze", "red.png", "why " * 5000, *SCRIPTED).returncode == 0
