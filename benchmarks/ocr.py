"""Reading a picture through the server, beside rapidocr called directly, and tesseract."""

import base64
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, NamedTuple, cast
from urllib.request import Request, urlopen

from benchmarks.measure import command_cpu_ms, paired, process_cpu_ms, wall_ms
from benchmarks.processes import OURS, listening
from benchmarks.scores import overlap_f1, words
from benchmarks.table import LeftOut, Row

TITLE = "Reading text"
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

    _numbers = count()

    def __init__(self, picture: Path, folder: Path) -> None:
        self._picture = picture
        self._folder = folder

    def next(self) -> Path:
        from PIL import Image, PngImagePlugin

        number = next(self._numbers)
        note = PngImagePlugin.PngInfo()
        note.add_text("print", str(number))
        path = self._folder / f"{number}-{self._picture.name}"
        with Image.open(self._picture) as picture:
            picture.save(path, pnginfo=note)
        return path


def rows() -> Iterator[Row | LeftOut]:
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
        yield two_at_once(base, peer, Prints(EXAMPLES / PICTURES[0], Path(folder)))
        yield from beside_tesseract(base, server.pid, Path(folder))


def two_at_once(base: str, peer: subprocess.Popen[str], prints: Prints) -> Row:
    """Two requests that come together keep both cores busy, one call at a time may not."""

    def ours() -> float:
        pictures = [prints.next() for _ in range(2)]
        with ThreadPoolExecutor(2) as callers:
            return wall_ms(lambda: [*callers.map(lambda picture: ask(base, picture), pictures)])

    def theirs() -> float:
        pictures = [prints.next() for _ in range(2)]
        return wall_ms(lambda: [*map(partial(tell, peer), pictures)])

    wall = paired(ours, theirs, rounds=3)
    note = "both answered; peer: rapidocr called twice in turn"
    return Row("ocr, two receipts at once, wall", wall.ours, "ms", wall.peer, TARGET, note)


def beside_tesseract(base: str, pid: int, folder: Path) -> Iterator[Row | LeftOut]:
    """CPU and the share of words that are wrong: either alone says little."""
    tesseract = shutil.which("tesseract")
    if tesseract is None:
        yield LeftOut("tesseract is not here: install tesseract-ocr")
        return
    for name in PICTURES:
        prints = Prints(EXAMPLES / name, folder)
        said = dict.fromkeys(("ours", "theirs"), "")

        def ours(prints: Prints = prints, said: dict[str, str] = said) -> float:
            picture = prints.next()
            before = process_cpu_ms(pid)
            said["ours"] = ask(base, picture)
            return process_cpu_ms(pid) - before

        def theirs(prints: Prints = prints, said: dict[str, str] = said) -> float:
            text = prints.next().with_suffix("")
            command = [tesseract, str(text.with_suffix(".png")), str(text)]
            used = command_cpu_ms(command)
            said["theirs"] = text.with_suffix(".txt").read_text("utf-8")
            return used

        cpu = paired(ours, theirs, rounds=3)
        note = "no target: the share of wrong words belongs to it; peer: tesseract"
        yield Row(f"ocr {name} beside tesseract, CPU", cpu.ours, "ms", cpu.peer, note=note)
        truth = words(" ".join(drawn(name)))
        wrong = [100 * (1 - overlap_f1(truth, words(text))) for text in said.values()]
        note = "100 less F1 against the words drawn; peer: tesseract"
        yield Row(f"ocr {name}, words wrong", wrong[0], "%", wrong[1], 1.0, note)


def drawn(name: str) -> list[str]:
    """Every text that stands in a picture of examples/, from the program that drew it."""
    module = cast("Any", _pictures())
    texts: list[str] = []

    def write(_page: object, _at: tuple[int, int], text: str, _size: int, **_look: object) -> None:
        texts.append(text)

    module.Page.write = write
    getattr(module, name.partition(".")[0])()
    return texts


def _pictures() -> ModuleType:
    spec = spec_from_file_location("make_pictures", EXAMPLES / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
