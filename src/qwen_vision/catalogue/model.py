"""Model: what the dialect allows for one model id. Facts only; engines say what they can."""

from typing import Literal

from msgspec import Struct

from qwen_vision.protocol.limits import MediaLimits
from qwen_vision.protocol.places import Coordinates


class Sampling(Struct, frozen=True):
    """Default sampling parameters."""

    temperature: float
    top_p: float
    top_k: int
    presence_penalty: float
    repetition_penalty: float
    seed: int


class Tier(Struct, frozen=True):
    """Price per million tokens for requests of up to `up_to` input tokens."""

    up_to: int
    input: float
    output: float


Thinking = Literal["never", "off", "on", "always"]
Structured = Literal["none", "json_object", "json_schema"]


class Model(MediaLimits, frozen=True, kw_only=True):
    """One model of the catalogue. Tokens, bytes, pixels and seconds as named."""

    note: str
    created: int
    context_tokens: int
    max_input_tokens: int
    max_output_tokens: int
    thinking: Thinking
    tools: bool
    structured: Structured
    sampling: Sampling
    coordinates: Coordinates
    snapshots: tuple[str, ...] = ()
    max_input_thinking_tokens: int | None = None
    max_thinking_tokens: int | None = None
    stream_only: bool = False
    opening_delta: bool = False
    incremental: bool = False
    logprobs: bool = False
    preserve_thinking: bool = False
    max_completion_tokens: bool = False
    ocr: bool = False
    prices_usd: tuple[Tier, ...] = ()
    prices_cny: tuple[Tier, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What a request may call it: its id and its snapshots."""
        return (self.id, *self.snapshots)

    @property
    def thinks_by_default(self) -> bool:
        """Whether the model thinks when the request does not say."""
        return self.thinking in ("on", "always")

    def input_limit_tokens(self, *, thinking: bool) -> int:
        """Longest prompt in tokens."""
        if thinking and self.max_input_thinking_tokens is not None:
            return self.max_input_thinking_tokens
        return self.max_input_tokens
