"""What check refuses, with which words, at which field."""

from typing import Any

import msgspec
import pytest

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.engines.base import Abilities
from qwen_vision.errors import QwenVisionError
from qwen_vision.pipeline.check import Plan, check
from qwen_vision.protocol.request import ChatRequest

ALL = Abilities(
    images=True, videos=True, thinking=True, json_schema=True, tools=True, candidates=True
)
USER = {"role": "user", "content": "Describe it."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASSISTANT_CALLS = {"role": "assistant", "content": "", "tool_calls": [CALL]}
TOOL_ANSWER = {"role": "tool", "content": "x", "tool_call_id": "call_1"}
TOOL = {"type": "function", "function": {"name": "f"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
MIB = 2**31


def plan(abilities: Abilities = ALL, /, **fields: object) -> Plan:
    body = {"model": "qwen3-vl-plus", "messages": [USER], **fields}
    request = msgspec.convert(body, ChatRequest)
    return check(request, find_model(request.model), engine="test", abilities=abilities)


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"temperature": 2}, "Temperature should be in [0.0, 2.0)", "temperature"),
    ({"temperature": -0.1}, "Temperature should be in [0.0, 2.0)", "temperature"),
    ({"top_p": 0}, "Range of top_p should be (0.0, 1.0]", "top_p"),
    ({"top_p": 1.01}, "Range of top_p should be (0.0, 1.0]", "top_p"),
    ({"top_k": -1}, "Parameter top_k be greater than or equal to 0", "top_k"),
    (
        {"repetition_penalty": 0},
        "Repetition_penalty should be greater than 0.0",
        "repetition_penalty",
    ),
    ({"presence_penalty": 2.5}, "Presence_penalty should be in [-2.0, 2.0]", "presence_penalty"),
    ({"n": 0}, "Range of n should be [1, 4]", "n"),
    ({"n": 5}, "Range of n should be [1, 4]", "n"),
    ({"seed": -1}, "-1 is lesser than the minimum of 0 - 'seed'", "seed"),
    (
        {"seed": MIB},
        "2147483648 is greater than the maximum of 2147483647 - 'seed'",
        "seed",
    ),
    ({"top_logprobs": 6}, "Range of top_logprobs should be [0, 5]", "top_logprobs"),
    ({"max_tokens": 0}, "Range of max_tokens should be [1, 32768]", "max_tokens"),
    ({"max_tokens": 32769}, "Range of max_tokens should be [1, 32768]", "max_tokens"),
    (
        {"max_completion_tokens": 0},
        "Range of max_tokens should be [1, 114688]",
        "max_completion_tokens",
    ),
    (
        {"thinking_budget": 81921},
        "The thinking_budget parameter must be a positive integer and not greater than 81920",
        "thinking_budget",
    ),
    (
        {"thinking_budget": 0},
        "The thinking_budget parameter must be a positive integer and not greater than 81920",
        "thinking_budget",
    ),
    ({"messages": []}, "[] is too short - 'messages'", "messages"),
    (
        {"model": "qvq-max"},
        "This model only support stream mode, please enable the stream parameter to access "
        "the model. ",
        "stream",
    ),
    (
        {"model": "qvq-max", "stream": True, "enable_thinking": False},
        "The value of the enable_thinking parameter is restricted to True.",
        "enable_thinking",
    ),
    (
        {"model": "qwen-vl-max", "enable_thinking": True},
        "The model qwen-vl-max does not support enable_thinking.",
        "enable_thinking",
    ),
    (
        {"enable_thinking": True, "response_format": SCHEMA},
        "Json mode response is not supported when enable_thinking is true",
        "response_format",
    ),
    (
        {"response_format": {"type": "json_object"}},
        "'messages' must contain the word 'json' in some form, to use 'response_format' of "
        "type 'json_object'.",
        "messages",
    ),
    (
        {"response_format": {"type": "xml"}},
        "Unknown format of response_format, response_format should be a dict, includes 'type' "
        "and an optional key 'json_schema'. The response_format type from user is xml.",
        "response_format",
    ),
    (
        {"response_format": {"type": "json_schema"}},
        "response_format of type 'json_schema' needs 'json_schema' with a 'schema'.",
        "response_format.json_schema",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n" * 65, "schema": {}},
            }
        },
        "The name of a JSON Schema takes up to 64 characters; got 65.",
        "response_format.json_schema.name",
    ),
    (
        {"tools": [TOOL], "tool_choice": "required"},
        'tool_choice is one of the strings that should be ["none", "auto"]',
        "tool_choice",
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
        "tool_choice names 'g'; the request has ['f'].",
        "tool_choice",
    ),
    (
        {"tool_choice": {"type": "function", "function": {"name": "g"}}},
        "tool_choice names 'g', but the request has no tools.",
        "tool_choice",
    ),
    (
        {
            "tools": [TOOL],
            "enable_thinking": True,
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        },
        "The tool_choice parameter does not support being set to required or object in "
        "thinking mode",
        "tool_choice",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "search"}}]},
        "Tool names are not allowed to be [search]",
        "tools[0].function.name",
    ),
    (
        {"tools": [TOOL, {"type": "function", "function": {"name": "no spaces"}}]},
        "Tool names take 1 to 64 characters of [a-zA-Z0-9_-]; got 'no spaces'.",
        "tools[1].function.name",
    ),
    (
        {"model": "qwen-vl-max", "tools": [TOOL]},
        "The tool call is not supported.",
        "tools",
    ),
    (
        {"messages": [USER, {"role": "tool", "content": "x", "tool_call_id": "call_9"}]},
        'Messages with role "tool" must be a response to a preceeding message with "tool_calls"',
        "messages[1]",
    ),
    (
        {"messages": [USER, ASSISTANT_CALLS, USER]},
        'An assistant message with "tool_calls" must be followed by tool messages responding '
        'to each "tool_call_id". The following tool_call_ids did not have response messages: '
        "call_1",
        "messages[2]",
    ),
    (
        {"messages": [USER, ASSISTANT_CALLS]},
        'An assistant message with "tool_calls" must be followed by tool messages responding '
        'to each "tool_call_id". The following tool_call_ids did not have response messages: '
        "call_1",
        "messages[1]",
    ),
    (
        {"messages": [USER, {"role": "assistant", "content": "Hi"}]},
        "The last message has role 'assistant'. It must be 'user' or 'tool', or an assistant "
        'message with "partial": true.',
        "messages[1].role",
    ),
    (
        {"messages": [{"role": "user"}]},
        "A message of role 'user' needs content: a text or a list of parts.",
        "messages[0].content",
    ),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
                    ],
                }
            ]
        },
        "Vision models do not take audio. Send pictures, videos or text; "
        "for audio use an omni model.",
        "messages[0].content[0]",
    ),
    (
        {
            "enable_thinking": True,
            "messages": [USER, {"role": "assistant", "content": "It", "partial": True}],
        },
        'A message with "partial": true needs enable_thinking to be false.',
        "messages",
    ),
    (
        {"stop": ["a", 7]},
        "The stop parameter takes a string, a list of strings or a list of token ids, not a mix.",
        "stop",
    ),
]


