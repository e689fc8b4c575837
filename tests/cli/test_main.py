"""The command itself: help, version, and what it does with words it does not know."""

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_vision import __version__
from qwen_vision.cli.main import COMMANDS

Command = Callable[..., subprocess.CompletedProcess[str]]
# The head of a picture of 100,000 x 100,000 pixels.
VAST = struct.pack(
    "<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0
)


def test_help_names_every_command(command: Command) -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)


def test_no_words_show_the_help(command: Command) -> None:
    assert command().stdout == command("--help").stdout


def test_version_is_the_package_version(command: Command) -> None:
    assert command("--version").stdout == f"qwen-vision {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_fits_a_terminal(command: Command, name: str) -> None:
    done = command(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: qwen-vision {name}")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_unknown_command_is_wrong_usage(command: Command) -> None:
    done = command("paint")
    assert done.returncode == 2
    assert "'paint'" in done.stderr


def test_unknown_option_is_wrong_usage(command: Command) -> None:
    assert command("--paint").returncode == 2


def test_file_without_a_command_leads_to_analyze(command: Command) -> None:
    assert "qwen-vision analyze red.png" in command("red.png").stderr


def test_env_file_is_read_and_the_environment_wins(command: Command, folder: Path) -> None:
    (folder / ".env").write_text("QWEN_BASE_URL=http://127.0.0.1:1/v1\n")
    assert "127.0.0.1:1" in command("doctor").stdout
    other = {"QWEN_BASE_URL": "http://127.0.0.1:2/v1"}
    assert "127.0.0.1:2" in command("doctor", env=other).stdout


def test_env_file_that_is_no_text_is_named(command: Command, folder: Path) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe\x00")
    done = command("analyze", "red.png")
    assert done.returncode == 1
    assert "'.env'" in done.stderr


def test_setting_that_cannot_be_used_is_named(command: Command) -> None:
    done = command("analyze", "red.png", env={"QWEN_VISION_ALLOW_PRIVATE_NETWORK": "perhaps"})
    assert done.returncode == 1
    assert "QWEN_VISION_ALLOW_PRIVATE_NETWORK" in done.stderr


def test_folder_that_redirects_the_users_key_is_pointed_out(command: Command, folder: Path) -> None:
    (folder / ".env").write_text("QWEN_BASE_URL=http://127.0.0.1:1/v1\n")
    done = command("analyze", "red.png", env={"QWEN_API_KEY": "sk-mine"})
    assert ".env here sends QWEN_API_KEY to http://127.0.0.1:1/v1" in done.stderr
    (folder / ".env").write_text("QWEN_BASE_URL=http://127.0.0.1:1/v1\nQWEN_API_KEY=sk-its\n")
    assert ".env here" not in command("analyze", "red.png").stderr


def test_debug_shows_where_an_error_happened(command: Command) -> None:
    done = command("analyze", "nowhere.png", env={"QWEN_VISION_DEBUG": "1"})
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("qwen-vision: error: ")


def test_error_nobody_thought_of_is_one_line_too(folder: Path) -> None:
    (folder / "magic.py").write_text("plugin = 1 / 0\n")
    info = folder / "magic-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: magic\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[qwen_vision.engines]\nmagic = magic:plugin\n")
    code = (
        "import sys; sys.path.insert(0, '.'); from qwen_vision.cli.main import main; "
        "sys.exit(main(['analyze', 'red.png', '--engine', 'magic'], {}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "unexpected ZeroDivisionError" in done.stderr
    assert done.stderr.count("\n") == 1


def test_command_that_is_nearly_one_is_guessed(command: Command) -> None:
    done = command("analyse", "red.png")
    assert done.returncode == 2
    assert done.stderr.endswith("Did you mean 'analyze'? See: qwen-vision --help\n")


def test_file_of_another_kind_is_told_what_may_be_looked_at(command: Command) -> None:
    done = command("ocr", "script.toml")
    assert done.returncode == 1
    assert "script.toml: " in done.stderr
    assert "JPEG, PNG" in done.stderr


def test_upload_without_a_server_says_what_to_set(command: Command) -> None:
    done = command("upload", "red.png")
    assert done.returncode == 1
    assert "QWEN_BASE_URL" in done.stderr
    assert "--engine" not in done.stderr


def test_option_that_is_nearly_one_is_guessed(command: Command) -> None:
    done = command("analyze", "red.png", "--temprature=1")
    assert done.returncode == 2
    assert "there is no option '--temprature'. Did you mean '--temperature'? See" in done.stderr


def test_option_of_another_command_is_placed(command: Command) -> None:
    done = command("ocr", "red.png", "--upstream", "gpu=http://127.0.0.1:1/v1")
    assert done.returncode == 2
    assert "no option '--upstream' here; qwen-vision serve has it. See" in done.stderr


def test_upstream_as_the_engine_of_a_question_says_how_to_ask_that_server(command: Command) -> None:
    done = command("analyze", "red.png", "--engine", "upstream:gpu")
    assert done.returncode == 1
    assert "QWEN_BASE_URL=http://HOST:PORT/v1" in done.stderr
    assert "--upstream" not in done.stderr


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.png", b"", "Cannot read 'empty.png': it is empty."),
        ("vast.bmp", VAST, "vast.bmp: The image size is not supported"),
        ("vast.bmp", VAST, "make it smaller"),
        ("broken.mp4", b"\x00\x00\x00\x18ftypmp42", "write it anew"),
    ],
)
def test_file_that_cannot_be_looked_at_is_told_what_is_wrong_with_it(
    command: Command, folder: Path, *, name: str, data: bytes, words: str
) -> None:
    (folder / name).write_bytes(data)
    done = command("analyze", name)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
