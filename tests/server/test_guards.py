"""Each way into the server meets the one guard: nothing private is fetched, no file is read."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import Serve

    Call = Callable[..., tuple[int, Mapping[str, str], bytes]]

UNABLE = "Unable to download the media resource during the data inspection process."
INVALID = "The provided URL does not appear to be valid. Ensure it is correctly formatted."
PATHS = ["/v1/chat/completions", "/compatible-mode/v1/chat/completions", "/v1/estimate"]


class Trap:
    """A service of the private network that counts who connects."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


def _part(kind: str, url: str) -> dict[str, object]:
    match kind:
        case "frames":
            return {"type": "video", "video": [url] * 4}
        case "bare":
            return {"type": "image_url", "image_url": url}
        case _:
            return {"type": kind, kind: {"url": url}}


def _refusal(answer: tuple[int, Mapping[str, str], bytes]) -> str:
    status, _, body = answer
    assert status == 400
    message = json.loads(body)["error"]["message"]
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize("kind", ["image_url", "bare", "video_url", "frames"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_cve_2026_34753_no_way_into_the_server_skips_the_guard(
    *, kind: str, stream: bool, path: str, serve: Serve, call: Call, trap: Trap
) -> None:
    content = [{"type": "text", "text": "Hi"}, _part(kind, trap.url + "/admin?Signature=secret")]
    body = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": content}],
        "stream": stream,
    }
    message = _refusal(call(serve(), path, body))
    assert message == UNABLE
    assert trap.connections == 0


@pytest.mark.parametrize("place", range(3))
def test_media_of_earlier_messages_meets_the_guard_too(
    place: int, *, serve: Serve, call: Call, trap: Trap
) -> None:
    messages: list[dict[str, object]] = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And?"},
    ]
    if place != 1:
        messages[place]["content"] = [_part("image_url", trap.url)]
    else:
        messages.insert(1, {"role": "user", "content": [_part("image_url", trap.url)]})
    body = {"model": "qwen3-vl-plus", "messages": messages}
    assert _refusal(call(serve(), "/v1/chat/completions", body)) == UNABLE
    assert trap.connections == 0


@pytest.mark.parametrize(
    "url", ["/etc/passwd", "file:///etc/passwd", "oss://a/b", "ftp://a/b", "x"]
)
@pytest.mark.parametrize("path", PATHS)
def test_a_request_names_no_file_of_the_server(
    url: str, path: str, *, serve: Serve, call: Call
) -> None:
    content = [_part("image_url", url)]
    body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": content}]}
    message = _refusal(call(serve(), path, body))
    assert message.startswith(INVALID)
    assert "passwd" not in message
