"""LiteLLM, as an OpenAI-compatible provider and as its own DashScope provider."""

from typing import Any

import pytest

from tests.e2e.clients.conftest import TOTAL, Package

pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("provider", ["openai", "dashscope"])
def test_answer_and_stream(
    package: Package, url: str, *, turn: list[dict[str, Any]], provider: str
) -> None:
    litellm = package("litellm")
    asked = {
        "model": f"{provider}/qwen3-vl-plus",
        "messages": turn,
        "api_base": url,
        "api_key": "sk-any",
    }
    answer = litellm.completion(**asked)
    assert TOTAL in answer.choices[0].message.content
    assert answer.usage.total_tokens > answer.usage.completion_tokens > 0
    chunks = list(litellm.completion(**asked, stream=True, stream_options={"include_usage": True}))
    words = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(words) == answer.choices[0].message.content


async def test_async_answer_with_thinking(
    package: Package, url: str, turn: list[dict[str, Any]]
) -> None:
    litellm = package("litellm")
    answer = await litellm.acompletion(
        model="openai/qwen3.6-plus",
        messages=turn,
        api_base=url,
        api_key="sk-any",
        extra_body={"enable_thinking": True},
    )
    assert TOTAL in answer.choices[0].message.content
    assert answer.choices[0].message.reasoning_content


def test_refusal_is_a_bad_request(package: Package, url: str, turn: list[dict[str, Any]]) -> None:
    litellm = package("litellm")
    with pytest.raises(litellm.BadRequestError, match="only support stream mode"):
        litellm.completion(
            model="openai/qvq-max", messages=turn, api_base=url, api_key="sk-any", num_retries=0
        )
