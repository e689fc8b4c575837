"""What is said about a request that cannot be decoded, and about which field."""

import json
from typing import Any

import pytest

from qwen_vision import errors
from qwen_vision.errors import QwenVisionError
from qwen_vision.protocol.request import decode_request

# JSON as a caller writes it; only this file is so free.
Json = dict[str, Any]


def _body(**fields: object) -> bytes:
    given: Json = {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields}
    return json.dumps(given).encode()


def _with_content(content: object) -> bytes:
    return _body(
        messages=[{"role": "system", "content": "s"}, {"role": "user", "content": content}]
    )


URL = "https://example.com/a.jpg"


def _raised(body: bytes) -> QwenVisionError:
    with pytest.raises(QwenVisionError) as caught:
        decode_request(body)
    return caught.value


NOT_AN_OBJECT = [
    b"",
    b"nul",
    b'{"model":"m"',
    b"[]",
    b'"text"',
    b"17",
    b"null",
    b'{"model":"\xff","messages":[]}',
    b'{"model":"\\ud800","messages":[]}',
    b'{"model":"m","messages":[],"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


@pytest.mark.parametrize("body", NOT_AN_OBJECT, ids=lambda body: body[:20].hex())
def test_body_that_is_no_json_object_is_malformed(body: bytes) -> None:
    assert isinstance(_raised(body), errors.MalformedBodyError)


@pytest.mark.parametrize("body", [b'{"messages":[]}', b'{"model":null,"messages":[]}'])
def test_missing_model_is_asked_for(body: bytes) -> None:
    assert isinstance(_raised(body), errors.MissingModelError)


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","messages":null}'])
def test_missing_messages_are_asked_for(body: bytes) -> None:
    assert isinstance(_raised(body), errors.MissingMessagesError)


WRONG_FIELDS: list[tuple[bytes, str]] = [
    (_body(model=5), "model"),
    (_body(messages="x"), "messages"),
    (_body(messages=["x"]), "messages[0]"),
    (_body(messages=[{"content": "x"}]), "messages[0].role"),
    (_body(messages=[{"role": "robot", "content": "x"}]), "messages[0].role"),
    (_body(stream="yes"), "stream"),
    (_body(temperature="hot"), "temperature"),
    (_body(temperature=True), "temperature"),
    (_body(max_tokens=1.5), "max_tokens"),
    (_body(top_k="many"), "top_k"),
    (_body(stop=[{}]), "stop[0]"),
    (_body(stop=["a", None]), "stop[1]"),
    (_body(tools=[{"type": "function", "function": {}}]), "tools[0].function.name"),
    (_body(tools=[{"function": {"name": "f"}}, 5]), "tools[1]"),
    (_body(stream_options=5), "stream_options"),
    (
        _body(response_format={"type": "json_schema", "json_schema": {"schema": 5}}),
        "response_format.json_schema.schema",
    ),
    (_with_content([{"type": "text"}]), "messages[1].content[0].text"),
    (_with_content([{"type": "text", "text": 5}]), "messages[1].content[0].text"),
    (_with_content([{"type": "image_url"}]), "messages[1].content[0].image_url"),
    (
        _with_content([{"type": "text", "text": "x"}, {"type": "image_url", "image_url": 5}]),
        "messages[1].content[1].image_url",
    ),
    (
        _with_content([{"type": "image_url", "image_url": {}}]),
        "messages[1].content[0].image_url.url",
    ),
    (
        _with_content([{"type": "image_url", "image_url": {"url": URL, "detail": "ultra"}}]),
        "messages[1].content[0].image_url.detail",
    ),
    (
        _with_content([{"type": "image_url", "image_url": URL, "max_pixels": "big"}]),
        "messages[1].content[0].max_pixels",
    ),
    (
        _with_content([{"type": "video", "video": [URL, 5]}]),
        "messages[1].content[0].video[1]",
    ),
    (_with_content([{"type": "video", "video": URL}]), "messages[1].content[0].video"),
]


@pytest.mark.parametrize(("body", "path"), WRONG_FIELDS, ids=[path for _, path in WRONG_FIELDS])
def test_value_of_a_wrong_type_is_named_by_its_path(body: bytes, path: str) -> None:
    error = _raised(body)
    assert isinstance(error, errors.FieldTypeError)
    assert error.param == path
    assert path.rpartition(".")[2] in error.message


@pytest.mark.parametrize("item", [5, None, "text", [], {}, {"type": "picture"}, {"type": 5}])
def test_item_that_is_no_content_part_is_named_by_its_place(item: object) -> None:
    error = _raised(_with_content([{"type": "text", "text": "x"}, item]))
    assert isinstance(error, errors.ContentPartError)
    assert error.param == "messages[1].content[1]"


@pytest.mark.parametrize("content", [5, True, {"type": "text", "text": "x"}])
def test_content_that_is_neither_text_nor_list_is_refused(content: object) -> None:
    error = _raised(_with_content(content))
    assert isinstance(error, errors.MessageContentError)
    assert error.param == "messages[1].content"


@pytest.mark.parametrize(
    ("value", "given"),
    [(5, "int"), ({"type": 5}, "int"), ({}, "unknown"), ([], "array"), ("json", "str")],
)
def test_response_format_of_a_wrong_shape_gets_the_words_of_the_dialect(
    value: object, given: str
) -> None:
    error = _raised(_body(response_format=value))
    assert isinstance(error, errors.ResponseFormatError)
    assert error.message.endswith(f"The response_format type from user is {given}.")


@pytest.mark.parametrize("value", [5, [], True])
def test_tool_choice_of_a_wrong_shape_gets_the_words_of_the_dialect(value: object) -> None:
    assert isinstance(_raised(_body(tool_choice=value)), errors.ToolChoiceError)
