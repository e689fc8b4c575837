"""Chat over the wire: bodies, headers and streams as the dialect has them."""

import json
import re
import uuid
from collections.abc import Callable

import pytest

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]

STREAM = b"""\
data: {"choices":[{"delta":{"content":"","role":"assistant"},"logprobs":null,\
"finish_reason":null,"index":0}],"object":"chat.completion.chunk","usage":null,"created":0,\
"system_fingerprint":"scripted-0.1","model":"qwen3-vl-plus","id":"chatcmpl-ID"}

data: {"choices":[{"delta":{"content":"A cat."},"logprobs":null,"finish_reason":null,\
"index":0}],"object":"chat.completion.chunk","usage":null,"created":0,\
"system_fingerprint":"scripted-0.1","model":"qwen3-vl-plus","id":"chatcmpl-ID"}

data: {"choices":[{"delta":{"content":""},"logprobs":null,"finish_reason":"stop",\
"index":0}],"object":"chat.completion.chunk","usage":null,"created":0,\
"system_fingerprint":"scripted-0.1","model":"qwen3-vl-plus","id":"chatcmpl-ID"}

data: {"choices":[],"object":"chat.completion.chunk","usage":{"prompt_tokens":21,\
"completion_tokens":3,"total_tokens":24,"prompt_tokens_details":{"text_tokens":21},\
"completion_tokens_details":{"text_tokens":3}},"created":0,\
"system_fingerprint":"scripted-0.1","model":"qwen3-vl-plus","id":"chatcmpl-ID"}

data: [DONE]

"""


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(Step(text="A cat."), Step(finish="stop", prompt_tokens=21, completion_tokens=3))


@pytest.mark.parametrize("prefix", ["/v1", "/compatible-mode/v1"])
def test_chat_answers_under_both_prefixes(url: str, call: Call, ask: Ask, *, prefix: str) -> None:
    status, headers, body = call(url, f"{prefix}/chat/completions", ask())
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["choices"][0]["message"]["content"] == "A cat."


def test_stream_has_the_dialects_bytes(url: str, call: Call, ask: Ask) -> None:
    request = ask(stream=True, stream_options={"include_usage": True})
    status, headers, body = call(url, body=request)
    body = re.sub(rb'"created":\d+', b'"created":0', body)
    body = body.replace(headers["x-request-id"].encode(), b"ID")
    assert (status, headers["content-type"]) == (200, "text/event-stream;charset=UTF-8")
    assert body == STREAM


def test_answer_carries_the_services_headers(url: str, call: Call, ask: Ask) -> None:
    _, headers, body = call(url, body=ask())
    assert str(uuid.UUID(headers["x-request-id"])) == headers["x-request-id"]
    assert json.loads(body)["id"] == f"chatcmpl-{headers['x-request-id']}"
    assert headers["x-dashscope-call-gateway"] == "true"
    assert headers["x-dashscope-finished"] == "true"
    assert headers["x-qwen-vision-engine"] == "scripted"
    assert headers["server"] == "qwen-vision"
    arrived, began = int(headers["req-arrive-time"]), int(headers["resp-start-time"])
    assert began - arrived == int(headers["req-cost-time"]) >= 0


def test_stream_is_marked_unfinished(url: str, call: Call, ask: Ask) -> None:
    _, headers, _ = call(url, body=ask(stream=True))
    assert headers["x-dashscope-finished"] == "false"


def test_request_id_of_the_caller_is_not_used(url: str, call: Call, ask: Ask) -> None:
    wanted = str(uuid.uuid4())
    _, headers, _ = call(url, body=ask(), headers={"X-Request-Id": wanted})
    assert headers["x-request-id"] != wanted


def test_large_body_is_read_whole(url: str, call: Call, ask: Ask) -> None:
    status, _, _ = call(url, body=ask("word " * 2_000, user="u" * 7_000_000))
    assert status == 200


def test_chunked_body_is_read_whole(url: str, call: Call, ask: Ask) -> None:
    body = json.dumps(ask()).encode()
    head = {"Transfer-Encoding": "chunked"}
    status, _, _ = call(url, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), headers=head)
    assert status == 200


def test_wish_for_another_protocol_is_ignored(url: str, call: Call, ask: Ask) -> None:
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMA"}
    status, _, _ = call(url, body=ask(), headers=headers)
    assert status == 200


def test_slow_events_arrive_one_by_one_and_ready_ones_together(
    serve: Serve, call: Call, ask: Ask
) -> None:
    slow = serve(Step(text="a", times=300), Step(text="b", wait_s=0.02, times=3))
    status, _, body = call(slow, body=ask(stream=True))
    pieces = [
        json.loads(line[6:])["choices"][0]["delta"].get("content")
        for line in body.decode().splitlines()
        if line.startswith("data: {")
    ]
    assert status == 200
    assert "".join(pieces) == "a" * 300 + "b" * 3
    assert len(pieces) == 305
    assert body.endswith(b"data: [DONE]\n\n")


def test_unknown_model_is_served_when_any_model_is_on(serve: Serve, call: Call, ask: Ask) -> None:
    lenient = serve(settings=ServerSettings(port=0, any_model=True))
    status, _, body = call(lenient, body={**ask(), "model": "my-own-model"})
    assert (status, json.loads(body)["model"]) == (200, "my-own-model")


def test_models_lists_the_catalogue(url: str, call: Call) -> None:
    _, _, body = call(url, "/compatible-mode/v1/models", method="GET")
    listed = json.loads(body)
    assert list(listed) == ["object", "data"]
    assert list(listed["data"][0]) == ["id", "object", "created", "owned_by"]
    assert {"qwen3.6-plus", "qvq-max"} <= {entry["id"] for entry in listed["data"]}


def test_one_model_can_be_asked_for(url: str, call: Call) -> None:
    status, _, body = call(url, "/v1/models/qwen3.6-plus", method="GET")
    assert (status, json.loads(body)["owned_by"]) == (200, "system")


def test_health_and_readiness_are_told(url: str, call: Call) -> None:
    assert call(url, "/healthz", method="GET")[0] == 200
    assert call(url, "/readyz", method="GET")[0] == 200
