"""Byte snapshots of the chunks of a stream."""

import msgspec
import pytest

from qwen_vision.protocol.chunk import (
    Chunk,
    ChunkChoice,
    Delta,
    DeltaFunction,
    DeltaToolCall,
    OpeningDelta,
)
from qwen_vision.protocol.usage import Usage

ID = "chatcmpl-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
TAIL = (
    b'"object":"chat.completion.chunk","usage":null,"created":1770000000,'
    b'"system_fingerprint":null,"model":"qwen3.6-plus","id":"' + ID.encode() + b'"}'
)


def _chunk(delta: Delta, reason: str | None = None) -> Chunk:
    return Chunk(
        choices=[ChunkChoice(delta, finish_reason=reason)],
        created=1770000000,
        model="qwen3.6-plus",
        id=ID,
    )


DELTAS: list[tuple[str, Delta, str]] = [
    ("plain opening", Delta(content="", role="assistant"), '{"content":"","role":"assistant"}'),
    ("plain text", Delta(content="text"), '{"content":"text"}'),
    ("plain end", Delta(content=""), '{"content":""}'),
    (
        "first thought",
        Delta(content=None, reasoning_content="Here", role="assistant"),
        '{"content":null,"reasoning_content":"Here","role":"assistant"}',
    ),
    (
        "more thought",
        Delta(content=None, reasoning_content=" we"),
        '{"content":null,"reasoning_content":" we"}',
    ),
    (
        "text after thought",
        Delta(content="So", reasoning_content=None),
        '{"content":"So","reasoning_content":null}',
    ),
    (
        "end after thought",
        Delta(content="", reasoning_content=None),
        '{"content":"","reasoning_content":null}',
    ),
    (
        "opening of a stream-only model",
        OpeningDelta(),
        '{"content":null,"role":"assistant","reasoning_content":""}',
    ),
    (
        "first piece of a tool call",
        Delta(
            content=None,
            reasoning_content=None,
            tool_calls=[
                DeltaToolCall(
                    index=0, id="call_1f", function=DeltaFunction(name="look", arguments="")
                )
            ],
        ),
        '{"content":null,"reasoning_content":null,"tool_calls":[{"index":0,"id":"call_1f",'
        '"type":"function","function":{"name":"look","arguments":""}}]}',
    ),
    (
        "later piece of a tool call",
        Delta(
            content=None,
            reasoning_content=None,
            tool_calls=[DeltaToolCall(index=1, function=DeltaFunction(arguments='{"x"'))],
        ),
        '{"content":null,"reasoning_content":null,"tool_calls":[{"index":1,"id":"",'
        '"type":"function","function":{"arguments":"{\\"x\\""}}]}',
    ),
]


@pytest.mark.parametrize(
    ("delta", "wire"), [pytest.param(delta, wire, id=name) for name, delta, wire in DELTAS]
)
def test_delta_has_the_bytes_of_the_dialect(delta: Delta, wire: str) -> None:
    assert msgspec.json.encode(_chunk(delta)) == (
        b'{"choices":[{"delta":' + wire.encode() + b',"logprobs":null,"finish_reason":null,'
        b'"index":0}],' + TAIL
    )


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls"])
def test_last_chunk_says_why_it_ended_and_usage_is_still_null(reason: str) -> None:
    assert msgspec.json.encode(_chunk(Delta(content=""), reason)) == (
        b'{"choices":[{"delta":{"content":""},"logprobs":null,"finish_reason":"'
        + reason.encode()
        + b'","index":0}],'
        + TAIL
    )


def test_usage_chunk_has_no_choices() -> None:
    chunk = Chunk(choices=[], usage=Usage(1, 2, 3), created=1770000000, model="qwen3.6-plus", id=ID)
    assert msgspec.json.encode(chunk) == (
        b'{"choices":[],"object":"chat.completion.chunk","usage":{"prompt_tokens":1,'
        b'"completion_tokens":2,"total_tokens":3},"created":1770000000,'
        b'"system_fingerprint":null,"model":"qwen3.6-plus","id":"' + ID.encode() + b'"}'
    )


@pytest.mark.parametrize("delta", [delta for _, delta, _ in DELTAS])
def test_a_client_reads_every_chunk_back(delta: Delta) -> None:
    wire = msgspec.json.encode(_chunk(delta))
    found = msgspec.json.decode(wire, type=Chunk)
    assert found.choices[0].delta.content == delta.content
    assert found.choices[0].delta.reasoning_content == delta.reasoning_content
    assert found.choices[0].delta.role == delta.role
    assert found.choices[0].delta.tool_calls == delta.tool_calls


def test_chunk_of_another_server_is_read_with_its_unknown_keys() -> None:
    body = b'{"id":"x","choices":[{"delta":{"content":"a","refusal":null},"index":0}],"extra":1}'
    chunk = msgspec.json.decode(body, type=Chunk)
    assert chunk.choices[0].delta.content == "a"
    assert chunk.choices[0].delta.role is msgspec.UNSET
