"""A server that is killed loses nothing it has kept, and leaves nothing half."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.server.site import KEY, MODEL, Site, fields_of, form

SCRIPT = """
[[answer]]
when = "slowly"
steps = [{ text = "word ", times = 1000, wait_s = 0.02 }]

[[answer]]
steps = [{ text = "Seen." }]
"""
SERVE = (sys.executable, "-m", "qwen_vision", "serve", "--port", "0", "--engine")
Started = tuple["subprocess.Popen[str]", Site]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Started]]:
    """Starts the command with keys and a folder for uploads."""
    script, folder = tmp_path / "script.toml", tmp_path / "uploads"
    script.write_text(SCRIPT)
    running: list[subprocess.Popen[str]] = []

    def begin() -> Started:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*SERVE, f"scripted:{script}"],
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PYTHONPATH": os.pathsep.join(sys.path),
                "QWEN_VISION_API_KEYS": KEY,
                "QWEN_VISION_STORAGE_FOLDER": str(folder),
            },
        )
        running.append(process)
        assert process.stderr is not None
        found = next(filter(None, (re.search(r"http://[\d.:]+", line) for line in process.stderr)))
        return process, Site(found[0], folder)

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def chat(site: Site, content: object, **more: object) -> Iterator[http.client.HTTPResponse]:
    """The answer, its body unread."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": content}], **more}
    headers = {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "X-DashScope-OssResourceResolve": "enable",
    }
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        with connection.getresponse() as answer:
            yield answer


def ask_about(site: Site, key: str) -> tuple[int, bytes]:
    """What the server says of an uploaded picture."""
    picture = {"type": "image_url", "image_url": {"url": f"oss://{key}"}}
    with chat(site, [picture, {"type": "text", "text": "What is it?"}]) as answer:
        return answer.status, answer.read()


def test_kill_9_amid_uploads_and_streams_loses_nothing_that_was_kept(
    start: Callable[[], Started], tmp_path: Path
) -> None:
    process, site = start()
    ticket = site.ticket()
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "kept.png")
    kept = fields_of(ticket, "kept.png")
    assert site.send(form(kept, (tmp_path / "kept.png").read_bytes())).status == 200
    half = form(fields_of(ticket, "half.png"), b"x" * 3_000_000)
    before = len(site.files())
    with chat(site, "slowly", stream=True) as stream:
        begun = stream.read(600)
        with site.connect(f"Content-Length: {len(half)}") as connection:
            connection.sendall(half[:2_000_000])
            site.wait_for_files(before + 1)
            process.send_signal(signal.SIGKILL)
            process.wait()
        # What is cut short must not look finished.
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            stream.read()
        assert b"word" in begun

    _, again = start()
    again.wait_for_files(before)
    status, body = ask_about(again, kept["key"])
    assert (status, b"Seen." in body) == (200, True)
    assert ask_about(again, f"{ticket['upload_dir']}/half.png")[0] == 400
    assert again.send(half).status == 200, "the policy outlives the server that signed it"
