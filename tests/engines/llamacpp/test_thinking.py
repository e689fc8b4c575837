"""Thoughts: split from the answer, held to their budget, left out when nobody asked for them."""

import pytest
from msgspec import UnsetType

from qwen_vision.protocol.completion import Completion
from tests.engines.llamacpp.conftest import Open, Shelf, request, said

# A thought without an end; only a closed tag leads to the answer.
BROODING = {
    "\n": "I",
    "I": " look",
    " look": " and",
    " and": " I",
    " I": " look",
    "</think>": "Yes",
    "Yes": ", it",
    ", it": " is",
    " is": ".",
    ".": "<|im_end|>",
}
BRIEF = {"\n": "Hm", "Hm": "</think>", "</think>": "A", "A": " cat", " cat": "<|im_end|>"}
# The opening tag is written by the model, not by the template.
WRITTEN = {**BROODING, "\n": "<think>", "<think>": "I"}
KINDS = {"switch": BROODING, "always": BROODING, "written": WRITTEN}


def thought(completion: Completion) -> str:
    found = completion.choices[0].message.reasoning_content
    return found if isinstance(found, str) else ""


@pytest.mark.parametrize("thinks", KINDS)
async def test_a_thought_is_cut_at_its_budget_and_the_answer_follows(
    shelf: Shelf, open_model: Open, thinks: str
) -> None:
    pipeline = open_model(shelf.reciting(KINDS[thinks], thinks=thinks))
    asked = request("Is it?", enable_thinking=True, thinking_budget=7)
    completion = await pipeline.complete(asked)
    assert thought(completion).startswith("I look and I")
    assert len(thought(completion).split()) <= 7
    assert said(completion) == "Yes, it is."
    assert completion.choices[0].finish_reason == "stop"


async def test_thought_and_answer_are_told_apart_in_a_stream(
    shelf: Shelf, open_model: Open
) -> None:
    pipeline = open_model(shelf.reciting(BRIEF, thinks="switch"))
    asked = request("What?", enable_thinking=True, stream=True)
    deltas = [c.choices[0].delta async for c in pipeline.stream(asked) if c.choices]
    assert "".join(d.reasoning_content for d in deltas if d.reasoning_content) == "Hm"
    assert "".join(d.content for d in deltas if d.content) == "A cat"


async def test_max_tokens_does_not_count_the_thought(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(BROODING, thinks="switch"))
    asked = request("Is it?", enable_thinking=True, thinking_budget=9, max_tokens=2)
    completion = await pipeline.complete(asked)
    assert said(completion) == "Yes, it"
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    details = completion.usage.completion_tokens_details
    assert not isinstance(details, UnsetType)
    assert (details.reasoning_tokens, details.text_tokens) == (9, 2)


async def test_stop_texts_spare_the_thought(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(BROODING, thinks="switch"))
    asked = request("Is it?", enable_thinking=True, thinking_budget=7, stop=["look", " is"])
    completion = await pipeline.complete(asked)
    assert "look" in thought(completion)
    assert said(completion) == "Yes, it"


@pytest.mark.parametrize("thinks", ["switch", "written"])
async def test_without_thinking_the_template_closes_the_thought(
    shelf: Shelf, open_model: Open, thinks: str
) -> None:
    script = {"\n": "A", "A": " cat", " cat": "<|im_end|>"}
    pipeline = open_model(shelf.reciting(script, thinks=thinks))
    completion = await pipeline.complete(request("What?", enable_thinking=False))
    assert (thought(completion), said(completion)) == ("", "A cat")


async def test_a_model_that_always_thinks_is_kept_from_it_when_nobody_asked(
    shelf: Shelf, open_model: Open
) -> None:
    pipeline = open_model(shelf.reciting(BROODING, thinks="always"))
    completion = await pipeline.complete(request("Is it?", enable_thinking=False))
    assert (thought(completion), said(completion)) == ("", "Yes, it is.")


async def test_a_model_that_never_thinks_answers_where_thinking_was_asked_for(
    shelf: Shelf, open_model: Open
) -> None:
    script = {"\n": "A", "A": " cat", " cat": "<|im_end|>"}
    pipeline = open_model(shelf.reciting(script))
    completion = await pipeline.complete(request("What?", enable_thinking=True))
    assert (thought(completion), said(completion)) == ("", "A cat")
