"""The command itself: help, version, and what it does with words it does not know."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_vision import __version__
from qwen_vision.cli.main import COMMANDS

Command = Callable[..., subprocess.CompletedProcess[str]]


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
