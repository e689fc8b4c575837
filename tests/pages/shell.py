"""Runs the shell blocks of a page, one command after the other, as somebody who reads it would."""

import http.client
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pybase64

from qwen_vision.cli.main import main
from tests.pages import operator
from tests.pages.blocks import ROOT, Block, Command, commands

COMMAND = (sys.executable, "-m", "qwen_vision")
_OURS = ("QWEN_", "DASHSCOPE_", "NO_COLOR")
# What a page may write where a reader puts in an address, and what nobody needs to install.
_ADDRESS = re.compile(r"http://127\.0\.0\.1:8000")
_KEYS = "QWEN_VISION_API_KEYS"
_SHIM = """#!/bin/sh
exec {python} -m qwen_vision "$@"
"""


class NoWayToRunError(Exception):
    """A command on a page that no test can run: teach `Shell` how, or take it off the page."""


@dataclass
class Shell:
    """The shell of one reader: a folder with the examples, variables, and servers elsewhere.

    `server` is asked when the page says so or has a key, `hub` stands in for the model hub;
    `seen` holds what ran before, and need not run again, for it changes nothing.
    """

    folder: Path
    server: str
    hub: str
    seen: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cwd = self.folder

    def run(self, block: Block) -> None:
        """Run every command; raises NoWayToRunError, or AssertionError where one fails."""
        for command in commands(block.text):
            way = way_of(command)
            again = f"{self.variables} {command.variables} {command.words}"
            if way in _CHANGE_NOTHING and again in self.seen:
                continue
            self.seen.add(again)
            way(self, command)

    def environment(self, command: Command) -> dict[str, str]:
        """What a process of this shell sees: nothing that leads to a real server."""
        ours = os.environ  # noqa: TID251 - a process needs the environment of its parent
        kept = {name: value for name, value in ours.items() if not name.startswith(_OURS)}
        found = {
            **kept,
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PATH": os.pathsep.join((str(self._shims()), kept.get("PATH", os.defpath))),
            "PYTHONPATH": os.pathsep.join(
                (str(ROOT / "src"), str(self.folder / "site"), kept.get("PYTHONPATH", ""))
            ),
            "QWEN_VISION_HUB_URL": self.hub,
            **self.variables,
            **command.variables,
        }
        if "DASHSCOPE_API_KEY" in found:
            found["QWEN_BASE_URL"] = self.server
        return found

    def process(self, command: Command, *words: str) -> subprocess.CompletedProcess[str]:
        """A process that ends well."""
        done = subprocess.run(  # noqa: S603 - the commands of our own pages
            words,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(command),
            check=False,
        )
        assert done.returncode == 0, f"{command.line}\n{done.stdout}\n{done.stderr}"
        return done

    def ask(self, command: Command) -> None:
        """`qwen-vision COMMAND`: in this process where that is the same, for it is faster."""
        words, engine = command.words[1:], _value(command, "--engine")
        if engine in (None, "local"):
            known = {"PATH", "HOME", "PYTHONPATH", "XDG_CACHE_HOME"}
            shown = self.environment(command)
            said = {name: value for name, value in shown.items() if name.startswith(_OURS)}
            code = main(words, said | {name: shown[name] for name in known})
            assert code == 0, command.line
        else:
            assert self.process(command, *COMMAND, *words).stdout, command.line

    def serve(self, command: Command) -> None:
        """`qwen-vision serve`: on a free port, until it is healthy and has answered."""
        words = [_ADDRESS.sub(self.server, word) for word in command.words[2:]]
        if "--port" in words:
            del words[words.index("--port") : words.index("--port") + 2]
        with Served(self, command, words) as served:
            served.is_healthy()
            assert served.answer("qwen3-vl-plus", "What is this?"), command.line
            assert served.takes_uploads(), command.line

    def pull(self, command: Command) -> None:
        """`qwen-vision pull`: from the stand-in hub."""
        self.process(command, *COMMAND, *command.words[1:])

    def make(self, command: Command) -> None:
        """`make demo` with what it would install in place; of others what they would do.

        `make test` would run this very test.
        """
        if command.words[1:] != ("demo",):
            self.process(command, "make", "--directory", str(ROOT), "-n", *command.words[1:])
            return
        venv = self.folder / "venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(sys.executable)
        (venv / "bin" / "qwen-vision").symlink_to(self._shims() / "qwen-vision")
        (venv / ".installed").touch()
        words = ("make", "--directory", str(ROOT), "demo", f"VENV={venv}")
        assert "EUR 22.84" in self.process(command, *words).stdout

    def install(self, command: Command) -> None:
        """`pip install`: of this checkout, without what it depends on; the extras must exist."""
        (wanted,) = command.words[command.words.index("install") + 1 :]
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install")
        words = (*pip, "--no-index", "--no-deps", "--no-build-isolation")
        if wanted.startswith("./"):
            target = ("--target", str(self.folder / "site"))
            self.process(command, *words, *target, str(ROOT / wanted))
            return
        name, _, extras = wanted.rstrip("]").partition("[")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        assert name == project["name"], command.line
        assert set(extras.split(",")) <= {*project["optional-dependencies"]}, command.line
        self.process(command, *words, "--dry-run", f"{ROOT}[{extras}]")

    def script(self, command: Command) -> None:
        """`python3 scripts/NAME.py` of the skill, or an example's own script, with JSON out."""
        if command.words[1:3] == ("-m", "pip"):
            self.install(command)
            return
        if command.words[1:3] == ("-m", "venv"):
            operator.file_command(self, command)
            return
        done = self.process(command, sys.executable, *command.words[1:])
        if "--print-response" in command.words:
            result = json.loads(done.stdout)
            assert result["text"], command.line
            assert ("json" in result) is ("--schema" in command.words), command.line

    def export(self, command: Command) -> None:
        """`export NAME=VALUE` for what follows."""
        for word in command.words[1:]:
            name, _, value = word.partition("=")
            self.variables[name] = value

    def bash(self, command: Command) -> None:
        """What changes the shell itself runs in bash, which then must have what it promises."""
        if command.words[0] == ".":
            venv = self.folder / Path(command.words[1]).parents[1]
            self.process(command, sys.executable, "-m", "venv", "--without-pip", str(venv))
            done = self.process(command, "bash", "-ec", f"{command.line}; command -v python")
            assert done.stdout.strip() == str(venv / "bin" / "python")
        else:
            words = ("bash", "-ec", f"{command.line}; complete -p qwen-vision")
            assert "_qwen_vision" in self.process(command, *words).stdout

    def _shims(self) -> Path:
        folder = self.folder / "bin"
        if not folder.exists():
            folder.mkdir()
            (folder / "qwen-vision").write_text(_SHIM.format(python=sys.executable))
            (folder / "qwen-vision").chmod(0o755)
        return folder


