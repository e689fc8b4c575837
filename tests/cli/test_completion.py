"""Shell completion: every command and option, in words the shells take."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from qwen_vision.cli.main import COMMANDS

Command = Callable[..., subprocess.CompletedProcess[str]]
SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("shell", SHELLS)
def test_script_names_every_command_and_its_options(command: Command, shell: str) -> None:
    done = command("completion", shell)
    assert done.returncode == 0
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert [
        word for word in ("high-resolution", "key-info", "annotate") if word not in done.stdout
    ] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_script_has_no_syntax_error(command: Command, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    script = command("completion", shell).stdout
    done = subprocess.run(  # noqa: S603 - a shell that only reads
        [program, "-n"], input=script, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("qwen-vision an", "analyze"),
        ("qwen-vision analyze --deta", "--detail"),
        ("qwen-vision analyze --detail lo", "low"),
        ("qwen-vision completion fi", "fish"),
        ("qwen-vision ocr re", "red.png"),
    ],
)
def test_bash_completes_commands_options_values_and_files(
    command: Command, line: str, expected: str
) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    words = line.split()
    ask = (
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _qwen_vision; "
        'echo "${COMPREPLY[*]}"'
    )
    script = command("completion", "bash").stdout
    done = subprocess.run(  # noqa: S603 - our own script
        [bash, "-c", script + ask], capture_output=True, text=True, check=True
    )
    assert expected in done.stdout.split()
