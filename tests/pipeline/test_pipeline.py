"""The pipeline through its public door: chunks, completions, usage, cancelling."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from qwen_vision.engines.base import Abilities, Event, Prompt, TextDelta
from qwen_vision.errors import (
    AbilityError,
    BrokenStreamError,
    EngineError,
    InputLengthError,
    ModelNotFoundError,
    RemoteError,
)
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings

MakePipeline = Callable[..., Pipeline]

ID = "00000000-0000-4000-8000-000000000000"


def chat(model: str = "qwen3-vl-plus", text: str = "Hello", **fields: object) -> ChatRequest:
    messages = [{"role": "user", "content": text}]
    return msgspec.convert({"model": model, "messages": messages, **fields}, ChatRequest)


async def deltas(pipeline: Pipeline, request: ChatRequest) -> list[bytes]:
    """Each chunk's delta and finish reason as bytes, in order."""
    run = await pipeline.start(request, request_id=ID)
    found = []
    async for chunk in run.chunks():
        assert chunk.id == f"chatcmpl-{ID}"
        for choice in chunk.choices:
            assert chunk.usage is None
            end = f" {choice.finish_reason}" if choice.finish_reason else ""
            found.append(msgspec.json.encode(choice.delta) + end.encode())
    return found


async def test_a_plain_stream_opens_with_the_role_and_ends_empty(
    make_pipeline: MakePipeline,
) -> None:
    pipeline = make_pipeline({"text": "He"}, {"text": "llo"})
    assert await deltas(pipeline, chat(stream=True)) == [
        b'{"content":"","role":"assistant"}',
        b'{"content":"He"}',
        b'{"content":"llo"}',
        b'{"content":""} stop',
    ]


async def test_a_thinking_stream_brings_the_role_with_the_first_reasoning(
    make_pipeline: MakePipeline,
) -> None:
    pipeline = make_pipeline({"think": "Here"}, {"think": " too"}, {"text": "Yes"})
    assert await deltas(pipeline, chat("qwen3.6-plus", stream=True)) == [
        b'{"content":null,"reasoning_content":"Here","role":"assistant"}',
        b'{"content":null,"reasoning_content":" too"}',
        b'{"content":"Yes","reasoning_content":null}',
        b'{"content":"","reasoning_content":null} stop',
    ]


async def test_a_qvq_stream_opens_empty_and_leaves_reasoning_out_of_the_answer(
    make_pipeline: MakePipeline,
) -> None:
    pipeline = make_pipeline({"think": "Hm"}, {"text": "Yes"})
    assert await deltas(pipeline, chat("qvq-max", stream=True)) == [
        b'{"content":null,"role":"assistant","reasoning_content":""}',
        b'{"content":null,"reasoning_content":"Hm"}',
        b'{"content":"Yes"}',
        b'{"content":""} stop',
    ]


async def test_tool_calls_come_in_pieces_with_an_empty_id_after_the_first(
    make_pipeline: MakePipeline,
) -> None:
    pipeline = make_pipeline({"call": "f", "arguments": '{"a":1}', "pieces": 2})
    tool = {"type": "function", "function": {"name": "f"}}
    found = await deltas(pipeline, chat(stream=True, tools=[tool]))
    pieces = [msgspec.json.decode(raw.split(b" ")[0]).get("tool_calls") for raw in found]
    assert pieces[0] is None
    first, second, third = (piece[0] for piece in pieces[1:4])
    assert first["id"].startswith("call_")
    assert first["function"] == {"name": "f", "arguments": ""}
    assert second == {"index": 0, "id": "", "type": "function", "function": {"arguments": '{"a"'}}
    assert third["function"] == {"arguments": ":1}"}
    assert found[-1] == b'{"content":""} tool_calls'


