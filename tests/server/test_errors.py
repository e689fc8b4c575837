"""Errors over the wire: every row of the dialect, and that the next request is served."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from qwen_vision.engines.base import Abilities, Event, Prompt, TextDelta
from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]

USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
INVALID = "invalid_parameter_error"
Row = tuple[Mapping[str, object], int, str, str | None, str]

ROWS: dict[str, Row] = {
    "no model": (
        {"model": None},
        400,
        "missing_required_parameter",
        "model",
        "you must provide a model parameter",
    ),
    "unknown model": (
        {"model": "x"},
        404,
        "model_not_found",
        "model",
        "The model `x` does not exist or you do not have access to it.",
    ),
    "stream only": (
        {"model": "qvq-max"},
        400,
        INVALID,
        "stream",
        "This model only support stream mode, please enable the stream parameter to access "
        "the model. ",
    ),
    "empty messages": ({"messages": []}, 400, INVALID, "messages", "[] is too short - 'messages'"),
    "part of unknown type": (
        {"messages": [{"role": "user", "content": [{"type": "hologram"}]}]},
        400,
        INVALID,
        "messages[0].content[0]",
        "The provided messages input is invalid. The error info is "
        "[Unexpected item type in content]",
    ),
    "temperature": (
        {"temperature": 2},
        400,
        INVALID,
        "temperature",
        "Temperature should be in [0.0, 2.0)",
    ),
    "top_p": ({"top_p": 0}, 400, INVALID, "top_p", "Range of top_p should be (0.0, 1.0]"),
    "top_k": (
        {"top_k": -1},
        400,
        INVALID,
        "top_k",
        "Parameter top_k be greater than or equal to 0",
    ),
    "repetition_penalty": (
        {"repetition_penalty": 0},
        400,
        INVALID,
        "repetition_penalty",
        "Repetition_penalty should be greater than 0.0",
    ),
    "presence_penalty": (
        {"presence_penalty": 3},
        400,
        INVALID,
        "presence_penalty",
        "Presence_penalty should be in [-2.0, 2.0]",
    ),
    "n": ({"n": 5}, 400, INVALID, "n", "Range of n should be [1, 4]"),
    "seed": (
        {"seed": -1},
        400,
        "invalid_value",
        "seed",
        "-1 is lesser than the minimum of 0 - 'seed'",
    ),
    "max_tokens": (
        {"max_tokens": 0},
        400,
        INVALID,
        "max_tokens",
        "Range of max_tokens should be [1, 32768]",
    ),
    "thinking_budget": (
        {"enable_thinking": True, "thinking_budget": 81921},
        400,
        INVALID,
        "thinking_budget",
        "The thinking_budget parameter must be a positive integer and not greater than 81920",
    ),
    "structured while thinking": (
        {"enable_thinking": True, "response_format": {"type": "json_object"}},
        400,
        INVALID,
        "response_format",
        "Json mode response is not supported when enable_thinking is true",
    ),
    "no word json": (
        {"response_format": {"type": "json_object"}},
        400,
        INVALID,
        "messages",
        "'messages' must contain the word 'json' in some form, to use 'response_format' of "
        "type 'json_object'.",
    ),
    "format": (
        {"response_format": {"type": "xml"}},
        400,
        INVALID,
        "response_format",
        "Unknown format of response_format, response_format should be a dict, includes 'type' "
        "and an optional key 'json_schema'. The response_format type from user is xml.",
    ),
    "thinking off where it is always on": (
        {"model": "qwen3-vl-8b-thinking", "enable_thinking": False},
        400,
        INVALID,
        "enable_thinking",
        "The value of the enable_thinking parameter is restricted to True.",
    ),
    "thinking on where there is none": (
        {"model": "qwen3-vl-8b-instruct", "enable_thinking": True},
        400,
        "InvalidParameter.NotSupportEnableThinking",
        "enable_thinking",
        "The model qwen3-vl-8b-instruct does not support enable_thinking.",
    ),
    "tool_choice": (
        {"tools": [TOOL], "tool_choice": "maybe"},
        400,
        INVALID,
        "tool_choice",
        'tool_choice is one of the strings that should be ["none", "auto"]',
    ),
    "forced tool while thinking": (
        {
            "tools": [TOOL],
            "enable_thinking": True,
            "tool_choice": {"type": "function", "function": {"name": "look"}},
        },
        400,
        INVALID,
        "tool_choice",
        "The tool_choice parameter does not support being set to required or object in "
        "thinking mode",
    ),
    "reserved tool": (
        {"tools": [{"type": "function", "function": {"name": "search"}}]},
        400,
        INVALID,
        "tools[0].function.name",
        "Tool names are not allowed to be [search]",
    ),
    "no tools": (
        {"model": "qvq-max", "stream": True, "tools": [TOOL]},
        400,
        INVALID,
        "tools",
        "The tool call is not supported.",
    ),
    "orphan tool message": (
        {"messages": [USER, {"role": "tool", "content": "1", "tool_call_id": "c9"}]},
        400,
        INVALID,
        "messages[1]",
        'Messages with role "tool" must be a response to a preceeding message with "tool_calls"',
    ),
    "missing tool answer": (
        {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, USER]},
        400,
        INVALID,
        None,
        'An assistant message with "tool_calls" must be followed by tool messages',
    ),
    "role of a wrong type": (
        {"messages": [{"role": 7, "content": "Hi"}]},
        400,
        INVALID,
        "messages[0].role",
        "Expected `str`, got `int` - 'messages[0].role'",
    ),
}
BROKEN = {
    "no body": (b"", INVALID, "Required body invalid, please check the request body format."),
    "not JSON": (b"{", INVALID, "Required body invalid, please check the request body format."),
    "not UTF-8": (b'"\xff"', INVALID, "Required body invalid"),
    "no object": (b"[1]", INVALID, "Required body invalid"),
    "nested too deep": (b"[" * 300_000, INVALID, "Required body invalid"),
    "too deep inside": (
        b'{"model":"a","messages":[],"x":' + b"[" * 300_000,
        INVALID,
        "Required body invalid",
    ),
    "nothing in it": (b"{}", "missing_required_parameter", "you must provide a model parameter"),
    "no messages": (
        b'{"model":"qwen3.6-plus"}',
        "missing_required_parameter",
        "you must provide a messages parameter",
    ),
}


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(Step(text="Served."))


@pytest.mark.parametrize("case", ROWS)
def test_refused_request_gets_the_dialects_error(
    url: str, call: Call, ask: Ask, *, case: str
) -> None:
    change, status, code, param, message = ROWS[case]
    found, headers, body = call(url, body={**ask(), **change})
    told = json.loads(body)
    assert found == status
    assert told["error"]["message"].startswith(message)
    assert told["error"]["type"] == "invalid_request_error"
    assert told["error"]["code"] == code
    assert param is None or told["error"]["param"] == param
    assert told["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize("case", BROKEN)
def test_broken_body_is_told_and_the_next_request_is_served(
    url: str, call: Call, ask: Ask, *, case: str
) -> None:
    body, code, message = BROKEN[case]
    status, _, reply = call(url, body=body)
    error = json.loads(reply)["error"]
    assert (status, error["code"]) == (400, code)
    assert error["message"].startswith(message)
    assert call(url, body=ask())[0] == 200


def test_model_level_error_also_names_the_completion(url: str, call: Call, ask: Ask) -> None:
    _, headers, body = call(url, body=ask(model="qvq-max"))
    assert json.loads(body)["id"] == f"chatcmpl-{headers['x-request-id']}"


def test_unknown_path_is_an_error_of_the_dialect(url: str, call: Call) -> None:
    status, _, body = call(url, "/v1/nothing/", method="GET")
    assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")


def test_wrong_method_names_itself_and_what_is_allowed(url: str, call: Call) -> None:
    status, headers, body = call(url, method="GET")
    assert (status, headers["allow"]) == (400, "POST")
    assert json.loads(body)["error"]["message"] == "Request method 'GET' is not supported."


def test_unknown_model_of_the_list_is_not_found(url: str, call: Call) -> None:
    status, _, body = call(url, "/v1/models/none", method="GET")
    assert (status, json.loads(body)["error"]["code"]) == (404, "model_not_found")


def test_error_of_the_engine_keeps_status_and_retry_after(
    serve: Serve, call: Call, ask: Ask
) -> None:
    busy = serve(Step(error=429, message="Slow down.", code="limit_requests", retry_after_s=7))
    for stream in (False, True):
        status, headers, body = call(busy, body=ask(stream=stream))
        assert (status, headers["retry-after"]) == (429, "7")
        assert headers["content-type"] == "application/json"
        assert json.loads(body)["error"]["message"] == "Slow down."


def test_error_before_the_first_event_can_have_the_stream_prefix(
    serve: Serve, call: Call, ask: Ask
) -> None:
    faithful = serve(settings=ServerSettings(port=0, stream_error_prefix=True))
    status, headers, body = call(faithful, body=ask(stream=True, n=9))
    assert (status, headers["content-type"]) == (400, "text/event-stream;charset=UTF-8")
    assert body.startswith(b'data: {"error":{"message":"Range of n')
    assert call(faithful, body=ask(n=9))[2].startswith(b'{"error"')


def test_error_in_a_stream_is_an_event_and_the_end(serve: Serve, call: Call, ask: Ask) -> None:
    url = serve(Step(text="Half"), Step(error=500, message="Broke.", wait_s=0.01))
    status, headers, body = call(url, body=ask(stream=True))
    events = body.decode().strip().split("\n\n")
    assert status == 200
    assert json.loads(events[-1].removeprefix("data: ")) == {
        "error": {"message": "Broke.", "type": "internal_error", "param": None, "code": None},
        "request_id": headers["x-request-id"],
    }


class Faulty:
    """An engine with a bug."""

    name = "faulty"
    fingerprint = "faulty-1"
    abilities = Abilities()

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        if prompt.request.stream:
            yield TextDelta("Half")
        raise RuntimeError("secret at 0x7f00")

    async def aclose(self) -> None:
        return


@pytest.mark.parametrize("stream", [False, True])
def test_bug_is_a_500_that_tells_nothing_and_is_logged_with_its_id(
    serve: Serve, call: Call, ask: Ask, *, caplog: pytest.LogCaptureFixture, stream: bool
) -> None:
    caplog.set_level(logging.INFO, "qwen_vision.server")
    url = serve(engine=Faulty())
    status, headers, body = call(url, body=ask(stream=stream))
    assert status == (200 if stream else 500)
    assert b"secret" not in body
    assert b'"code":"internal_error"' in body
    assert f"Request {headers['x-request-id']} failed." in caplog.text
    assert call(url, "/healthz", method="GET")[0] == 200
