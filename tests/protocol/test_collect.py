"""A stream collected into one completion."""

from collections.abc import AsyncIterator

from msgspec import UNSET

from qwen_vision.protocol.chunk import Chunk, ChunkChoice, Delta, DeltaFunction, DeltaToolCall
from qwen_vision.protocol.collect import collect
from qwen_vision.protocol.completion import AnswerFunction, AnswerToolCall
from qwen_vision.protocol.usage import Usage


async def _stream(*deltas: Delta, reason: str | None = "stop") -> AsyncIterator[Chunk]:
    for delta in deltas:
        yield Chunk([ChunkChoice(delta)], created=1, model="m", id="chatcmpl-1")
    yield Chunk([ChunkChoice(Delta(content=""), finish_reason=reason)], model="m", id="chatcmpl-1")
    yield Chunk([], usage=Usage(1, 2, 3), created=1, model="m", id="chatcmpl-1")


async def test_text_and_thoughts_are_joined_and_usage_is_kept() -> None:
    completion = await collect(
        _stream(
            Delta(content=None, reasoning_content="I ", role="assistant"),
            Delta(content=None, reasoning_content="see."),
            Delta(content="A ", reasoning_content=None),
            Delta(content="dog."),
        )
    )
    message = completion.choices[0].message
    assert (message.content, message.reasoning_content) == ("A dog.", "I see.")
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage == Usage(1, 2, 3)
    assert completion.id == "chatcmpl-1"


async def test_an_answer_without_thoughts_has_no_reasoning_key() -> None:
    completion = await collect(_stream(Delta(content="x")))
    assert completion.choices[0].message.reasoning_content is UNSET
    assert completion.choices[0].message.tool_calls is UNSET


async def test_tool_calls_are_put_together_from_their_pieces_in_order() -> None:
    def piece(index: int, call_id: str = "", **function: str) -> Delta:
        call = DeltaToolCall(index, call_id, function=DeltaFunction(**function))
        return Delta(content=None, tool_calls=[call])

    completion = await collect(
        _stream(
            piece(1, "call_b", name="g", arguments=""),
            piece(0, "call_a", name="f", arguments=""),
            piece(0, arguments='{"x"'),
            piece(0, arguments=":1}"),
            piece(1),
            reason="tool_calls",
        )
    )
    assert completion.choices[0].message.tool_calls == [
        AnswerToolCall(0, "call_a", "function", AnswerFunction("f", '{"x":1}')),
        AnswerToolCall(1, "call_b", "function", AnswerFunction("g", "")),
    ]
    assert completion.choices[0].finish_reason == "tool_calls"
