"""Every error of the dialect: status, type, code, param, literal words and envelope."""

import inspect
import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen_vision import errors
from qwen_vision.errors import QwenVisionError
from qwen_vision.protocol.failure import failure_body, read_failure
from qwen_vision.protocol.native_failure import native_event, native_failure_body


class Row(msgspec.Struct, frozen=True):
    """One row of dialect.toml; `native` and `native_message` belong to the native dialect."""

    error: str
    message: str
    facts: dict[str, Any] = {}
    status: int = 400
    type: str = "invalid_request_error"
    code: str = "invalid_parameter_error"
    param: str | None = None
    native: str = "InvalidParameter"
    native_message: str = ""

    def build(self) -> QwenVisionError:
        """The error as the project raises it."""
        found: type[QwenVisionError] = getattr(errors, self.error)
        return found(**self.facts)

    @property
    def wire_code(self) -> str | None:
        """The code as it stands in the body; TOML has no null."""
        return None if self.code == "null" else self.code


ROWS = msgspec.convert(
    tomllib.loads(Path(__file__).with_name("dialect.toml").read_text("utf-8"))["row"], list[Row]
)
MODEL_LEVEL = {"StreamOnlyError", "SmallImageError", "AspectRatioError"}
REQUEST_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, QwenVisionError)
]


def _name(row: Row) -> str:
    return row.error


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_error_says_exactly_what_the_dialect_says(row: Row) -> None:
    error = row.build()
    assert error.message == row.message
    assert (error.status, error.type, error.code) == (row.status, row.type, row.wire_code)
    assert error.param == row.param
    assert (error.native_code, error.native_text) == (row.native, row.native_message)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_envelope_bytes_have_the_keys_of_the_dialect_in_order(row: Row) -> None:
    words = json.dumps(row.message, ensure_ascii=False)
    param = json.dumps(row.param)
    code = json.dumps(row.wire_code)
    tail = f',"id":"chatcmpl-{REQUEST_ID}"' if _name(row) in MODEL_LEVEL else ""
    assert failure_body(row.build(), request_id=REQUEST_ID).decode() == (
        f'{{"error":{{"message":{words},"type":"{row.type}","param":{param},"code":{code}}},'
        f'"request_id":"{REQUEST_ID}"{tail}}}'
    )


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_native_body_is_flat_with_its_own_code_and_words(row: Row) -> None:
    words = json.dumps(row.native_message or row.message, ensure_ascii=False)
    assert native_failure_body(row.build(), request_id=REQUEST_ID).decode() == (
        f'{{"code":"{row.native}","message":{words},"request_id":"{REQUEST_ID}"}}'
    )


def test_native_body_keeps_the_code_of_another_server() -> None:
    error = errors.RemoteError("no", status=400, code="Custom.Code")
    assert b'"code":"Custom.Code"' in native_failure_body(error, request_id=REQUEST_ID)


def test_native_events_have_no_space_behind_a_colon() -> None:
    assert native_event(b"{}", number=1) == b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{}\n\n"
    assert native_event(b"{}", number=2, status=400) == (
        b"id:2\nevent:error\n:HTTP_STATUS/400\ndata:{}\n\n"
    )


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_client_reads_back_what_a_server_wrote(row: Row) -> None:
    found = read_failure(failure_body(row.build(), request_id=REQUEST_ID), status=row.status)
    assert (found.message, found.status, found.code) == (row.message, row.status, row.wire_code)
    assert (found.param, found.request_id) == (row.param, REQUEST_ID)


def test_missing_tool_answer_begins_like_the_dialect_and_names_the_calls() -> None:
    error = errors.MissingToolAnswerError(ids="call_1, call_2")
    assert error.message.startswith(
        'An assistant message with "tool_calls" must be followed by tool messages'
    )
    assert error.message.endswith("call_1, call_2")


def test_message_content_error_begins_like_the_dialect() -> None:
    error = errors.MessageContentError(path="messages[0].content")
    assert error.message.startswith("Input should be a valid dictionary or instance of ")


OUR_OWN = [
    (errors.FpsError(), "[0.1, 10]"),
    (errors.PixelLimitError(name="max_pixels", low=65536, high=16777216), "[65536, 16777216]"),
    (errors.TopLogprobsError(), "[0, 5]"),
    (errors.StopError(), "not a mix"),
    (errors.ToolNameError(name="a b"), "'a b'"),
    (errors.LastMessageError(role="assistant"), "'assistant'"),
    (errors.PartialThinkingError(), "enable_thinking"),
    (errors.AbilityError(engine="scripted", what="images", way_out="Do this."), "Do this."),
    (errors.TooManyImagesError(count=257, limit=256), "257"),
    (errors.TooManyVideosError(count=65, limit=64), "64"),
    (errors.LocalPathError(), "data: URI"),
    (errors.FileMissingError(path="x.png", reason="no such file"), "'x.png'"),
    (errors.MemoryBudgetError(needed_bytes=9, limit_bytes=8), "9 bytes"),
    (errors.UnsupportedKeyError(), "sk-sp-"),
    (errors.RouteNotFoundError(path="/x"), "'/x'"),
    (errors.MissingExtraError(what="It", extra="server"), "pip install 'qwen-vision[server]'"),
    (errors.CrossSiteError(header="Origin", value="https://a.example"), "a.example"),
    (errors.BodyEncodingError(encoding="gzip"), "'gzip'"),
    (errors.SlowBodyError(received=9, seconds=60), "9 bytes in 60 seconds"),
    (errors.BrokenStreamError(last_bytes=b"data: {"), "broke off"),
    (errors.StoppingError(), "stopping"),
    (errors.EngineError(engine="e", reason="r"), "'e' failed: r"),
    (errors.ConnectionFailedError(host="h", reason="r"), "QWEN_BASE_URL"),
    (errors.SettingsError("why", param="host"), "why"),
    (errors.ScriptError("line 3"), "line 3"),
    (errors.FieldTypeError("Expected `str` - 'model'", param="model"), "model"),
]


@pytest.mark.parametrize(("error", "words"), OUR_OWN, ids=lambda value: type(value).__name__)
def test_our_own_text_names_the_value_or_the_way_out(error: QwenVisionError, words: str) -> None:
    assert words in error.message
    assert str(error) == error.message


@pytest.mark.parametrize("found", CLASSES, ids=lambda found: found.__name__)
def test_every_error_is_an_honest_http_status_with_a_docstring(
    found: type[QwenVisionError],
) -> None:
    assert 400 <= found.status < 600
    assert found.type
    assert found.native_code
    assert found.__doc__
    assert found.__name__ in errors.__all__


def test_a_given_message_is_never_formatted() -> None:
    assert errors.SettingsError("{braces} stay").message == "{braces} stay"


def test_error_keeps_the_field_and_the_wait() -> None:
    error = errors.RateLimitError(param="model", retry_after_s=3)
    assert (error.param, error.retry_after_s) == ("model", 3)


def test_reading_a_body_that_is_no_error_body_quotes_its_beginning() -> None:
    error = read_failure(b"<html>Bad gateway</html>", status=502, retry_after_s=7)
    assert "HTTP 502" in error.message
    assert "<html>Bad gateway</html>" in error.message
    assert (error.status, error.retry_after_s, error.request_id) == (502, 7, None)


def test_reading_takes_the_stream_prefix_and_a_body_without_request_id() -> None:
    error = read_failure(b'data: {"error":{"message":"no"}}', status=400)
    assert (error.message, error.code, error.request_id) == ("no", None, None)
