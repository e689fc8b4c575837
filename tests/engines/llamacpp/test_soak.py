"""Many callers who leave when they like: every slot comes back."""

import asyncio
import random
from contextlib import aclosing

import pytest

from qwen_vision.errors import InputLengthError
from qwen_vision.pipeline.pipeline import Pipeline
from tests.engines.llamacpp.conftest import Open, Shelf, request, said
from tests.engines.llamacpp.test_answers import LINE, picture

SLOTS = 3


async def _visit(pipeline: Pipeline, number: int, mood: random.Random) -> None:
    """One caller: stays, leaves after some pieces, is cancelled, or asks too much."""
    kind = mood.choice(["stay", "leave", "leave", "cancel", "cancel", "long"])
    content = (picture("red"), "Hi") if number % 40 == 0 else (f"Hi {number}",)
    if kind == "long":
        content = ("long " * 400,)
    stream = pipeline.stream(request(*content, stream=True, max_tokens=60, temperature=1))
    stays = mood.randrange(1, 12)
    try:
        async with (
            aclosing(stream) as chunks,
            asyncio.timeout(mood.random() / 20 if kind == "cancel" else None),
        ):
            async for _ in chunks:
                stays -= 1
                if kind == "leave" and not stays:
                    break
    except TimeoutError:
        assert kind == "cancel"
    except InputLengthError:
        assert kind == "long"


@pytest.mark.timeout(240)
async def test_slots_survive_callers_who_leave(open_model: Open, callers: int) -> None:
    pipeline = open_model(slots=SLOTS, context_tokens=512)
    mood = random.Random(4)  # noqa: S311 - only moods
    waiting = asyncio.Semaphore(16)

    async def visit(number: int) -> None:
        async with waiting:
            await _visit(pipeline, number, mood)

    await asyncio.gather(*(visit(number) for number in range(callers)))
    last = await asyncio.gather(
        *(pipeline.complete(request("Hello", max_tokens=4)) for _ in range(2 * SLOTS))
    )
    assert all(completion.choices[0].finish_reason == "length" for completion in last)


async def test_closing_ends_what_runs(shelf: Shelf, open_model: Open) -> None:
    endless = {"\n": " and", " and": " on", " on": " and"}
    pipeline = open_model(shelf.reciting(endless))
    async with aclosing(pipeline.stream(request("Go", stream=True, max_tokens=4000))) as chunks:
        await anext(chunks)
        await pipeline.aclose()
    again = open_model(shelf.reciting(LINE))
    assert said(await again.complete(request("Count"))) == "One, two, three"
