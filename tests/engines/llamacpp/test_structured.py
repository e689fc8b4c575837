"""JSON by grammar, and tools, on models that would rather say something else."""

import json
from typing import Any

import pytest

from qwen_vision.errors import SchemaLimitError, StructuredOutputError
from qwen_vision.protocol.completion import Completion
from tests.engines.llamacpp.conftest import Open, Shelf, request, said
from tests.engines.llamacpp.test_thinking import BROODING

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 6},
        "sizes": {"type": "array", "items": {"type": "integer", "maximum": 9}, "maxItems": 3},
        "kind": {"enum": ["cat", "dog"]},
    },
    "required": ["name", "sizes", "kind"],
    "additionalProperties": False,
}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 8}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Weather of a city", "parameters": CITY},
}
CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'
CALLING = {
    "\n": "<tool_call>",
    "<tool_call>": CALL,
    CALL: "</tool_call>",
    "</tool_call>": "<|im_end|>",
}


def schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "found", "schema": schema}}


def calls(completion: Completion) -> list[tuple[str, Any]]:
    made = completion.choices[0].message.tool_calls
    return [
        (call.function.name, json.loads(call.function.arguments))
        for call in (made if isinstance(made, list) else [])
    ]


@pytest.mark.parametrize("seed", range(5))
async def test_a_random_model_fills_the_schema_without_white_space(
    open_model: Open, seed: int
) -> None:
    asked = request(
        "Describe", response_format=schema(SCHEMA), temperature=1, seed=seed, max_tokens=200
    )
    text = said(await open_model().complete(asked))
    found = json.loads(text)
    assert list(found) == ["name", "sizes", "kind"]
    assert found["kind"] in ("cat", "dog")
    assert text.startswith('{"name":"')


async def test_json_object_is_an_object(open_model: Open) -> None:
    asked = request(
        "Answer in JSON", response_format={"type": "json_object"}, temperature=1, max_tokens=300
    )
    completion = await open_model().complete(asked)
    assert said(completion).startswith("{")
    if completion.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(said(completion)), dict)


@pytest.mark.parametrize("thinks", ["always", "switch"])
async def test_the_schema_holds_on_a_model_that_thinks(
    shelf: Shelf, open_model: Open, thinks: str
) -> None:
    pipeline = open_model(shelf.reciting(BROODING, thinks=thinks))
    asked = request(
        "Describe", response_format=schema(SCHEMA), enable_thinking=False, max_tokens=200
    )
    assert json.loads(said(await pipeline.complete(asked)))["kind"] in ("cat", "dog")


@pytest.mark.parametrize("thinks", ["always", "switch"])
async def test_thinking_and_a_schema_go_together_when_asked_for(
    shelf: Shelf, open_model: Open, thinks: str
) -> None:
    pipeline = open_model(shelf.reciting(BROODING, thinks=thinks))
    asked = request(
        "Describe",
        response_format=schema(SCHEMA),
        enable_thinking=True,
        thinking_budget=6,
        structured_thinking=True,
        max_tokens=200,
    )
    completion = await pipeline.complete(asked)
    assert str(completion.choices[0].message.reasoning_content).startswith("I look")
    assert json.loads(said(completion))["kind"] in ("cat", "dog")


async def test_a_schema_no_grammar_can_hold_is_checked_all_the_same(
    shelf: Shelf, open_model: Open
) -> None:
    line = {"\n": "One", "One": "<|im_end|>"}
    pipeline = open_model(shelf.reciting(line))
    digit = {"type": "integer", "minimum": 0, "maximum": 9}
    unlike = {"type": "array", "items": digit, "minItems": 3, "maxItems": 3, "uniqueItems": True}
    with pytest.raises(StructuredOutputError, match="unique"):
        await pipeline.complete(request("Say", response_format=schema(unlike)))


async def test_a_written_call_becomes_a_tool_call(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(CALLING))
    completion = await pipeline.complete(request("Weather in Oslo?", tools=[WEATHER]))
    assert calls(completion) == [("weather", {"city": "Oslo"})]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert not said(completion)


async def test_tools_are_shown_to_the_model_by_its_own_template(open_model: Open) -> None:
    pipeline = open_model()
    plain = await pipeline.complete(request("Hello"))
    tools = await pipeline.complete(request("Hello", tools=[WEATHER]))
    without = await pipeline.complete(request("Hello", tools=[WEATHER], tool_choice="none"))
    assert said(plain) == said(without) != said(tools)


async def test_a_forced_tool_is_called_with_arguments_that_fit(open_model: Open) -> None:
    forced = {"type": "function", "function": {"name": "weather"}}
    asked = request(
        "Weather?", tools=[WEATHER], tool_choice=forced, enable_thinking=False, max_tokens=100
    )
    ((name, arguments),) = calls(await open_model().complete(asked))
    assert name == "weather"
    assert list(arguments) == ["city"]


async def test_words_of_the_pipeline_join_the_callers_system_message(open_model: Open) -> None:
    forced = {"type": "function", "function": {"name": "weather"}}
    asked = request(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
        ],
        tools=[WEATHER],
        tool_choice=forced,
        enable_thinking=False,
        max_tokens=100,
    )
    assert [name for name, _ in calls(await open_model().complete(asked))] == ["weather"]


async def test_a_conversation_with_a_tools_answer_goes_on(open_model: Open) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    }
    asked = request(
        tools=[WEATHER],
        messages=[
            {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
        ],
    )
    assert (await open_model().complete(asked)).choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("bounds", "place"),
    [
        ({"type": "array", "items": {"type": "integer"}, "minItems": 10**7}, "minItems"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 10**7}, "maxItems"),
        ({"type": "string", "maxLength": 10**9}, "maxLength"),
        ({"enum": list(range(100_000))}, "enum"),
        ({"properties": {f"p{i}": {"type": "null"} for i in range(10_000)}}, "properties"),
    ],
)
async def test_a_schema_that_would_hold_the_engine_is_refused_and_the_next_is_served(
    open_model: Open, bounds: dict[str, Any], place: str
) -> None:
    pipeline = open_model()
    whole = {"type": "object", "properties": {"x": bounds}, "required": ["x"]}
    with pytest.raises(SchemaLimitError, match="too large") as caught:
        await pipeline.complete(request("Describe", response_format=schema(whole)))
    assert str(caught.value.param).endswith(f"schema.properties.x.{place}")
    tool = {"type": "function", "function": {"name": "fill", "parameters": whole}}
    with pytest.raises(SchemaLimitError) as caught:
        await pipeline.complete(request("Fill", tools=[tool]))
    assert str(caught.value.param).startswith("tools[0].function.parameters.properties.x")
    asked = request("Describe", response_format=schema(SCHEMA), max_tokens=200)
    assert list(json.loads(said(await pipeline.complete(asked)))) == ["name", "sizes", "kind"]


async def test_the_largest_schema_that_passes_is_answered_in_time(open_model: Open) -> None:
    numbers = {"type": "array", "items": {"type": "integer", "maximum": 9}, "maxItems": 10_000}
    fields = {f"p{i}": {"type": "null"} for i in range(990)}
    largest = {
        "type": "object",
        "properties": {"x": numbers, "y": {"enum": list(range(10_000))}, **fields},
        "additionalProperties": False,
    }
    asked = request("Describe", response_format=schema(largest), max_tokens=5)
    completion = await open_model().complete(asked)
    assert completion.choices[0].finish_reason in ("stop", "length")
