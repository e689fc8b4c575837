"""Traces as the code that is traced sees them; `otlp.py` is what sends them."""

from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

from msgspec import UNSET

from qwen_vision.protocol.usage import Usage

Fact: TypeAlias = str | int | float | bool
# What is told of a name that a caller made up.
MAX_MODEL_CHARS: Final = 100


class Span(Protocol):
    """A piece of a trace that has begun."""

    def set(self, name: str, value: Fact) -> None:
        """Say a fact about it."""

    def end(self, error: BaseException | None = None) -> None:
        """It is over; with `error` when it failed."""


class Trace(Protocol):
    """One request, followed as spans inside a span of its own."""

    trace_id: str
    span: Span

    def begin(self, name: str, parent: Span | None) -> Span:
        """A span inside `parent`, or inside the request's own."""

    def headers(self, span: Span | None) -> Mapping[str, str]:
        """Headers that let another server continue the trace below `span`."""


class Tracing(Protocol):
    """Sends the spans of this process."""

    def follow(self, name: str, headers: Mapping[bytes, bytes]) -> Trace:
        """A request that arrives; its headers may name the trace it belongs to."""

    def close(self) -> None:
        """Send what is left. Blocks for a few seconds at most."""


def answer_facts(usage: Usage, *, model: str) -> dict[str, Fact]:
    """What is told of an answer, in the names of OpenTelemetry's GenAI conventions."""
    facts: dict[str, Fact] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model[:MAX_MODEL_CHARS],
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }
    prompt = usage.prompt_tokens_details
    if prompt is not UNSET and prompt.cached_tokens is not UNSET:
        facts["gen_ai.usage.cache_read.input_tokens"] = prompt.cached_tokens
    return facts