@pytest.mark.parametrize(("fields", "message", "param"), REFUSED)
def test_check_refuses_with_the_dialects_words(
    fields: dict[str, Any], message: str, param: str | None
) -> None:
    with pytest.raises(QwenVisionError) as caught:
        plan(**fields)
    assert caught.value.message == message
    assert caught.value.param == param
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"type": "string", "pattern": "(?<!a)b"},
    ],
)
def test_a_schema_that_cannot_be_compiled_here_is_refused(schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with pytest.raises(QwenVisionError, match="The JSON Schema cannot be used") as caught:
        plan(response_format=wanted)
    assert caught.value.param == "response_format.json_schema.schema"
    assert "root:" not in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0, "top_p": 1, "top_k": 0, "presence_penalty": -2, "seed": MIB - 1},
        {"temperature": 1.99, "repetition_penalty": 0.01, "n": 4, "stop": ["a", "b"]},
        {"stop": [1, 2], "max_tokens": 1, "thinking_budget": 81920},
        {"max_tokens": 32768, "top_logprobs": 5, "logprobs": False},
        {
            "messages": [
                USER,
                ASSISTANT_CALLS,
                {"role": "tool", "content": "x", "tool_call_id": "call_1"},
            ]
        },
        {"messages": [USER, {"role": "assistant", "content": "It", "partial": True}]},
        {"response_format": {"type": "text"}},
        {"tools": [TOOL], "tool_choice": "none"},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
    ],
)
def test_check_allows_the_edges_of_every_range(fields: dict[str, Any]) -> None:
    assert plan(**fields).max_tokens == fields.get("max_tokens", 32768)


@pytest.mark.parametrize(
    ("model", "asked", "thinks"),
    [
        ("qwen3.6-plus", None, True),
        ("qwen3.6-plus", False, False),
        ("qwen3-vl-plus", None, False),
        ("qwen3-vl-plus", True, True),
        ("qwen3-vl-8b-thinking", None, True),
        ("qwen-vl-max", None, False),
        ("qwen-vl-max", False, False),
    ],
)
def test_thinking_is_the_requests_wish_or_the_models_default(
    model: str, asked: bool | None, thinks: bool
) -> None:
    assert plan(model=model, enable_thinking=asked).thinking is thinks


def test_structured_output_switches_a_default_thought_off() -> None:
    assert plan(model="qwen3.6-plus", response_format=SCHEMA).thinking is False


def test_json_object_needs_the_word_json_in_any_case_and_any_message() -> None:
    messages = [{"role": "system", "content": "Answer in JSON."}, USER]
    assert plan(messages=messages, response_format={"type": "json_object"}).thinking is False


@pytest.mark.parametrize(
    ("fields", "what", "param"),
    [
        ({"tools": [TOOL]}, "tools", "tools"),
        ({"response_format": SCHEMA}, "structured output", "response_format"),
        ({"n": 2}, "more than one candidate (n)", "n"),
        ({"logprobs": True}, "logprobs", "logprobs"),
    ],
)
def test_what_only_the_engine_lacks_is_said_with_its_name_and_the_way_out(
    fields: dict[str, Any], what: str, param: str
) -> None:
    with pytest.raises(QwenVisionError) as caught:
        plan(Abilities(way_out="Use another."), **fields)
    assert caught.value.message == f"The engine 'test' cannot take {what}. Use another."
    assert (caught.value.code, caught.value.param) == ("engine_cannot", param)


def test_a_model_without_structured_output_names_one_that_has_it() -> None:
    with pytest.raises(QwenVisionError, match="Use qwen3-vl-plus"):
        plan(model="qwen-vl-ocr", response_format=SCHEMA)