_WAYS: Mapping[str, Callable[[Shell, Command], None]] = {
    "qwen-vision": Shell.ask,
    "qwen-vision serve": Shell.serve,
    "qwen-vision pull": Shell.pull,
    "make": Shell.make,
    "pip": Shell.install,
    "python3": Shell.script,
    ".venv/bin/python": Shell.script,
    "export": Shell.export,
    ".": Shell.bash,
    "eval": Shell.bash,
    "/opt/qwen-vision/bin/pip": Shell.install,
    "install": operator.file_command,
    "cp": operator.file_command,
    "cd": operator.change_folder,
    "systemctl": operator.systemctl,
    "sqlite3": operator.database,
    "curl": operator.fetch,
    "docker": operator.docker,
    "vllm": operator.foreign_server,
    "llama-server": operator.foreign_server,
}


# Where these ran once, they leave nothing that a later command would need.
_CHANGE_NOTHING = (Shell.ask, Shell.make, Shell.serve)


def way_of(command: Command) -> Callable[[Shell, Command], None]:
    """How a command is run; raises NoWayToRunError for one that nobody has taught."""
    way = _WAYS.get(" ".join(command.words[:2])) or _WAYS.get(command.words[0])
    if way is None:
        raise NoWayToRunError(command.line)
    return way


class Served:
    """A server started by the words of a page, ended as an operator would end it."""

    def __init__(self, shell: Shell, command: Command, words: list[str]) -> None:
        self._shell = shell
        self._command = command
        self._words = words
        self._kept = ExitStack()
        self.key = shell.environment(command).get(_KEYS, "").partition(",")[0]

    def __enter__(self) -> "Served":
        self._process = self._kept.enter_context(
            subprocess.Popen(  # noqa: S603 - our own command
                [*COMMAND, "serve", *self._words, "--port", "0"],
                stderr=subprocess.PIPE,
                text=True,
                cwd=self._shell.folder,
                env=self._shell.environment(self._command),
            )
        )
        assert self._process.stderr is not None
        said = ""
        # Workers say first what their weights take.
        for line in self._process.stderr:
            said += line
            if found := re.search(r"http://[\w.]+:(\d+)", line):
                self._port = int(found[1])
                return self
        raise AssertionError(f"{self._command.line}\n{said}")

    def __exit__(self, *_: object) -> None:
        with self._kept:
            self._process.terminate()
            assert self._process.stderr is not None
            self._process.stderr.read()
        assert self._process.returncode == 0, self._command.line

    def is_healthy(self) -> None:
        """Ask until it says so."""
        status, _ = self._exchange("GET", "/healthz", None)
        assert status == 200, self._command.line

    def takes_uploads(self) -> bool:
        """Whether it gives a permission to upload."""
        path = "/api/v1/uploads?action=getPolicy&model=qwen3-vl-plus"
        return self._exchange("GET", path, None)[0] == 200

    def answer(self, model: str, prompt: str, **more: object) -> str:
        """The text it answers about a picture; raises AssertionError for an error."""
        status, body = self.post(model, prompt, **more)
        assert status == 200, f"{self._command.line}\n{body}"
        return str(json.loads(body)["choices"][0]["message"]["content"])

    def post(self, model: str, prompt: str, **more: object) -> tuple[int, str]:
        """Status and body for a question about a picture."""
        picture = (ROOT / "examples" / "sign.png").read_bytes()
        url = f"data:image/png;base64,{pybase64.b64encode_as_string(picture)}"
        content = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": prompt},
        ]
        messages = [{"role": "user", "content": content}]
        body = {"model": model, "messages": messages, "max_tokens": 64, **more}
        return self._exchange("POST", "/v1/chat/completions", json.dumps(body))

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def _value(command: Command, option: str) -> str | None:
    words = command.words
    return words[words.index(option) + 1] if option in words else None
