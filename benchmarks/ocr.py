"""Reading a picture through the server, beside rapidocr called directly on the same file."""

import base64
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import Request, urlopen

from benchmarks.measure import paired, process_cpu_ms, wall_ms
from benchmarks.processes import OURS, listening
from benchmarks.table import Row

PICTURES = ("receipt.png", "invoice.png")
EXAMPLES = Path(__file__).parent.parent / "examples"
TARGET = 1.15
PEER = """
import logging, sys
from rapidocr import RapidOCR
logging.disable(logging.INFO)
reader = RapidOCR()
for line in sys.stdin:
    found = reader(line.strip())
    print(len(found.txts or ()), flush=True)
"""


@contextmanager
def reading() -> Iterator[subprocess.Popen[str]]:
    """The peer: takes paths on stdin, reads each picture, says how many lines it found."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", PEER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.terminate()


def ask(base: str, picture: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    body = {"model": "qwen-vl-ocr", "messages": [{"role": "user", "content": [part]}]}
    request = Request(  # noqa: S310 - our own server
        f"{base}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "text/json"}
    )
    with urlopen(request) as answer:  # noqa: S310 - our own server
        return str(json.load(answer)["choices"][0]["message"]["content"])


class Prints:
    """The same picture again and again, in files that differ, so that no cache knows it."""

    def __init__(self, picture: Path, folder: Path) -> None:
        self._picture = picture
        self._folder = folder
        self._count = 0

    def next(self) -> Path:
        from PIL import Image, PngImagePlugin

        self._count += 1
        note = PngImagePlugin.PngInfo()
        note.add_text("print", str(self._count))
        path = self._folder / f"{self._count}-{self._picture.name}"
        with Image.open(self._picture) as picture:
            picture.save(path, pnginfo=note)
        return path


def rows() -> Iterator[Row]:
    with (
        TemporaryDirectory() as folder,
        listening(OURS, "embedded") as server,
        reading() as peer,
    ):
        base = f"http://127.0.0.1:{server.port}"
        for name in PICTURES:
            prints = Prints(EXAMPLES / name, Path(folder))

            def ours(prints: Prints = prints) -> Cost:
                picture = prints.next()
                return cost(server.pid, lambda: ask(base, picture))

            def theirs(prints: Prints = prints) -> Cost:
                picture = prints.next()
                return cost(peer.pid, lambda: tell(peer, picture))

            yield from compare(name, ours, theirs)


def tell(peer: subprocess.Popen[str], picture: Path) -> None:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(f"{picture}\n")
    peer.stdin.flush()
    peer.stdout.readline()


class Cost(NamedTuple):
    """What one picture cost, in milliseconds."""

    cpu_ms: float
    wall_ms: float


def cost(pid: int, action: Callable[[], object]) -> Cost:
    before = process_cpu_ms(pid)
    wall = wall_ms(action)
    return Cost(process_cpu_ms(pid) - before, wall)


def compare(name: str, ours: Callable[[], Cost], theirs: Callable[[], Cost]) -> Iterator[Row]:
    """CPU and wall time of the same rounds."""
    kept: tuple[list[Cost], list[Cost]] = ([], [])

    def keeping(action: Callable[[], Cost], costs: list[Cost]) -> float:
        costs.append(action())
        return costs[-1].cpu_ms

    cpu = paired(lambda: keeping(ours, kept[0]), lambda: keeping(theirs, kept[1]))
    note = "peer: rapidocr called directly; fresh files, no cache"
    yield Row(f"ocr {name}, CPU", cpu.ours, "ms", cpu.peer, TARGET, note)
    wall = [statistics.median(found.wall_ms for found in costs[1:]) for costs in kept]
    yield Row(f"ocr {name}, wall", wall[0], "ms", wall[1], TARGET, note)
