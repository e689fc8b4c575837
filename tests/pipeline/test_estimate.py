"""An estimate counts what the real request will be billed for."""

import base64
import io

import msgspec
import pytest
from PIL import Image

from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT
from qwen_vision.errors import QwenVisionError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings


def picture(width: int, height: int) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def ask(model: str, *urls: str, **fields: object) -> ChatRequest:
    parts: list[object] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    parts.append({"type": "text", "text": "What is in these?"})
    messages = [{"role": "user", "content": parts}]
    return msgspec.convert({"model": model, "messages": messages, **fields}, ChatRequest)


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(ScriptedEngine(DEFAULT_SCRIPT), MediaDoor(MediaSettings()))


@pytest.mark.parametrize("model", ["qwen3.6-plus", "qwen3-vl-flash", "qwen-vl-max", "qwen-vl-ocr"])
@pytest.mark.parametrize("high_resolution", [False, True])
async def test_an_estimate_equals_the_usage_of_the_real_request(
    pipeline: Pipeline, model: str, high_resolution: bool
) -> None:
    request = ask(
        model,
        picture(1333, 2000),
        picture(64, 48),
        vl_high_resolution_images=high_resolution,
        media_receipt=True,
    )
    estimate = await pipeline.estimate(request)
    completion = await pipeline.complete(request)
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == estimate.prompt_tokens
    assert completion.usage.prompt_tokens_details == estimate.prompt_tokens_details
    receipts = completion.media_receipt
    assert isinstance(receipts, list)
    assert [item.tokens for item in receipts] == [item.tokens for item in estimate.items]
    assert [item.index for item in receipts] == [0, 1]


async def test_a_three_to_two_picture_costs_what_the_documents_say(pipeline: Pipeline) -> None:
    estimate = await pipeline.estimate(ask("qwen3-vl-plus", picture(1333, 2000)))
    assert estimate.prompt_tokens_details.image_tokens == 2503


async def test_prices_follow_the_tier_of_the_input(pipeline: Pipeline) -> None:
    estimate = await pipeline.estimate(ask("qwen3-vl-flash", picture(64, 48), max_tokens=100))
    dollars, yuan = estimate.prices
    tokens = estimate.prompt_tokens
    assert (dollars.currency, yuan.currency) == ("USD", "CNY")
    assert dollars.input == round(tokens * 0.05 / 1e6, 6)
    assert dollars.most == round(tokens * 0.05 / 1e6 + 100 * 0.4 / 1e6, 6)
    assert yuan.input == round(tokens * 0.15 / 1e6, 6)


async def test_a_thinking_model_may_cost_its_thought_too(pipeline: Pipeline) -> None:
    fields = {"max_tokens": 100, "thinking_budget": 1000}
    thinking = await pipeline.estimate(ask("qwen3.6-plus", picture(64, 48), **fields))
    plain = await pipeline.estimate(
        ask("qwen3.6-plus", picture(64, 48), enable_thinking=False, **fields)
    )
    assert thinking.prices[0].most > plain.prices[0].most


async def test_the_most_counts_every_candidate_and_no_more_than_all_their_tokens(
    pipeline: Pipeline,
) -> None:
    fields: dict[str, object] = {"enable_thinking": True, "max_completion_tokens": 300, "n": 2}
    estimate = await pipeline.estimate(ask("qwen3-vl-flash", picture(64, 48), **fields))
    dollars = estimate.prices[0]
    assert dollars.most == pytest.approx(dollars.input + 600 * 0.4 / 1e6, abs=1e-6)


async def test_an_estimate_meets_the_errors_of_the_parameters(pipeline: Pipeline) -> None:
    with pytest.raises(QwenVisionError) as caught:
        await pipeline.estimate(ask("qwen3-vl-plus", picture(64, 48), temperature=3))
    assert caught.value.param == "temperature"


async def test_a_model_without_a_list_price_has_no_prices(pipeline: Pipeline) -> None:
    estimate = await pipeline.estimate(ask("qwen3-vl-8b-instruct", picture(64, 48)))
    assert estimate.prices == []


async def test_an_estimate_meets_the_errors_of_the_media(pipeline: Pipeline) -> None:
    with pytest.raises(QwenVisionError) as caught:
        await pipeline.estimate(ask("qwen3-vl-plus", picture(64, 48), picture(10, 64)))
    assert caught.value.param == "messages[0].content[1]"
