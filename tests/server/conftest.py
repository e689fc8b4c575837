"""Fixtures for the tests of the server: one HTTP call, everything about its answer."""

import http.client
import json
from collections.abc import Callable, Mapping

import pytest

Answer = tuple[int, Mapping[str, str], bytes]
Call = Callable[..., Answer]


@pytest.fixture
def call() -> Call:
    """`call(url, path, json)` -> status, headers (lower case), body."""

    def send(
        url: str,
        path: str = "/v1/chat/completions",
        body: object = None,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    return send


@pytest.fixture
def ask() -> Callable[..., dict[str, object]]:
    """A small chat request, with what a test adds."""

    def build(text: str = "Hi", **more: object) -> dict[str, object]:
        messages = [{"role": "user", "content": text}]
        return {"model": "qwen3-vl-plus", "messages": messages, **more}

    return build
