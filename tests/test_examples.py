"""The examples on the pages run, each in the way of its language. The rule:

Every fenced block of README.md, CONTRIBUTING.md, docs/, skill/ and examples/ is run.

- `sh`: command by command, in a folder with the examples (`tests/pages/shell.py` says how each
  program is run). `qwen-vision serve` starts a server on a free port, which must be healthy, answer
  and stop; `pull` fetches from a stand-in for the hub; `pip` installs from this checkout; `make`
  runs `demo`, and tells its plan for the rest. Pages of `docs/guides/` and `skill/` ask a server,
  others this machine; what stands on several pages runs once. What an operator types
  (`tests/pages/operator.py`) runs in a folder that is their machine: its files are put in place,
  and `docker run` starts what the image would start. Servers of others (vLLM, llama-server) need
  weights and a GPU: where they are installed their help must know the options, elsewhere nothing
  of them can be run.
- `python`: the blocks of a page are one program that asks a server. An interface that a page shows
  is compared with the real one.
- `toml`: a script is played by a server, a configuration is served and asked with each
  of its keys for each of its models, entry points are compared with those of the example plug-in.
- `json`, `xml`, `yaml`, `text`: a request is sent; an answer, an error, a stream is compared with
  what a server says to the same; a drawing names layers and types that exist, a query metrics.

A block of another language, a program nobody taught the shell, or a text no check knows fails.
"""

import ast
import http.client
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pybase64
import pytest

from qwen_vision.cli.config import Config, read_config
from qwen_vision.engines import base
from qwen_vision.engines.registry import build_engine
from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import EngineSettings, ServerSettings, StorageSettings
from tests.media.clips import Film
from tests.pages.blocks import PAGES, ROOT, Block, Command, blocks, blocks_of, commands, indented
from tests.pages.hub import Hub, stand_in
from tests.pages.shell import NoWayToRunError, Served, Shell, way_of
from tests.pages.wire import Wire

ADDRESS = "http://127.0.0.1:8765"
# What the skill's page calls its files.
SKILL_FILES = {
    "receipt.png": "receipt.png",
    "a.png": "sign.png",
    "b.png": "receipt.png",
    "page.png": "sign.png",
    "chart.png": "chart.png",
    "invoice.png": "invoice.png",
    "photo.jpg": "cat.jpg",
}


