"""The site for nginx in examples/deploy before a server: events pass as they come, uploads fit."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings, StorageSettings
from tests.server.site import Site, fields_of, form

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
SITE = Path(__file__).parents[2] / "examples" / "deploy" / "nginx.conf"


@pytest.fixture
def proxied(serve: Callable[..., str], tmp_path: Path) -> Iterator[Site]:
    """nginx with that site, without TLS, before a server whose answer has no end."""
    settings = ServerSettings(port=0, storage=StorageSettings(folder=tmp_path / "kept"))
    url = serve(Step(text="At once."), Step(text="Later.", wait_s=600), settings=settings)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = re.sub(r"\n *ssl_\w+ .*", "", SITE.read_text("utf-8"))
    site = site.replace("443 ssl", f"127.0.0.1:{port}")
    site = site.replace("127.0.0.1:8765", url.removeprefix("http://"))
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = (
        f"daemon off; error_log stderr; pid {tmp_path}/pid; events {{}} "
        f"http {{ access_log off; {places} {site} }}"
    )
    (tmp_path / "nginx.conf").write_text(main, "utf-8")
    process = subprocess.Popen(  # noqa: S603 - our own file
        ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],  # noqa: S607
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None and not _listens(port):
            time.sleep(0.02)
        yield Site(f"http://127.0.0.1:{port}", tmp_path / "kept")
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_first_words_arrive_while_the_answer_goes_on(proxied: Site) -> None:
    body = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }
    connection = http.client.HTTPConnection(proxied.url.removeprefix("http://"), timeout=20)
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    answer = connection.getresponse()
    assert answer.status == 200
    assert any(b"At once." in answer.readline() for _ in range(4))
    connection.close()


def test_upload_goes_through_to_the_address_of_the_proxy(proxied: Site) -> None:
    ticket = proxied.ticket()
    fields = fields_of(ticket)
    big = bytes(30 * 1024 * 1024)
    assert proxied.send(form(fields, big)).status == 200
    assert ticket["upload_host"] == f"{proxied.url}/api/v1/uploads/objects"
