"""Logprobs: how likely each token of an answer was (dialect.md, answers)."""

from typing import Any

import msgspec
from msgspec import Struct


class TokenChance(Struct, frozen=True):
    """A token, its bytes in UTF-8, and the natural logarithm of its probability."""

    token: str
    bytes: list[int] | None = None
    logprob: float = 0.0


class TokenLogprob(Struct, frozen=True):
    """A token of the answer and the likeliest ones in its place."""

    token: str
    bytes: list[int] | None = None
    logprob: float = 0.0
    top_logprobs: list[TokenChance] = []


class ChoiceLogprobs(Struct, frozen=True):
    """The tokens of a choice's text, or of one piece of it."""

    content: list[TokenLogprob]


def tokens_in(logprobs: object) -> list[Any]:
    """The tokens in what stands in a chunk: ours, or another server's JSON."""
    found = msgspec.to_builtins(logprobs)
    content = found.get("content") if isinstance(found, dict) else None
    return content if isinstance(content, list) else []