async def test_collected_tool_calls_carry_their_index(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(
        {"call": "f", "arguments": '{"a":1}', "pieces": 3}, {"call": "g", "arguments": "{}"}
    )
    tools = [{"type": "function", "function": {"name": name}} for name in "fg"]
    completion = await pipeline.complete(chat(tools=tools))
    message = msgspec.to_builtins(completion.choices[0].message)
    assert message["content"] == ""
    assert [(c["index"], c["function"]) for c in message["tool_calls"]] == [
        (0, {"name": "f", "arguments": '{"a":1}'}),
        (1, {"name": "g", "arguments": "{}"}),
    ]
    assert completion.choices[0].finish_reason == "tool_calls"


async def test_the_usage_chunk_comes_only_when_asked_for(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline()
    plain = [chunk async for chunk in pipeline.stream(chat(stream=True))]
    assert all(chunk.choices for chunk in plain)
    options = {"include_usage": True}
    asked = [chunk async for chunk in pipeline.stream(chat(stream=True, stream_options=options))]
    assert asked[-1].choices == []
    assert asked[-1].usage is not None
    assert asked[-1].usage.total_tokens == (
        asked[-1].usage.prompt_tokens + asked[-1].usage.completion_tokens
    )


async def test_a_collected_answer_says_what_the_stream_says(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline({"think": "a", "times": 3}, {"text": "b", "times": 4})
    request = chat("qwen3.6-plus", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in pipeline.stream(request)]
    completion = await pipeline.complete(chat("qwen3.6-plus"))
    message = completion.choices[0].message
    assert (message.content, message.reasoning_content) == ("bbbb", "aaa")
    assert completion.usage == chunks[-1].usage
    assert completion.system_fingerprint == "scripted-0.1"


async def test_engine_figures_win_over_estimates(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(
        {"text": "x"}, {"finish": "length", "prompt_tokens": 50, "completion_tokens": 9}
    )
    completion = await pipeline.complete(chat())
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (50, 9)


async def test_a_stop_sequence_ends_the_answer_early(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline({"text": "one tw"}, {"text": "o three"}, {"wait_s": 30, "text": "!"})
    completion = await pipeline.complete(chat(stop="two"))
    assert completion.choices[0].message.content == "one "
    assert completion.choices[0].finish_reason == "stop"


async def test_an_empty_answer_is_an_answer(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline({"finish": "stop"})
    assert (await pipeline.complete(chat())).choices[0].message.content == ""
    assert len(await deltas(pipeline, chat(stream=True))) == 3


async def test_unknown_models_are_refused_or_served_with_the_default_entry(
    make_pipeline: MakePipeline,
) -> None:
    with pytest.raises(ModelNotFoundError, match="`gpt-4o` does not exist"):
        await make_pipeline().complete(chat("gpt-4o"))
    served = await make_pipeline(any_model=True).complete(chat("gpt-4o"))
    assert served.model == "gpt-4o"


async def test_errors_of_the_engine_reach_the_caller_before_the_first_chunk(
    make_pipeline: MakePipeline,
) -> None:
    pipeline = make_pipeline(
        {"error": 429, "message": "slow", "code": "limit_requests", "retry_after_s": 2}
    )
    with pytest.raises(RemoteError) as caught:
        await deltas(pipeline, chat(stream=True))
    assert (caught.value.status, caught.value.retry_after_s) == (429, 2)


async def test_a_cut_comes_after_what_was_sent(make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline({"text": "Half"}, {"cut": 'data: {"cho'})
    chunks = pipeline.stream(chat(stream=True))
    assert (await anext(chunks)).choices[0].delta.role == "assistant"
    assert (await anext(chunks)).choices[0].delta.content == "Half"
    with pytest.raises(BrokenStreamError) as caught:
        await anext(chunks)
    assert caught.value.last_bytes == b'data: {"cho'


async def test_a_prompt_longer_than_the_model_reads_is_refused(
    make_pipeline: MakePipeline,
) -> None:
    with pytest.raises(InputLengthError, match=r"\[1, 30000\]"):
        await make_pipeline().complete(chat("qwen-vl-ocr", text="word " * 40_000))


class SlowEngine:
    """Waits for ever and says when it was cancelled."""

    name = "slow"
    fingerprint = "slow-1"
    abilities = Abilities()

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        try:
            yield TextDelta("first")
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def aclose(self) -> None:
        """Nothing is held."""


class SilentEngine(SlowEngine):
    """Ends without Finished."""

    @override
    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        yield TextDelta("half")


async def test_closing_the_chunks_cancels_the_run() -> None:
    engine = SlowEngine()
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    run = await pipeline.start(chat(stream=True))
    chunks = run.chunks()
    await anext(chunks)
    await chunks.aclose()
    assert engine.closed.is_set()
    await pipeline.aclose()


async def test_cancelling_a_collecting_task_cancels_the_run() -> None:
    engine = SlowEngine()
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    task = asyncio.create_task(pipeline.complete(chat()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.closed.is_set()
    await pipeline.aclose()


async def test_an_engine_without_an_end_is_an_error() -> None:
    pipeline = Pipeline(SilentEngine(), MediaDoor(MediaSettings()))
    with pytest.raises(EngineError, match="stopped without an end"):
        await pipeline.complete(chat())
    await pipeline.aclose()


@pytest.mark.parametrize(
    ("model", "part", "words"),
    [
        (
            "qwen3-vl-plus",
            {"type": "image_url", "image_url": "data:,"},
            "The engine 'slow' cannot take pictures.",
        ),
        (
            "qwen3-vl-plus",
            {"type": "video_url", "video_url": "data:,"},
            "The engine 'slow' cannot take videos.",
        ),
        (
            "qwen-vl-ocr",
            {"type": "video", "video": ["data:,"] * 4},
            "The model qwen-vl-ocr takes no videos.",
        ),
    ],
)
async def test_media_nobody_can_use_are_refused_before_they_are_fetched(
    model: str, part: dict[str, Any], words: str
) -> None:
    pipeline = Pipeline(SlowEngine(), MediaDoor(MediaSettings()))
    request = chat(model, messages=[{"role": "user", "content": [part]}])
    with pytest.raises(AbilityError) as caught:
        await pipeline.complete(request)
    assert caught.value.message.startswith(words)
    assert caught.value.param == "messages[0].content[0]"
    await pipeline.aclose()
