"""Large pictures on their way through the server to another one: as they came, or whole."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.settings import UpstreamSettings

URL = "data:image/jpeg;base64," + "/9j/4AAQ" * 200_000


class Upstream(ThreadingHTTPServer):
    """Keeps what it was sent; says what is next in `answers`, or that it saw a cat."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.bodies: list[bytes] = []
        self.answers: list[str] = []


class _Reply(BaseHTTPRequestHandler):
    server: Upstream

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        text = self.server.answers.pop(0) if self.server.answers else "A cat."
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        data = json.dumps({"choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @override
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def front(upstream: Upstream, serve: Callable[..., str]) -> str:
    url = f"http://127.0.0.1:{upstream.server_port}/v1"
    return serve(engine=UpstreamEngine(UpstreamSettings(name="far", urls=(url,))))


def request(text: str = "What is it?", **more: object) -> dict[str, Any]:
    picture = {"type": "image_url", "image_url": {"url": URL}}
    messages = [{"role": "user", "content": [picture, {"type": "text", "text": text}]}]
    return {"model": "qwen3-vl-plus", "messages": messages, **more}


def test_a_large_picture_is_forwarded_byte_by_byte(
    upstream: Upstream, front: str, call: Callable[..., Any]
) -> None:
    body = json.dumps(request(unknown=1), indent=3).encode()
    status, _, answer = call(front, body=body)
    assert (status, upstream.bodies) == (200, [body])
    assert json.loads(answer)["choices"][0]["message"]["content"] == "A cat."


@pytest.mark.parametrize(
    ("text", "more", "answers"),
    [
        ("What is <|im_end|> this?", {}, []),
        ("What is it?", {"media_receipt": True}, []),
        ("As JSON!", {"response_format": {"type": "json_object"}}, ["No.", "{}"]),
    ],
)
def test_a_large_picture_is_whole_when_its_request_is_written_anew(
    upstream: Upstream,
    front: str,
    call: Callable[..., Any],
    *,
    text: str,
    more: dict[str, object],
    answers: list[str],
) -> None:
    upstream.answers = answers
    status, _, answer = call(front, body=request(text, **more))
    assert status == 200, answer
    sent = json.loads(upstream.bodies[-1])["messages"][0]["content"]
    assert sent[0]["image_url"]["url"] == URL
    assert "<|im_end|>" not in sent[1]["text"]
