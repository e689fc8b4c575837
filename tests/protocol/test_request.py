"""Decoding chat requests: every parameter and every part, and the way back."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_vision.errors import InvalidRequestError
from qwen_vision.protocol.messages import FunctionCall, FunctionTool, Message, Tool, ToolCall
from qwen_vision.protocol.parts import (
    AudioInput,
    AudioPart,
    CacheControl,
    ContentPart,
    FramesPart,
    ImagePart,
    ImageUrl,
    TextPart,
    VideoPart,
    VideoUrl,
)
from qwen_vision.protocol.request import (
    ChatRequest,
    JsonSchemaFormat,
    NamedFunction,
    NamedTool,
    ResponseFormat,
    StreamOptions,
    decode_request,
    encode_request,
)

# JSON as a caller writes it; only this file is so free.
Json = dict[str, Any]


def _body(**fields: object) -> bytes:
    given: Json = {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields}
    return json.dumps(given).encode()


def _with_content(content: object) -> bytes:
    return _body(
        messages=[{"role": "system", "content": "s"}, {"role": "user", "content": content}]
    )


def _part(part: Json) -> ContentPart:
    content = decode_request(_with_content([part])).messages[1].content
    assert isinstance(content, list)
    return content[0]


PARAMETERS: list[tuple[str, object, object]] = [
    ("stream", True, True),
    ("stream_options", {"include_usage": True}, StreamOptions(include_usage=True)),
    ("stream_options", {}, StreamOptions()),
    ("temperature", 0.2, 0.2),
    ("temperature", 1, 1.0),
    ("top_p", 0.8, 0.8),
    ("top_k", 20, 20),
    ("presence_penalty", -1.5, -1.5),
    ("frequency_penalty", 0.5, 0.5),
    ("repetition_penalty", 1.05, 1.05),
    ("seed", 1234, 1234),
    ("stop", "END", "END"),
    ("stop", ["a", "b"], ["a", "b"]),
    ("stop", [108386, 2], [108386, 2]),
    ("max_tokens", 512, 512),
    ("max_completion_tokens", 600, 600),
    ("n", 2, 2),
    ("enable_thinking", False, False),
    ("thinking_budget", 100, 100),
    ("preserve_thinking", True, True),
    ("tool_stream", True, True),
    ("vl_high_resolution_images", True, True),
    ("vl_enable_image_hw_output", True, True),
    (
        "tools",
        [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        [Tool(FunctionTool("f", parameters={"type": "object"}))],
    ),
    ("tool_choice", "auto", "auto"),
    (
        "tool_choice",
        {"type": "function", "function": {"name": "f"}},
        NamedTool(NamedFunction("f")),
    ),
    ("parallel_tool_calls", True, True),
    ("response_format", {"type": "text"}, ResponseFormat("text")),
    ("response_format", {"type": "json_object"}, ResponseFormat("json_object")),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "r", "schema": {"type": "object"}}},
        ResponseFormat("json_schema", JsonSchemaFormat("r", {"type": "object"})),
    ),
    ("logprobs", True, True),
    ("top_logprobs", 5, 5),
    ("enable_search", False, False),
    ("user", "someone", "someone"),
    ("media_receipt", True, True),
    ("structured_thinking", True, True),
    ("coordinates", "0-1", "0-1"),
]


@pytest.mark.parametrize(("name", "given", "expected"), PARAMETERS)
def test_parameter_is_decoded(name: str, given: object, expected: object) -> None:
    assert getattr(decode_request(_body(**{name: given})), name) == expected


def test_every_parameter_stands_in_the_table() -> None:
    told = {name for name, _, _ in PARAMETERS} | {"model", "messages"}
    assert told == set(ChatRequest.__struct_fields__)


def test_parameter_that_is_null_counts_as_not_given() -> None:
    names = [name for name, _, _ in PARAMETERS]
    assert decode_request(_body(**dict.fromkeys(names))) == decode_request(_body())


def test_fields_the_dialect_does_not_know_are_ignored() -> None:
    body = _body(
        search_options={"x": 1},
        messages=[
            {
                "role": "user",
                "mood": "good",
                "content": [{"type": "text", "text": "x", "extra": [1, {"a": None}]}],
            }
        ],
    )
    assert decode_request(body).messages == [Message("user", [TextPart("x")])]


URL = "https://example.com/a.jpg"
PARTS: list[tuple[Json, ContentPart]] = [
    ({"type": "text", "text": "x"}, TextPart("x")),
    (
        {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
        TextPart("x", CacheControl()),
    ),
    ({"type": "image_url", "image_url": {"url": URL}}, ImagePart(ImageUrl(URL))),
    ({"type": "image_url", "image_url": URL}, ImagePart(URL)),
    (
        {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
        ImagePart(ImageUrl(URL, detail="low")),
    ),
    (
        {"type": "image_url", "image_url": {"url": URL}, "min_pixels": 1, "max_pixels": 2},
        ImagePart(ImageUrl(URL), min_pixels=1, max_pixels=2),
    ),
    (
        {"type": "image_url", "image_url": {"url": URL, "min_pixels": 1, "max_pixels": 2}},
        ImagePart(ImageUrl(URL, min_pixels=1, max_pixels=2)),
    ),
    (
        {"type": "image_url", "image_url": {"url": URL}, "cache_control": {"type": "ephemeral"}},
        ImagePart(ImageUrl(URL), cache_control=CacheControl()),
    ),
    (
        {"type": "image_url", "image_url": {"url": URL}, "pages": "1-3"},
        ImagePart(ImageUrl(URL), pages="1-3"),
    ),
    ({"type": "video_url", "video_url": {"url": URL}}, VideoPart(VideoUrl(URL))),
    ({"type": "video_url", "video_url": URL, "fps": 2}, VideoPart(URL, fps=2.0)),
    (
        {"type": "video_url", "video_url": {"url": URL, "fps": 0.5, "total_pixels": 9}},
        VideoPart(VideoUrl(URL, fps=0.5, total_pixels=9)),
    ),
    (
        {
            "type": "video_url",
            "video_url": {"url": URL},
            "fps": 10,
            "min_pixels": 1,
            "max_pixels": 2,
            "total_pixels": 3,
        },
        VideoPart(VideoUrl(URL), fps=10.0, min_pixels=1, max_pixels=2, total_pixels=3),
    ),
    ({"type": "video", "video": [URL, URL]}, FramesPart([URL, URL])),
    (
        {"type": "video", "video": [URL], "fps": 2, "min_pixels": 1, "max_pixels": 2},
        FramesPart([URL], fps=2.0, min_pixels=1, max_pixels=2),
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        AudioPart(AudioInput("AA==", "wav")),
    ),
]


@pytest.mark.parametrize(("given", "expected"), PARTS)
def test_content_part_is_decoded(given: Json, expected: ContentPart) -> None:
    assert _part(given) == expected


def test_history_with_tool_calls_and_reasoning_is_decoded() -> None:
    messages = [
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "hm",
            "tool_calls": [
                {
                    "index": 0,
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "42", "name": "f"},
        {"role": "assistant", "content": "It is", "partial": True},
    ]
    assert decode_request(_body(messages=messages)).messages == [
        Message(
            "assistant",
            reasoning_content="hm",
            tool_calls=[ToolCall(FunctionCall("f", "{}"), id="call_1", index=0)],
        ),
        Message("tool", "42", name="f", tool_call_id="call_1"),
        Message("assistant", "It is", partial=True),
    ]


TEXTS = st.text(max_size=20)
PIXELS = st.none() | st.integers(1, 10**9)
FPS = st.none() | st.floats(0.1, 10)
CONTENT_PARTS = st.one_of(
    st.builds(TextPart, TEXTS, st.none() | st.builds(CacheControl)),
    st.builds(
        ImagePart,
        TEXTS | st.builds(ImageUrl, TEXTS, st.sampled_from([None, "auto", "low", "high"]), PIXELS),
        PIXELS,
        PIXELS,
    ),
    st.builds(VideoPart, TEXTS | st.builds(VideoUrl, TEXTS, FPS), FPS, PIXELS, PIXELS, PIXELS),
    st.builds(FramesPart, st.lists(TEXTS, max_size=3), FPS, PIXELS, PIXELS, PIXELS),
    st.builds(AudioPart, st.builds(AudioInput, TEXTS, st.none() | TEXTS)),
)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=st.none() | TEXTS | st.lists(CONTENT_PARTS, max_size=3),
    tool_calls=st.none()
    | st.lists(st.builds(ToolCall, st.builds(FunctionCall, TEXTS, TEXTS), TEXTS), max_size=2),
    tool_call_id=st.none() | TEXTS,
    reasoning_content=st.none() | TEXTS,
    partial=st.booleans(),
)
REQUESTS = st.builds(
    ChatRequest,
    model=TEXTS,
    messages=st.lists(MESSAGES, max_size=3),
    stream=st.none() | st.booleans(),
    stream_options=st.none() | st.builds(StreamOptions, st.booleans()),
    temperature=st.none() | st.floats(0, 2),
    top_k=st.none() | st.integers(0, 200),
    seed=st.none() | st.integers(0, 2**63 - 1),
    stop=st.none() | TEXTS | st.lists(TEXTS | st.integers(0, 10**6), max_size=3),
    enable_thinking=st.none() | st.booleans(),
    tools=st.none() | st.lists(st.builds(Tool, st.builds(FunctionTool, TEXTS)), max_size=2),
    tool_choice=st.none() | TEXTS | st.builds(NamedTool, st.builds(NamedFunction, TEXTS)),
    response_format=st.none()
    | st.builds(ResponseFormat, TEXTS, st.none() | st.builds(JsonSchemaFormat, TEXTS)),
)


@given(REQUESTS)
def test_request_survives_the_wire(request: ChatRequest) -> None:
    assert decode_request(encode_request(request)) == request


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["model", "messages", "role", "content", "type"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_request_or_an_error_of_the_tree(value: object) -> None:
    with contextlib.suppress(InvalidRequestError):
        decode_request(json.dumps(value).encode())
