"""Estimate: what a request would cost, before anything is sent (dialect.md, additions)."""

from msgspec import Struct

from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import PromptTokensDetails


class PriceRange(Struct):
    """Price of one request: `input` for the prompt alone, `most` with the longest answer."""

    currency: str
    input: float
    most: float


class Estimate(Struct):
    """Prompt tokens of a request, item by item; equal to the `usage` of the real one.

    `prices` is empty when the model has no list price.
    """

    model: str
    prompt_tokens: int
    prompt_tokens_details: PromptTokensDetails
    items: list[MediaReceipt]
    prices: list[PriceRange]
    object: str = "estimate"
