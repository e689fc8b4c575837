"""Limits: size, encoding and pace of bodies, size of headers, requests at once."""

import json
import socket
import threading
from collections.abc import Callable

import pytest

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"


def talk(url: str, *pieces: bytes) -> bytes:
    """What the server writes until it closes the connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


@pytest.fixture(scope="module")
def small(serve: Serve) -> str:
    settings = ServerSettings(port=0, max_body_bytes=1000, body_timeout_s=0.2)
    return serve(Step(text="Served."), settings=settings)


def test_announced_size_over_the_limit_is_refused(small: str, call: Call, ask: Ask) -> None:
    status, _, body = call(small, body=ask("x" * 200_000))
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (413, "BadRequest.TooLarge")
    assert error["message"] == "Exceeded limit on max bytes to request body : 1000"
    assert call(small, body=ask())[0] == 200


def test_unannounced_size_over_the_limit_is_refused_while_reading(small: str) -> None:
    piece = b"190\r\n" + b"x" * 400 + b"\r\n"
    answer = talk(small, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", piece, piece, piece)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"max bytes to request body : 1000" in answer


def test_endless_body_after_the_refusal_is_dropped(small: str) -> None:
    answer = talk(small, HEAD + b"Content-Length: 9999999\r\n\r\n" + b"x" * 100_000)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_compressed_body_is_refused(small: str, call: Call, *, encoding: str) -> None:
    status, _, body = call(small, body=b"\x1f\x8b", headers={"Content-Encoding": encoding})
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (415, "unsupported_content_encoding")


def test_identity_encoding_is_taken(small: str, call: Call, ask: Ask) -> None:
    assert call(small, body=ask(), headers={"Content-Encoding": "identity"})[0] == 200


def test_body_that_does_not_come_is_a_timeout(small: str) -> None:
    answer = talk(small, HEAD + b"Content-Length: 10\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"2 bytes" in answer


def test_headers_that_do_not_end_close_the_connection(small: str) -> None:
    assert talk(small, HEAD + b"X-Slow: 1") == b""


def test_silence_closes_the_connection(small: str) -> None:
    assert talk(small) == b""


def test_huge_headers_are_refused(small: str) -> None:
    # 64 KiB are passed with the last piece: nothing unread is left to reset the connection.
    answer = talk(small, HEAD, *[b"X-Pad: %s\r\n" % (b"x" * 8000)] * 8, b"X-Pad: " + b"x" * 2000)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_caller_who_leaves_within_the_body_harms_nobody(small: str, call: Call, ask: Ask) -> None:
    host, _, port = small.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    assert call(small, body=ask())[0] == 200


def test_no_more_than_the_limit_run_at_once(serve: Serve, call: Call, ask: Ask) -> None:
    narrow = serve(
        Step(text="One."),
        Step(text="Two.", wait_s=1),
        settings=ServerSettings(port=0, max_concurrent=1),
    )
    statuses: list[int] = []
    first = threading.Event()

    def hold() -> None:
        host, _, port = narrow.removeprefix("http://").partition(":")
        body = json.dumps(ask(stream=True)).encode()
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            answer = connection.recv(65536)
            first.set()
            while b"[DONE]" not in answer:
                answer += connection.recv(65536)
        statuses.append(int(answer[9:12]))

    holder = threading.Thread(target=hold)
    holder.start()
    first.wait()
    status, headers, body = call(narrow, body=ask())
    assert (status, headers["retry-after"]) == (429, "1")
    assert json.loads(body)["error"] == {
        "message": "You exceeded your current requests list.",
        "type": "limit_requests",
        "param": None,
        "code": "limit_requests",
    }
    assert call(narrow, "/v1/models", method="GET")[0] == 200
    holder.join()
    assert statuses == [200]
    assert call(narrow, body=ask())[0] == 200


def test_caller_who_waits_to_be_told_to_go_on_is_told(small: str) -> None:
    host, _, port = small.removeprefix("http://").partition(":")
    body = json.dumps({"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "Hi"}]})
    expecting = f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(HEAD + expecting.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body.encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"}")
