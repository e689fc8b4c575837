"""A server with several workers, as its callers and its parent see it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import msgspec

from tests.server.site import Site

StartCrew = Callable[..., "CrewOfWorkers"]

# An engine that says which process it runs in.
ENGINE = """
import asyncio, os, time
from pathlib import Path
from qwen_vision.engines.base import Abilities, Finished, Plugin, TextDelta
from qwen_vision.errors import SettingsError

def compute(seconds):
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        # A thread that holds Python's lock whenever it can.
        sum(range(20_000))

class Who:
    name, fingerprint, abilities = "who", "who-1", Abilities(images=True)

    def __init__(self, settings):
        self.share = f"{settings.threads} {settings.media.process_memory_bytes}"

    async def run(self, prompt):
        asked = "".join(part.text for part in prompt.turns[-1].parts if part.kind == "text")
        yield TextDelta(f"{os.getpid()} {self.share}")
        if asked == "hold":
            await asyncio.sleep(600)
        if asked == "twice":
            await asyncio.sleep(1.5)
            yield TextDelta("Two.")
        if asked == "compute":
            await asyncio.to_thread(compute, 5)
        yield Finished()

    async def aclose(self):
        pass

def build(argument, settings):
    if argument == "crash":
        os._exit(3)
    if argument == "slow":
        Path("loading").touch()
        time.sleep(600)
    if argument and Path(argument).exists():
        raise SettingsError(f"'{argument}' is in the way.")
    return Who(settings)

plugin = Plugin("who", "says who it is", build, lambda: None)
"""
INFO = "Metadata-Version: 2.1\nName: who\nVersion: 1\n"


def install_engine(folder: Path) -> None:
    """Put the engine's package into a folder that PYTHONPATH will name."""
    (folder / "who.py").write_text(ENGINE)
    info = folder / "who-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(INFO)
    (info / "entry_points.txt").write_text("[qwen_vision.engines]\nwho = who:plugin\n")


def _measuring() -> dict[str, str]:
    """What tells a process that its coverage is measured; empty where it is not."""
    ours = os.environ  # noqa: TID251 - the processes of a test are measured with it
    return {name: value for name, value in ours.items() if name.startswith("COVERAGE_")}


class CrewOfWorkers:
    """`qwen-vision serve --workers N` in a process of its own."""

    def __init__(self, folder: Path, *words: str, workers: int = 2, env: dict[str, str]) -> None:
        command = ["-m", "qwen_vision", "serve", "--port", "0", "--workers", str(workers), *words]
        self.said: list[str] = []
        self.folder = folder
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *command],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            start_new_session=True,
            env={
                **_measuring(),
                "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
                "HOME": str(folder),
                **env,
            },
        )
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def site(self) -> Site:
        """Where it answers."""
        line = self.wait_for("answers at ")
        return Site(line.partition("answers at ")[2].partition("/v1")[0], self.folder / "uploads")

    @property
    def workers(self) -> set[int]:
        """The processes that answer, once the server has begun."""
        self.wait_for("answers at ")
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
        return {int(number) for number in children.split()}

    def wait_for(self, words: str) -> str:
        """The first line that holds `words`, once it is said."""
        with self._news:
            while True:
                for line in self.said:
                    if words in line:
                        return line
                assert self.process.poll() is None or self._reader.is_alive(), self.said
                self._news.wait(1)

    def count(self, words: str) -> int:
        """How many lines hold `words`; call it when the process has ended."""
        self._reader.join()
        return sum(words in line for line in self.said)

    def ask(self, text: str = "who", **more: object) -> tuple[int, str]:
        """Status and body of a chat."""
        with self.stream(text, **more) as answer:
            return answer.status, answer.read().decode()

    def who(self) -> int:
        """The process that answers."""
        status, body = self.ask()
        assert status == 200, body
        return int(msgspec.json.decode(body)["choices"][0]["message"]["content"].split()[0])

    @contextmanager
    def stream(self, text: str, **more: object) -> Iterator[HTTPResponse]:
        """A chat whose answer is still to be read."""
        connection = HTTPConnection(self.site.url.removeprefix("http://"), timeout=20)
        content = more.pop("content", text)
        body = {
            "model": "qwen3-vl-plus",
            "messages": [{"role": "user", "content": content}],
            **more,
        }
        headers = {
            "Authorization": f"Bearer {self.site.key}",
            "X-DashScope-OssResourceResolve": "enable",
        }
        try:
            connection.request(
                "POST", "/v1/chat/completions", msgspec.json.encode(body), headers=headers
            )
            yield connection.getresponse()
        finally:
            connection.close()

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """All other workers are halted while the block runs."""
        others = self.workers - {worker}
        for other in others:
            os.kill(other, signal.SIGSTOP)
            # The signal counts once the process says so.
            while Path(f"/proc/{other}/stat").read_text("ascii").split()[2] != "T":
                time.sleep(0.005)
        try:
            yield
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)

    def close(self) -> None:
        """End whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.said.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()
