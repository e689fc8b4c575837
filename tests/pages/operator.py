"""Runs what an operator types on a machine of their own: as it stands, inside of a folder."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_vision.cli.serve import build_parser
from tests.pages.blocks import ROOT, Command

if TYPE_CHECKING:
    from tests.pages.shell import Shell

# The operator's machine is a folder: these begin there.
_ROOT = re.compile(r"(?<![\w.])/(?=(?:opt|etc|var|backup)/)")
_UNITS = "etc/systemd/system"
_SERVER = re.compile(r"http://127\.0\.0\.1:8765")
_OPTIONS_WITH_VALUE = ("-e", "-p", "-v")


def file_command(shell: "Shell", command: Command) -> None:
    """`install`, `cp`, `python3 -m venv`: by the real programs, in the folder."""
    for place in (_UNITS, "backup"):
        (shell.folder / place).mkdir(parents=True, exist_ok=True)
    line = _rooted(shell, command.line)
    if command.words[0] == "python3":
        line = f"{sys.executable} {line.removeprefix('python3')} --without-pip"
    done = subprocess.run(  # noqa: S603 - the commands of our own pages
        ["/bin/bash", "-ec", line],
        capture_output=True,
        text=True,
        cwd=shell.cwd,
        env=shell.environment(command),
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"


def change_folder(shell: "Shell", command: Command) -> None:
    """`cd`: into a folder that is there."""
    shell.cwd = Path(_rooted(shell, command.words[1]))
    assert shell.cwd.is_dir(), command.line


def systemctl(shell: "Shell", command: Command) -> None:
    """`systemctl`: whatever is started was put where systemd looks for it."""
    if "enable" in command.words:
        assert (shell.folder / _UNITS / f"{command.words[-1]}.service").is_file(), command.line


def database(shell: "Shell", command: Command) -> None:
    """`sqlite3 FILE ".backup 'FILE'"`, by the library behind that program."""
    _, source, wish = command.words
    found = re.fullmatch(r"\.backup '(.+)'", wish)
    assert found, command.line
    with sqlite3.connect(shell.cwd / source) as real:
        copy = sqlite3.connect(_rooted(shell, found[1]))
        real.backup(copy)
        copy.close()
    real.close()


def fetch(shell: "Shell", command: Command) -> None:
    """`curl URL -H HEADER`: the server here says JSON to the same request."""
    url, *headers = (word for word in command.words[1:] if not word.startswith("-"))
    asked = urllib.request.Request(_SERVER.sub(shell.server, url))  # noqa: S310 - loopback
    for header in headers:
        name, _, value = header.partition(": ")
        asked.add_header(name, value)
    with urllib.request.urlopen(asked) as response:  # noqa: S310 - loopback
        assert json.load(response), command.line


def foreign_server(shell: "Shell", command: Command) -> None:
    """A server of others: its own help knows the options, where it is installed."""
    program = shutil.which(command.words[0])
    if program is None:
        return
    words = [program, *(word for word in command.words[1:2] if not word.startswith("-")), "--help"]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout  # noqa: S603
    options = [word for word in command.words if word.startswith("--")]
    assert [option for option in options if option not in told] == [], command.line


def docker(shell: "Shell", command: Command) -> None:
    """`docker run` starts what the image would start; of the rest the files are there.

    `tests/test_deploy.py` looks into the image and the compose file.
    """
    match command.words[1]:
        case "run":
            _run_image(shell, command)
        case "build":
            assert (ROOT / command.words[-1] / "Dockerfile").is_file()
        case _:
            text = (ROOT / command.words[command.words.index("-f") + 1]).read_text("utf-8")
            if "--profile" in command.words:
                assert command.words[command.words.index("--profile") + 1] in text
            for options in command.variables.values():
                build_parser().parse_args(options.split())


def _run_image(shell: "Shell", command: Command) -> None:
    words = list(command.words[2:])
    storage = shell.folder / "var" / "lib" / "qwen-vision" / "uploads"
    variables = {"QWEN_VISION_STORAGE_FOLDER": str(storage)}
    while words[0].startswith("-"):
        option = words.pop(0)
        value = words.pop(0) if option in _OPTIONS_WITH_VALUE else ""
        if option == "-e":
            name, _, variables[name] = value.partition("=")
    image = (ROOT / "Dockerfile").read_text("utf-8")
    found = re.search(r"^ENTRYPOINT (\[.*\])\nCMD (\[.*\])$", image, re.M)
    assert found, "the image starts nothing"
    started = (*json.loads(found[1]), *(words[2:] if words[1:] else json.loads(found[2])[1:]))
    assert words[0] == "qwen-vision", command.line
    assert words[1:2] in ([], ["serve"]), command.line
    shell.serve(Command(command.line, variables, (started[0], "serve", *started[1:])))


def _rooted(shell: "Shell", text: str) -> str:
    return _ROOT.sub(f"{shell.folder}/", text)
