"""The guide's world: a file server with its example media, and a server for each engine."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import openai
import pytest
from PIL import Image, ImageDraw, ImageFont
from typing_extensions import override

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
# Every test that takes `site` runs once through each of these.
ENGINES = ("embedded", "upstream")
KEY = "sk-guide"
_OURS = ("QWEN_", "DASHSCOPE_", "OPENAI_")


@dataclass(frozen=True)
class Site:
    """A running server, and how the guide's commands are pointed at it."""

    engine: str
    url: str

    @property
    def base_url(self) -> str:
        """What stands in `base_url` of an OpenAI client."""
        return f"{self.url}/compatible-mode/v1"

    @property
    def environment(self) -> dict[str, str]:
        """This environment, pointed at the server and at nothing else."""
        return {**clean_environment(), "QWEN_BASE_URL": self.base_url, "DASHSCOPE_API_KEY": KEY}


Script = Callable[..., "dict[str, Any]"]


def clean_environment() -> dict[str, str]:
    """This environment without anything that names a server or a key."""
    ours = os.environ  # noqa: TID251 - a process needs the environment of the one that starts it
    return {name: value for name, value in ours.items() if not name.startswith(_OURS)}


def text_card(lines: list[str], *, size: tuple[int, int], size_px: int) -> Image.Image:
    """A white picture with lines of black text."""
    card = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(card)
    for number, line in enumerate(lines):
        at = (size_px * 2, size_px * (2 + 2 * number))
        draw.text(at, line, fill="black", font=ImageFont.load_default(size_px))
    return card


def fine_text() -> Image.Image:
    """A large sheet whose letters are small."""
    return text_card(
        [f"Clause {number}: the hirer pays {number * 11} pounds" for number in range(1, 7)],
        size=(3200, 2000),
        size_px=26,
    )


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the guide's files under the guide's names."""
    folder = tmp_path_factory.mktemp("media")
    pictures = {
        "dog_and_girl.jpeg": "sign.png",
        "O1CN01ktT8451iQutqReELT.jpg": "receipt.png",
        "local_image.jpg": "sign.png",
        "invoice.jpg": "invoice.png",
        "chart.png": "chart.png",
    }
    for name, source in pictures.items():
        with Image.open(EXAMPLES / source) as picture:
            picture.convert("RGB").save(folder / name, quality=92)
    for number in range(1, 5):
        text_card([f"Step {number}"], size=(320, 240), size_px=40).save(
            folder / f"frame{number}.jpg"
        )
    fine_text().save(folder / "fine-text.jpg", quality=95)
    for name in ("video.mp4", "clip.mp4"):
        _film(folder / name, ["Ready"] * 4 + ["Go"] * 4)
    return folder


def _film(path: Path, cards: list[str]) -> None:
    """A video of so many cards, four a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for words in cards:
            card = text_card([words], size=(320, 240), size_px=48)
            frame = av.VideoFrame.from_image(card)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="session")
def files(media: Path) -> Iterator[str]:
    """The address of a web server with the guide's files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(media))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def start_server(folder: Path, *words: str) -> tuple[subprocess.Popen[bytes], str]:
    """`qwen-vision serve` with these options, once it answers -> the process and its address."""
    log = folder / "serve.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "qwen_vision", "serve", "--port", "0", *words],
            stderr=stderr,
            cwd=folder,
            env={**clean_environment(), "QWEN_VISION_STORAGE_FOLDER": str(folder / "uploads")},
        )
    while True:
        said = log.read_text("utf-8")
        found = [word for word in said.split() if word.startswith("http://") and word[-3:] == "/v1"]
        if found:
            return process, found[0].removesuffix("/v1")
        assert process.poll() is None, said
        time.sleep(0.02)


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """A server of the embedded engine, and one that passes requests on to it."""
    first, address = start_server(tmp_path_factory.mktemp("embedded"), "--allow-private-network")
    folder = tmp_path_factory.mktemp("upstream")
    (folder / "qwen-vision.toml").write_text(
        'engine = "upstream:behind"\n[upstream.behind]\nprofile = "dashscope"\n'
        f'url = "{address}/compatible-mode/v1"\n'
    )
    second, front = start_server(folder, "--allow-private-network")
    yield {"embedded": Site("embedded", address), "upstream": Site("upstream", front)}
    for process in (second, first):
        process.terminate()
        process.wait()


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Site:
    """The server of one engine; a test that takes it runs through every engine."""
    return sites[request.param]


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    """The guide's client, with another `base_url` and key."""
    with openai.OpenAI(api_key=KEY, base_url=site.base_url, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def script(site: Site, media: Path) -> Script:
    """`script("analyze", request, "--schema", ...)` runs the guide's command on the guide's files.

    It returns the result that the command prints.
    """

    def run(name: str, request: dict[str, Any], *words: str) -> dict[str, Any]:
        command = [str(ROOT / "scripts" / f"{name}.py"), "--request", json.dumps(request)]
        done = subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, *command, *words, "--print-response"],
            capture_output=True,
            text=True,
            cwd=media,
            env=site.environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    return run