def page_names(*languages: str) -> list[str]:
    return list(dict.fromkeys(block.page for block in blocks(*languages)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the examples, and the skill's own scripts and files."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "skill" / "scripts", tmp_path / "scripts")
    for name, source in SKILL_FILES.items():
        shutil.copy(ROOT / "examples" / source, tmp_path / name)
    # A file of the reader's own is small, for every frame of it is read.
    (tmp_path / "clip.mp4").write_bytes(Film().make())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with the embedded engine and a place for uploads."""
    storage = StorageSettings(folder=tmp_path_factory.mktemp("uploads"))
    engine = build_engine("embedded", EngineSettings())
    return serve(engine=engine, settings=ServerSettings(port=0, storage=storage, any_model=True))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with weights so small that they are made here."""
    with stand_in(tmp_path_factory.mktemp("hub")) as found:
        yield found


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """The commands that ran on another page."""
    return set()


@pytest.fixture
def shell(folder: Path, *, address: str, hub: Hub, seen: set[str]) -> Shell:
    """The shell of somebody who has read the page on weights and has two files of their own."""
    hub.copy_to(folder, model="model.gguf", projector="mmproj.gguf")
    return Shell(folder, address, hub.url, seen)


@pytest.fixture(scope="module")
def wire(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Wire:
    """A server that thinks and answers, asked in plain HTTP."""
    storage = StorageSettings(folder=tmp_path_factory.mktemp("kept"))
    steps = (Step(think="Hm."), Step(text="A "), Step(text="dog."))
    return Wire(serve(*steps, settings=ServerSettings(port=0, storage=storage)))


def test_no_block_is_overlooked() -> None:
    assert [
        str(block) for page in PAGES for block in blocks_of(page) if not _has_a_way(block)
    ] == []
    assert [text for page in PAGES for text in indented(page)] == [], "put it into a fence"


def test_a_command_that_nobody_taught_the_shell_fails() -> None:
    (command,) = commands("FOO=1 rm -rf photo.jpg  # tidy up")
    assert (command.variables, command.words) == ({"FOO": "1"}, ("rm", "-rf", "photo.jpg"))
    with pytest.raises(NoWayToRunError, match="rm -rf"):
        way_of(command)
    assert not _has_a_way(Block("x.md", 1, "sh", command.line))
    assert not _has_a_way(Block("x.md", 1, "ruby", "puts 1"))
    assert not _has_a_way(Block("x.md", 1, "json", '{"new": "thing"}'))
    assert not _has_a_way(Block("x.md", 1, "toml", "[new]\nthing = 1\n"))


def _has_a_way(block: Block) -> bool:
    """Whether some test of this file runs a block."""
    match block.language:
        case "sh":
            try:
                return all(way_of(command) for command in commands(block.text))
            except NoWayToRunError:
                return False
        case "python":
            return True
        case "toml":
            return _kind_of_toml(block) is not None
        case "json" | "xml" | "text" | "yaml":
            return Wire.knows(block)
        case _:
            return False


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("page", page_names("sh"))
def test_shell_blocks_of_a_page_run(page: str, shell: Shell) -> None:
    if page.startswith(("docs/guides/", "skill/")):
        shell.variables["QWEN_BASE_URL"] = shell.server
    for block in blocks_of(ROOT / page):
        # A page may name a file before it shows it.
        if block.language == "toml" and _kind_of_toml(block) == "script":
            (shell.folder / "answers.toml").write_text(block.text, "utf-8")
    for block in blocks_of(ROOT / page):
        if block.language == "sh":
            shell.run(block)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", page_names("python"))
def test_python_on_a_page_runs(page: str, address: str, folder: Path) -> None:
    found = [block for block in blocks("python") if block.page == page]
    shown = [block for block in found if _interfaces(block)]
    for block in shown:
        assert _interface_faults(block) == [], str(block)
    # Each block is whole; together they are one program, for a process costs a second.
    code = "\n".join(block.text for block in found if block not in shown)
    picture = pybase64.b64encode_as_string((folder / "examples" / "sign.png").read_bytes())
    code = code.replace(ADDRESS, address).replace("base64,...", f"base64,{picture}")
    code = code.replace("file:///home/ann/", f"{folder.as_uri()}/")
    (folder / "examples.py").write_text(code, "utf-8")
    ours = os.environ  # noqa: TID251 - a process needs the environment of its parent
    done = subprocess.run(
        [sys.executable, "examples.py"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**ours, "PYTHONPATH": str(ROOT / "src")},
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_toml_on_a_page_is_taken(block: Block, shell: Shell, hub: Hub) -> None:
    match _kind_of_toml(block):
        case "script":
            _play(block, shell)
        case "configuration":
            _serve(block, shell, hub)
        case "entry points":
            example = ROOT / "examples" / "engine-plugin" / "pyproject.toml"
            real = tomllib.loads(example.read_text("utf-8"))["project"]["entry-points"]
            shown = tomllib.loads(block.text)["project"]["entry-points"]
            assert list(shown) == list(real)
            assert all(":plugin" in place for group in shown.values() for place in group.values())
        case _:
            pytest.fail(f"no way to run {block}")


@pytest.mark.parametrize("block", blocks("json", "xml", "text", "yaml"), ids=str)
def test_what_a_page_shows_of_the_wire_is_what_a_server_says(block: Block, wire: Wire) -> None:
    assert wire.faults(block) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_text_of_a_page_are_real(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.M | re.DOTALL)
    for line in re.findall(r"`qwen-vision ([a-z][^`]*)`", text):
        name, *words = shlex.split(line)
        parser = import_module(f"qwen_vision.cli.{name}").build_parser()
        known = {option for action in parser._actions for option in action.option_strings}
        assert [word for word in words if word.startswith("-") and word not in known] == [], line


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


def _kind_of_toml(block: Block) -> str | None:
    shown = tomllib.loads(block.text)
    if "answer" in shown:
        return "script"
    if "entry-points" in shown.get("project", {}):
        return "entry points"
    return "configuration" if shown.keys() <= set(Config.__struct_fields__) else None


def _play(block: Block, shell: Shell) -> None:
    """Ask for each answer of a script: it is as the script says, in its status and its words."""
    (shell.folder / "answers.toml").write_text(block.text, "utf-8")
    command = Command(str(block), {}, ())
    with Served(shell, command, ["--engine", "scripted:answers.toml"]) as served:
        for answer in tomllib.loads(block.text)["answer"]:
            steps = answer["steps"]
            cut = any("cut" in step for step in steps)
            try:
                status, body = served.post("qwen3-vl-plus", answer.get("when", "Hi"), stream=cut)
            except (http.client.HTTPException, ConnectionError):
                assert cut
                continue
            assert status == next((step["error"] for step in steps if "error" in step), 200), body
            assert all(step["text"] in body for step in steps if "text" in step), body


def _serve(block: Block, shell: Shell, hub: Hub) -> None:
    """Serve a configuration, its addresses and files led here, and ask for each model."""
    text = re.sub(r"https?://[^\"\s]+", f"{shell.server}/v1", block.text)
    text = re.sub(r"/models/mmproj\S*?\.gguf", f"{shell.folder}/mmproj.gguf", text)
    text = re.sub(r"/models/\S+?\.gguf", f"{shell.folder}/model.gguf", text)
    (shell.folder / "page.toml").write_text(text, "utf-8")
    for name in ("qwen3-vl-2b", "qwen3-vl-8b"):
        hub.copy_to(shell.folder / "weights" / name)
    # A name without its rounding means the only one that was fetched.
    (shell.folder / "weights" / "qwen3-vl-2b" / "Model-Q8_0.gguf").unlink()
    config = read_config(shell.folder / "page.toml")
    keys = {table.key_env: "sk-1" for table in config.upstream.values() if table.key_env}
    for name, limits in config.keys.items():
        keys[limits.key_env or f"QWEN_VISION_API_KEY_{name.upper()}"] = f"sk-{name}"
    with Served(shell, Command(str(block), keys, ()), ["--config", "page.toml"]) as served:
        for name in config.keys or ("nobody",):
            served.key = f"sk-{name}"
            for model in [*config.models, "qwen-vl-ocr"]:
                assert served.answer(model, "Read the text"), (name, model)


def _interfaces(block: Block) -> list[ast.ClassDef]:
    """The interfaces a block shows: classes whose methods have no body."""
    return [
        node
        for node in ast.parse(block.text).body
        if isinstance(node, ast.ClassDef) and [*map(ast.unparse, node.bases)] == ["Protocol"]
    ]


def _interface_faults(block: Block) -> list[str]:
    """What the real interface of that name has and the shown one has not, or the other way."""
    faults = []
    for shown in _interfaces(block):
        real = ast.parse(inspect.getsource(getattr(base, shown.name))).body[0]
        assert isinstance(real, ast.ClassDef)
        faults += sorted(_members(shown) ^ _members(real))
    return faults


def _members(shape: ast.ClassDef) -> set[str]:
    found = set()
    for node in shape.body:
        if isinstance(node, ast.AnnAssign):
            found.add(f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
            gives = "" if node.returns is None else ast.unparse(node.returns)
            found.add(f"{kind}{node.name}({ast.unparse(node.args)}) -> {gives}")
    return found
