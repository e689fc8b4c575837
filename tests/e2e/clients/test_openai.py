"""The `openai` package: sync, async, stream, parse and tools, with answers read from a picture."""

import json
from typing import Any

import pytest

from tests.e2e.clients.conftest import TOTAL, Package

pytestmark = pytest.mark.filterwarnings("default")
MODEL = "qwen3-vl-plus"
TOOL = {
    "type": "function",
    "function": {
        "name": "record_receipt",
        "description": "Record the total and the date of a receipt.",
        "parameters": {
            "type": "object",
            "properties": {"total": {"type": "number"}, "date": {"type": "string"}},
            "required": ["total"],
        },
    },
}
ORDER = "Record the receipt: its total and its date."


def client(package: Package, url: str) -> Any:  # noqa: ANN401 - the package may be absent
    return package("openai").OpenAI(base_url=url, api_key="sk-any", max_retries=0)


def test_sync(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    with client(package, url) as sdk:
        answer = sdk.chat.completions.create(model=MODEL, messages=turn)
    (choice,) = answer.choices
    assert TOTAL in choice.message.content
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert (answer.object, answer.model) == ("chat.completion", MODEL)
    assert answer.id.startswith("chatcmpl-")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


async def test_async_and_stream(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    async with package("openai").AsyncOpenAI(base_url=url, api_key="sk-any") as sdk:
        answer = await sdk.chat.completions.create(model=MODEL, messages=turn)
        stream = await sdk.chat.completions.create(model=MODEL, messages=turn, stream=True)
        words = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert TOTAL in answer.choices[0].message.content
    assert "".join(words) == answer.choices[0].message.content


def test_parse_into_a_model(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    wanted = package("pydantic").create_model("Receipt", total=(float, ...), date=(str, ...))
    with client(package, url) as sdk:
        for parse in (sdk.chat.completions.parse, sdk.beta.chat.completions.parse):
            answer = parse(model="qwen3.6-plus", messages=turn, response_format=wanted)
            parsed = answer.choices[0].message.parsed
            assert (parsed.total, parsed.date) == (float(TOTAL), "2026-03-14")


def test_tools_and_their_answer(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    messages = [*turn[:-1], {**turn[-1], "content": [turn[-1]["content"][0], _text(ORDER)]}]
    with client(package, url) as sdk:
        first = sdk.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
        (call,) = first.choices[0].message.tool_calls
        assert (call.type, call.function.name) == ("function", "record_receipt")
        assert json.loads(call.function.arguments)["total"] == float(TOTAL)
        assert first.choices[0].finish_reason == "tool_calls"
        reply = {"role": "tool", "tool_call_id": call.id, "content": "Recorded as number 7."}
        history = [*messages, first.choices[0].message, reply]
        last = sdk.chat.completions.create(model=MODEL, messages=history, tools=[TOOL])
    assert "number 7" in last.choices[0].message.content


def test_streamed_tool_call(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    forced = {"type": "function", "function": {"name": "record_receipt"}}
    asked = {"model": MODEL, "messages": turn, "tools": [TOOL], "tool_choice": forced}
    with client(package, url) as sdk, sdk.chat.completions.stream(**asked) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments)["total"] == float(TOTAL)


def _text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}
