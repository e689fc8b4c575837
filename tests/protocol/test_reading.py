"""Reading what other servers of the dialect write."""

import pytest
from msgspec import UNSET

from qwen_vision.errors import RemoteError
from qwen_vision.protocol.reading import read_chunk, read_completion


def test_nulls_and_missing_fields_of_other_servers_are_taken() -> None:
    answer = read_completion(
        b'{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":null,'
        b'"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}],'
        b'"reasoning_content":null},"finish_reason":"tool_calls","stop_reason":null}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":null,'
        b'"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":null}}}'
    )
    message = answer.choices[0].message
    assert message.content is None
    assert message.tool_calls is not UNSET
    assert message.tool_calls is not None
    assert (message.tool_calls[0].index, message.tool_calls[0].function.name) == (0, "f")
    assert answer.usage is not None
    assert (answer.usage.total_tokens, answer.usage.prompt_tokens_details) == (7, UNSET)
    assert answer.usage.completion_tokens_details.reasoning_tokens == 2  # type: ignore[union-attr]


def test_usage_details_keep_what_was_said() -> None:
    answer = read_completion(
        b'{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":9,'
        b'"completion_tokens":1,"total_tokens":10,"prompt_tokens_details":{"image_tokens":5}}}'
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details.image_tokens == 5  # type: ignore[union-attr]
    assert answer.choices[0].message.role == "assistant"


def test_chunk_keeps_pieces_of_tool_calls_and_thinking() -> None:
    chunk = read_chunk(
        b'{"choices":[{"delta":{"content":null,"reasoning_content":"Hm","tool_calls":'
        b'[{"index":1,"id":"","type":"function","function":{"arguments":"{"}}]}}]}'
    )
    delta = chunk.choices[0].delta
    assert (delta.content, delta.reasoning_content) == (None, "Hm")
    assert delta.tool_calls is not UNSET
    call = delta.tool_calls[0]
    assert (call.index, call.id, call.function.name, call.function.arguments) == (1, "", UNSET, "{")


def test_chunk_without_choices_is_a_usage_chunk() -> None:
    chunk = read_chunk(b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}')
    assert chunk.choices == []
    assert chunk.usage is not None


@pytest.mark.parametrize("payload", [b"{", b"3", b'{"choices": 3}', b"\xff"])
def test_what_is_no_answer_is_a_typed_error(payload: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        read_chunk(payload)
    assert caught.value.code == "strange_answer"
