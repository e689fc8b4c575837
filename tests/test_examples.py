"""The examples on the pages run: Python against a real server, commands on real files."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pybase64
import pytest

from qwen_vision.cli.main import main
from qwen_vision.engines.registry import build_engine
from qwen_vision.settings import EngineSettings, ServerSettings, StorageSettings

ROOT = Path(__file__).parent.parent
ADDRESS = "http://127.0.0.1:8765"
PYTHON_PAGES = ("README.md", "docs/getting-started.md", "docs/guides/client.md")
COMMAND_PAGES = ("README.md", "docs/getting-started.md", "docs/guides/command-line.md")
# What runs for ever, and what is not on this machine.
_NOT_RUN = ("serve", "pull")


def _blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.DOTALL)


def _commands(page: str) -> Iterator[list[str]]:
    for block in _blocks(page, "sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["qwen-vision"] and words[1] not in _NOT_RUN:
                yield words[1:]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the examples."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with the embedded engine and a place for uploads."""
    storage = StorageSettings(folder=tmp_path_factory.mktemp("uploads"))
    engine = build_engine("embedded", EngineSettings())
    return serve(engine=engine, settings=ServerSettings(port=0, storage=storage))


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python_on_a_page_runs(page: str, address: str, folder: Path) -> None:
    picture = pybase64.b64encode_as_string((folder / "examples" / "sign.png").read_bytes())
    # Each block is whole; together they are one program, for a process costs a second.
    code = "\n".join(_blocks(page, "python"))
    code = code.replace(ADDRESS, address).replace("base64,...", f"base64,{picture}")
    (folder / "examples.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "examples.py"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# A command that stands on several pages runs once: the first pages' ones on this machine, as a
# newcomer's would, those of the guide against the server.
COMMANDS = {
    tuple(words): page.startswith("docs/guides")
    for page in reversed(COMMAND_PAGES)
    for words in _commands(page)
}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:60])
def test_command_on_a_page_runs(
    words: tuple[str, ...], *, address: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"QWEN_BASE_URL": address, "XDG_CACHE_HOME": str(folder)}
    code = main(words, there if COMMANDS[words] else {})
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert printed.out


def test_scripts_in_the_examples_of_their_help_run(folder: Path) -> None:
    request = '{"image": "examples/receipt.png", "prompt": "What is the total?"}'
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "analyze.py", "--request", request],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT / "src")},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"text"' in done.stdout
