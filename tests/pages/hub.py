"""A file server in the place of the model hub, with weights small enough to make in a test."""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from typing_extensions import override

from tests.engines.llamacpp.tiny import write_model, write_projector

# Whatever it is asked, the model says this.
SCRIPT = {"\n": "A ", "A ": "sign.", "sign.": "<|im_end|>"}
FILES = ("Model-Q4_K_M.gguf", "Model-Q8_0.gguf", "mmproj-Model-F16.gguf")


class _Answering(BaseHTTPRequestHandler):
    """Every repository has the same files."""

    folder: ClassVar[Path]

    @override
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        name = path.rpartition("/")[2]
        if path.startswith("/api/models/"):
            self._answer(json.dumps([self._entry(file) for file in FILES]).encode())
        elif "/resolve/" in path and name in FILES:
            self._answer((self.folder / name).read_bytes())
        else:
            self.send_error(404)

    def _entry(self, name: str) -> dict[str, object]:
        data = (self.folder / name).read_bytes()
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
        return {"type": "file", "oid": "0" * 40, "size": len(data), "path": name, "lfs": large}

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True)
class Hub:
    """Its address, and the folder its files lie in."""

    url: str
    folder: Path

    def copy_to(self, folder: Path, *, model: str = "", projector: str = "") -> None:
        """The files as somebody has them who fetched them: by their names, or by others."""
        folder.mkdir(parents=True, exist_ok=True)
        first, *_, last = FILES
        for name in FILES:
            other = {first: model, last: projector}.get(name, "")
            shutil.copy(self.folder / name, folder / (other or name))


@contextmanager
def stand_in(folder: Path) -> Iterator[Hub]:
    """A hub whose files lie in `folder`."""
    *models, projector = FILES
    for name in models:
        write_model(folder / name, script=SCRIPT)
    write_projector(folder / projector)
    handler = type("Answering", (_Answering,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Hub(f"http://127.0.0.1:{server.server_port}", folder)
        server.shutdown()
        thread.join()
