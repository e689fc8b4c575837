"""What an upstream is not told, or is told in its own way, and how the caller learns of it."""

import json

import pytest
from msgspec import UNSET

from tests.engines.upstream.test_upstream import (
    answers,
    ask,
    chunk,
    picture,
    running,
    upstream,
    with_picture,
    writes,
)


async def test_high_resolution_is_a_limit_for_the_processor_of_vllm() -> None:
    messages = with_picture(picture(), min_pixels=4096, max_pixels=65536)
    async with running(answers()) as site:
        engine = upstream(site.url, profile="vllm")
        completion = await ask(
            engine, messages=messages, vl_high_resolution_images=True, media_receipt=True
        )
        await ask(engine, messages=with_picture(picture()), vl_high_resolution_images=True)
    both, alone = map(json.loads, site.bodies)
    assert "vl_high_resolution_images" not in both
    assert both["mm_processor_kwargs"] == {"min_pixels": 4096, "max_pixels": 16_777_216}
    assert alone["mm_processor_kwargs"] == {"max_pixels": 16_777_216}
    assert completion.receipt_notes is UNSET


@pytest.mark.parametrize("stream", [False, True])
async def test_the_receipt_names_what_had_no_effect_at_the_upstream(stream: bool) -> None:
    fields = {
        "messages": with_picture(picture(), max_pixels=65536),
        "vl_high_resolution_images": True,
        "thinking_budget": 100,
        "enable_thinking": True,
        "media_receipt": True,
        "stream": stream,
        "stream_options": {"include_usage": True} if stream else None,
    }
    reply = writes(chunk("A cat.", "stop"), b"data: [DONE]\n\n") if stream else answers()
    async with running(reply) as site:
        completion = await ask(upstream(site.url, profile="ollama"), **fields)
        kept = await ask(upstream(site.url), **fields)
    assert completion.receipt_notes == [
        "Without effect, as servers of the kind ollama know none: enable_thinking, "
        "vl_high_resolution_images, thinking_budget, max_pixels"
    ]
    assert kept.receipt_notes is UNSET
