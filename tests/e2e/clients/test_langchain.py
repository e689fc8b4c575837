"""LangChain's ChatOpenAI: answers, streams, structured output and tools."""

from typing import Any

import pytest

from tests.e2e.clients.conftest import TOTAL, Package

pytestmark = pytest.mark.filterwarnings("default")
SCHEMA = {
    "title": "Receipt",
    "description": "The total and the date of a receipt.",
    "type": "object",
    "properties": {"total": {"type": "number"}, "date": {"type": "string"}},
    "required": ["total", "date"],
}


def chat(package: Package, url: str, **more: Any) -> Any:  # noqa: ANN401 - may be absent
    model = package("langchain_openai").ChatOpenAI
    return model(model="qwen3-vl-plus", base_url=url, api_key="sk-any", max_retries=0, **more)


def test_answer_and_stream(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    model = chat(package, url, stream_usage=True)
    answer = model.invoke(turn)
    assert TOTAL in answer.content
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"
    chunks = list(model.stream(turn))
    assert "".join(chunk.content for chunk in chunks) == answer.content
    assert sum((chunk.usage_metadata or {}).get("total_tokens", 0) for chunk in chunks) > 0


async def test_async_answer(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    assert TOTAL in (await chat(package, url).ainvoke(turn)).content


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_structured_output(
    package: Package, url: str, *, turn: list[dict[str, Any]], method: str
) -> None:
    if method == "json_mode":
        words = {"type": "text", "text": 'Answer in JSON: {"total": 0.0, "date": ""}'}
        turn = [{"role": "user", "content": [turn[0]["content"][0], words]}]
    value = chat(package, url).with_structured_output(SCHEMA, method=method).invoke(turn)
    assert str(value["total"]).startswith(TOTAL)
    assert "2026-03-14" in value["date"]


def test_tools(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    model = chat(package, url).bind_tools([SCHEMA], tool_choice="Receipt")
    (call,) = model.invoke(turn).tool_calls
    assert (call["name"], call["args"]["total"]) == ("Receipt", float(TOTAL))
