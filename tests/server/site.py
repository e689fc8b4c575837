"""A server that takes uploads, as its callers see it."""

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.storage.forms import files_under

# Starts a server in a process of its own: the process and how to reach it.
Spawn = Callable[[Path], tuple[subprocess.Popen[str], "Site"]]
KEY = "sk-uploading-key"
MODEL = "qwen3-vl-plus"
BOUNDARY = "----form-of-a-test"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  JSON
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str | None]:
        """Status and code of the storage service's XML."""
        error = ElementTree.fromstring(self.body)  # noqa: S314  our own server's answer
        assert error.tag == "Error"
        return self.status, error.findtext("Code")


@dataclass(frozen=True)
class Site:
    """A server at `url` that keeps its uploads in `folder`."""

    url: str
    folder: Path
    key: str = KEY

    def call(self, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401  http.client's
        """One request, without a key unless `headers` hold one."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        try:
            connection.request(method, path, **more)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        """GET with the key."""
        return self.call("GET", path, headers={"Authorization": f"Bearer {self.key}"})

    def ticket(self, *, model: str = MODEL) -> dict[str, Any]:
        """A fresh policy."""
        answer = self.get(f"/api/v1/uploads?action=getPolicy&model={model}")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json["data"]
        return found

    def send(self, body: bytes, *, content_type: str = FORM_TYPE) -> Answer:
        """POST a form to the upload host; no key is sent."""
        headers = {"Content-Type": content_type}
        return self.call("POST", "/api/v1/uploads/objects", body=body, headers=headers)

    def connect(self, length: str) -> socket.socket:
        """A connection on which the head of an upload has been sent."""
        host, port = self.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), timeout=20)
        connection.sendall(
            b"POST /api/v1/uploads/objects HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + f"Content-Type: {FORM_TYPE}\r\n{length}\r\n\r\n".encode()
        )
        return connection

    def files(self) -> list[Path]:
        """What the server keeps or is writing."""
        return files_under(self.folder)

    def wait_for_files(self, count: int) -> None:
        """Wait until the server has exactly so many files."""
        while len(self.files()) != count:
            time.sleep(0.01)


def fields_of(ticket: dict[str, Any], name: str = "cat.png", **changes: str) -> dict[str, str]:
    """The form's fields; a change to an empty text leaves the field out."""
    fields = {
        "OSSAccessKeyId": ticket["oss_access_key_id"],
        "Signature": ticket["signature"],
        "policy": ticket["policy"],
        "key": f"{ticket['upload_dir']}/{name}",
        "x-oss-object-acl": ticket["x_oss_object_acl"],
        "x-oss-forbid-overwrite": ticket["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }
    return {**fields, **changes}


def form(fields: dict[str, str], data: bytes | None, *, filename: str = "cat.png") -> bytes:
    """The multipart body, the file last."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
        if value
    ]
    if data is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{filename}"'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
