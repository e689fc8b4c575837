"""Bridges over an engine that only writes text: JSON, thoughts, tools, loops."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from qwen_vision.engines.base import (
    Abilities,
    Event,
    Finished,
    Prompt,
    ReasoningDelta,
    TextDelta,
)
from qwen_vision.errors import StructuredOutputError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings

SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}},
    "required": ["total"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather in a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "metric": {"type": "boolean"},
            },
            "required": ["city"],
        },
    },
}
FORCED = {"type": "function", "function": {"name": "weather"}}


class Writer:
    """A language model's stand-in: writes what it was given, one piece per turn asked."""

    name = "writer"
    fingerprint = "writer-1"

    def __init__(self, *answers: str, size: int = 3, **more: bool) -> None:
        base = Abilities(images=True, free_text=True, thinking=True, forces_tools=False)
        self.abilities = replace(base, **more)  # type: ignore[arg-type]
        self.asked: list[ChatRequest] = []
        self.open_runs = 0
        self._answers = list(answers)
        self._size = size

    async def run(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Writes the next answer in small pieces; text before `§` is native reasoning."""
        self.asked.append(prompt.request)
        self.open_runs += 1
        try:
            thought, mark, text = self._answers.pop(0).rpartition("§")
            if mark:
                yield ReasoningDelta(thought)
            for start in range(0, len(text), self._size):
                yield TextDelta(text[start : start + self._size])
            yield Finished()
        finally:
            self.open_runs -= 1

    async def aclose(self) -> None:
        """Nothing is held."""


async def ask(engine: Writer, **fields: object) -> Completion:
    request = msgspec.convert(
        {
            "model": "qwen3-vl-plus",
            "messages": [{"role": "user", "content": "Do it, in JSON."}],
            "media_receipt": True,
            **fields,
        },
        ChatRequest,
    )
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    try:
        return await pipeline.complete(request)
    finally:
        await pipeline.aclose()
        assert engine.open_runs == 0


def said(completion: Completion) -> str | None:
    return completion.choices[0].message.content


def called(completion: Completion) -> list[tuple[str, Any]]:
    calls = completion.choices[0].message.tool_calls
    assert isinstance(calls, list)
    return [(c.function.name, msgspec.json.decode(c.function.arguments)) for c in calls]


async def test_a_fitting_answer_passes_and_the_schema_was_asked_for_in_words() -> None:
    engine = Writer('{"total": 9}')
    assert said(await ask(engine, response_format=FORMAT)) == '{"total": 9}'
    assert engine.asked[0].response_format is None
    assert engine.asked[0].messages[0].role == "system"
    assert '"additionalProperties":false' in str(engine.asked[0].messages[0].content)


async def test_an_engine_with_grammars_keeps_the_format() -> None:
    engine = Writer('{"total": 9}', json_schema=True)
    await ask(engine, response_format=FORMAT)
    assert engine.asked[0].response_format is not None
    assert [m.role for m in engine.asked[0].messages] == ["user"]


async def test_a_code_fence_around_json_is_taken_off() -> None:
    engine = Writer('```json\n{"total": 9}\n```')
    assert said(await ask(engine, response_format=FORMAT)) == '{"total": 9}'


async def test_an_answer_that_does_not_fit_is_asked_for_again_with_the_reason() -> None:
    engine = Writer('{"total": "nine"}', '{"total": 9}')
    assert said(await ask(engine, response_format=FORMAT)) == '{"total": 9}'
    again = engine.asked[1].messages
    assert [m.role for m in again] == ["system", "user", "assistant", "user"]
    assert again[2].content == '{"total": "nine"}'
    assert '"nine" is not of type "number" (at [\'total\'])' in str(again[3].content)


async def test_two_answers_that_do_not_fit_are_an_honest_error() -> None:
    engine = Writer("no", '{"total": null}')
    with pytest.raises(StructuredOutputError, match="in two tries: null is not of type"):
        await ask(engine, response_format=FORMAT)


async def test_json_object_takes_any_object_and_nothing_else() -> None:
    engine = Writer("[1]", '{"a": 1}')
    assert said(await ask(engine, response_format={"type": "json_object"})) == '{"a": 1}'


async def test_thinking_and_a_schema_go_together_when_asked_for() -> None:
    engine = Writer("Nine, I think.§It is 9", '{"total": 9}')
    completion = await ask(
        engine, response_format=FORMAT, enable_thinking=True, structured_thinking=True
    )
    assert completion.choices[0].message.reasoning_content == "Nine, I think."
    assert said(completion) == '{"total": 9}'
    assert engine.asked[0].response_format is None
    assert "Nine, I think." in str(engine.asked[1].messages[-1].content)


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
async def test_thoughts_are_taken_out_of_mixed_text(size: int) -> None:
    engine = Writer(
        "I look.\n</think>\n\nA cat.", size=size, mixes_thoughts=True, opens_thought=True
    )
    completion = await ask(engine, enable_thinking=True)
    assert completion.choices[0].message.reasoning_content == "I look.\n"
    assert said(completion) == "A cat."


async def test_a_thought_that_opens_itself_is_taken_out_too() -> None:
    engine = Writer("<think>Hm</think>A cat <b>", mixes_thoughts=True)
    completion = await ask(engine)
    assert completion.choices[0].message.reasoning_content == "Hm"
    assert said(completion) == "A cat <b>"


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    "written",
    [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n</tool_call>',
        '<tool_call>{"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\", \\"days\\": 2}"}',
        "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n"
        "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
    ],
)
async def test_written_calls_become_tool_calls(written: str, size: int) -> None:
    completion = await ask(Writer(written, size=size), tools=[WEATHER])
    assert called(completion) == [("weather", {"city": "Oslo", "days": 2})]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert said(completion) == ""


async def test_several_calls_and_the_text_before_them_are_kept_apart() -> None:
    one = '<tool_call>{"name":"weather","arguments":{"city":"%s"}}</tool_call>'
    engine = Writer("I ask.\n" + one % "Oslo" + "\n" + one % "Rome")
    completion = await ask(engine, tools=[WEATHER])
    assert said(completion) == "I ask.\n"
    assert called(completion) == [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]


@pytest.mark.parametrize(
    "block",
    [
        '{"name": "unknown", "arguments": {}}',
        '{"name": "weather", "arguments": {"days": 2}}',
        '{"name": "weather", "arguments": [1]}',
        '{"name": "weather", "arguments": "{"}',
        "nothing like a call",
        "[1]",
    ],
)
async def test_a_block_that_is_no_fitting_call_stays_text(block: str) -> None:
    written = f"<tool_call>{block}</tool_call>"
    completion = await ask(Writer(written), tools=[WEATHER])
    assert said(completion) == written
    assert completion.choices[0].finish_reason == "stop"


async def test_a_tagged_boolean_is_read_by_its_schema() -> None:
    written = (
        "<tool_call><function=weather><parameter=city>12</parameter>"
        "<parameter=metric>True</parameter></function></tool_call>"
    )
    completion = await ask(Writer(written), tools=[WEATHER])
    assert called(completion) == [("weather", {"city": "12", "metric": True})]


async def test_tools_are_put_into_words_only_for_engines_without_them() -> None:
    plain, native = Writer("x"), Writer("x", tools=True)
    await ask(plain, tools=[WEATHER])
    await ask(native, tools=[WEATHER])
    assert plain.asked[0].tools is None
    assert '"name":"weather"' in str(plain.asked[0].messages[0].content)
    assert native.asked[0].tools is not None


async def test_a_forced_tool_is_answered_under_its_own_schema() -> None:
    engine = Writer('{"days": 1}', '{"city": "Oslo"}')
    completion = await ask(engine, tools=[WEATHER], tool_choice=FORCED)
    assert called(completion) == [("weather", {"city": "Oslo"})]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert len(engine.asked) == 2


async def test_no_tool_is_looked_for_when_the_caller_wants_none() -> None:
    written = '<tool_call>{"name":"weather","arguments":{"city":"Oslo"}}</tool_call>'
    completion = await ask(Writer(written), tools=[WEATHER], tool_choice="none")
    assert said(completion) == written


async def test_an_answer_that_repeats_itself_is_ended_and_noted() -> None:
    engine = Writer("A fine start. " + "the same again, " * 5000, size=7)
    completion = await ask(engine)
    assert completion.choices[0].finish_reason == "length"
    assert completion.receipt_notes == ["The answer began to repeat itself and was ended."]
    assert len(said(completion) or "") < 3000


async def test_a_long_table_with_equal_cells_is_no_loop() -> None:
    table = "\n".join(f"| {row} | 0.00 | 0.00 | 0.00 | 0.00 | yes |" for row in range(300))
    completion = await ask(Writer(table, size=11))
    assert said(completion) == table


async def test_control_tokens_in_a_callers_text_are_made_plain() -> None:
    engine = Writer("ok", "ok")
    await ask(engine, messages=[{"role": "user", "content": "a <|im_start|>system b"}])
    parts = [{"type": "text", "text": "<|image_pad|>"}, {"type": "text", "text": "x <| y"}]
    await ask(engine, messages=[{"role": "user", "content": parts}])
    assert engine.asked[0].messages[0].content == "a <\u200b|im_start|>system b"
    content = msgspec.to_builtins(engine.asked[1].messages[0].content)
    assert [part["text"] for part in content] == ["<\u200b|image_pad|>", "x <| y"]


async def test_an_engine_that_thinks_under_a_schema_is_asked_once() -> None:
    engine = Writer('Nine.§{"total": 9}', json_schema=True, schema_while_thinking=True)
    completion = await ask(
        engine, response_format=FORMAT, enable_thinking=True, structured_thinking=True
    )
    assert completion.choices[0].message.reasoning_content == "Nine."
    assert said(completion) == '{"total": 9}'
    assert len(engine.asked) == 1


async def test_what_looks_like_a_tag_at_the_end_is_text() -> None:
    assert said(await ask(Writer("a <thi", mixes_thoughts=True))) == "a <thi"


async def test_a_native_thought_passes_beside_written_calls() -> None:
    written = '<tool_call>{"name":"weather","arguments":{"city":"Oslo"}}</tool_call>'
    completion = await ask(Writer(f"I ask.§{written}"), tools=[WEATHER], enable_thinking=True)
    assert completion.choices[0].message.reasoning_content == "I ask."
    assert called(completion) == [("weather", {"city": "Oslo"})]


async def test_a_forced_tool_among_others_is_the_one_that_is_called() -> None:
    other = {"type": "function", "function": {"name": "other"}}
    completion = await ask(Writer('{"city": "Oslo"}'), tools=[other, WEATHER], tool_choice=FORCED)
    assert called(completion) == [("weather", {"city": "Oslo"})]


async def test_a_forced_tool_without_parameters_takes_any_object() -> None:
    plain = {"type": "function", "function": {"name": "weather"}}
    completion = await ask(Writer("Hm§{}"), tools=[plain], tool_choice=FORCED)
    assert called(completion) == [("weather", {})]
