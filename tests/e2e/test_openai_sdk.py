"""The official `openai` package against a real server: sync, async, streams, tools, errors."""

import base64
import io
import json
from collections.abc import Callable

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from PIL import Image

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]

ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is this?"}]
TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
WORDS = (
    Step(text="A "),
    Step(text="cat."),
    Step(finish="stop", prompt_tokens=21, completion_tokens=3),
)


def client(url: str, *, key: str = "sk-any", retries: int = 0) -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=f"{url}/compatible-mode/v1", max_retries=retries)


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(*WORDS)


def test_sync_answer(url: str) -> None:
    with client(url) as sdk:
        answer = sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED)
    assert answer.choices[0].message.content == "A cat."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.system_fingerprint == "scripted-0.1"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 24


def test_sync_stream_with_usage(url: str) -> None:
    with client(url) as sdk:
        chunks = list(
            sdk.chat.completions.create(
                model="qwen3-vl-plus",
                messages=ASKED,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    words = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(words) == "A cat."
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 24


async def test_async_answer_and_stream(url: str) -> None:
    async with openai.AsyncOpenAI(api_key="sk-any", base_url=f"{url}/v1") as sdk:
        answer = await sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED)
        stream = await sdk.chat.completions.create(
            model="qwen3-vl-plus", messages=ASKED, stream=True
        )
        words = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert answer.choices[0].message.content == "".join(words) == "A cat."


def test_picture_as_data_uri_with_extra_body(url: str) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(picture, "PNG")
    data = base64.b64encode(picture.getvalue()).decode()
    with client(url) as sdk:
        answer = sdk.chat.completions.create(
            model="qwen3-vl-plus",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {
                            "type": "image_url",
                            "image_url": {"url": f"data:image/png;base64,{data}"},
                        },
                    ],
                }
            ],
            extra_body={"enable_thinking": False, "vl_high_resolution_images": True},
        )
    assert answer.choices[0].message.content == "A cat."


def test_raw_response_has_the_headers(url: str) -> None:
    with client(url) as sdk:
        raw = sdk.chat.completions.with_raw_response.create(model="qwen3-vl-plus", messages=ASKED)
        answer = raw.parse()
    assert answer.id == f"chatcmpl-{raw.headers['x-request-id']}"
    assert raw.headers["x-qwen-vision-engine"] == "scripted"


def test_reasoning_comes_before_the_answer(serve: Serve) -> None:
    with client(serve(Step(think="Whiskers, so "), Step(text="A cat."))) as sdk:
        stream = sdk.chat.completions.create(
            model="qvq-max", messages=ASKED, stream=True, extra_body={"enable_thinking": True}
        )
        deltas = [chunk.choices[0].delta for chunk in stream]
    thoughts = [getattr(delta, "reasoning_content", None) or "" for delta in deltas]
    assert "".join(thoughts) == "Whiskers, so "
    assert "".join(delta.content or "" for delta in deltas) == "A cat."


def test_tool_call_whole_and_streamed(serve: Serve) -> None:
    arguments = '{"where": "left"}'
    with client(serve(Step(call="look", arguments=arguments, pieces=3))) as sdk:
        answer = sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED, tools=[TOOL])
        with sdk.chat.completions.stream(
            model="qwen3-vl-plus", messages=ASKED, tools=[TOOL]
        ) as stream:
            streamed = stream.get_final_completion()
    for completion in (answer, streamed):
        calls = completion.choices[0].message.tool_calls
        assert completion.choices[0].finish_reason == "tool_calls"
        assert calls is not None
        assert calls[0].type == "function"
        assert calls[0].function.name == "look"
        assert json.loads(calls[0].function.arguments) == {"where": "left"}
        assert calls[0].id.startswith("call_")


def test_models_are_listed_and_shown(url: str) -> None:
    with client(url) as sdk:
        assert "qwen3.6-plus" in [model.id for model in sdk.models.list()]
        assert sdk.models.retrieve("qwen3.6-plus").owned_by == "system"


def test_bad_request_is_mapped_with_its_field(url: str) -> None:
    with client(url) as sdk, pytest.raises(openai.BadRequestError) as caught:
        sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED, temperature=2)
    assert caught.value.code == "invalid_parameter_error"
    assert caught.value.param == "temperature"
    assert "Temperature should be in [0.0, 2.0)" in str(caught.value)
    assert caught.value.request_id == caught.value.response.headers["x-request-id"]


def test_bad_request_of_a_stream_is_mapped_too(url: str) -> None:
    with client(url) as sdk, pytest.raises(openai.BadRequestError):
        sdk.chat.completions.create(model="qwen3-vl-plus", messages=[], stream=True)


def test_unknown_model_is_not_found(url: str) -> None:
    with client(url) as sdk, pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model="gpt-x", messages=ASKED)
    assert caught.value.code == "model_not_found"


def test_wrong_key_is_an_authentication_error(serve: Serve) -> None:
    locked = serve(*WORDS, settings=ServerSettings(port=0, keys=frozenset({"sk-right"})))
    with client(locked, key="sk-wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.models.list()
    with client(locked, key="sk-right") as sdk:
        assert sdk.models.list().data


def test_rate_limit_is_mapped(serve: Serve) -> None:
    busy = serve(Step(error=429, code="limit_requests", retry_after_s=1))
    with client(busy) as sdk, pytest.raises(openai.RateLimitError) as caught:
        sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED)
    assert caught.value.response.headers["retry-after"] == "1"


def test_error_within_a_stream_is_raised(serve: Serve) -> None:
    broken = serve(Step(text="Half"), Step(error=500, message="Broke.", wait_s=0.01))
    with client(broken) as sdk:
        stream = sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED, stream=True)
        words = [next(stream).choices[0].delta.content for _ in range(2)]
        with pytest.raises(openai.APIError, match=r"Broke\."):
            next(stream)
    assert words == ["", "Half"]


def test_stream_that_breaks_off_is_not_taken_for_whole(serve: Serve) -> None:
    cut = serve(Step(text="Half", times=2), Step(cut='data: {"choi', wait_s=0.01))
    with client(cut) as sdk, pytest.raises(openai.APIConnectionError):
        list(sdk.chat.completions.create(model="qwen3-vl-plus", messages=ASKED, stream=True))
