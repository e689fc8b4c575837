"""Estimate: opens a request's media through the same door and counts, running nothing."""

from collections.abc import Iterator, Sequence

import msgspec

from qwen_vision.catalogue.model import Model, Tier
from qwen_vision.engines.base import Abilities
from qwen_vision.media.door import MediaDoor, Rules
from qwen_vision.pipeline.check import check
from qwen_vision.pipeline.prepare import check_media, prepare
from qwen_vision.protocol.estimate import Estimate, PriceRange
from qwen_vision.protocol.request import ChatRequest

_PER = 1_000_000
_COUNTING = Abilities(
    images=True,
    videos=True,
    thinking=True,
    json_schema=True,
    tools=True,
    logprobs=True,
    candidates=True,
)


async def estimate(
    request: ChatRequest, model: Model, door: MediaDoor, *, rules: Rules
) -> Estimate:
    """Tokens and prices of a request, from the headers of its media where that is possible.

    Raises the errors that the request itself would meet, but for models that only stream: how
    the answer comes costs nothing.
    """
    streamed = msgspec.structs.replace(request, stream=True)
    plan = check(streamed, model, engine="estimate", abilities=_COUNTING)
    check_media(request, model, engine="estimate", abilities=_COUNTING)
    async with door.opening(rules) as opening:
        prepared = await prepare(request, model, plan, opening=opening)
    tokens = prepared.tokens
    answer = plan.max_tokens
    if plan.thinking:
        answer += plan.thinking_budget or 0
    answer = min(answer, request.max_completion_tokens or answer) * (request.n or 1)
    return Estimate(
        model=request.model,
        prompt_tokens=tokens.total,
        prompt_tokens_details=tokens.details,
        items=prepared.receipts(),
        prices=list(_prices(model, prompt=tokens.total, answer=answer)),
    )


def _prices(model: Model, *, prompt: int, answer: int) -> Iterator[PriceRange]:
    for currency, tiers in (("USD", model.prices_usd), ("CNY", model.prices_cny)):
        if tiers:
            tier = _tier(tiers, prompt)
            asked = prompt * tier.input / _PER
            yield PriceRange(
                currency=currency,
                input=round(asked, 6),
                most=round(asked + answer * tier.output / _PER, 6),
            )


def _tier(tiers: Sequence[Tier], prompt: int) -> Tier:
    """The tier of the whole request: the first that holds its input tokens."""
    return next((tier for tier in tiers if prompt <= tier.up_to), tiers[-1])
