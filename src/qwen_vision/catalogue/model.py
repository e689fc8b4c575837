"""Model: what the dialect allows for one model id. Facts only; engines say what they can."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct


class ImagePixels(Struct, frozen=True):
    """Pixel limits for a picture: default minimum and maximum, ceiling, high resolution."""

    low: int
    default: int
    ceiling: int
    high_resolution: int


class VideoPixels(Struct, frozen=True):
    """Pixel limits for one frame and for a whole video, and the most frames taken."""

    low: int
    lowest: int
    default: int
    ceiling: int
    total: int
    max_frames: int


class PixelRules(Struct, frozen=True):
    """Size rules of a family: sides are multiples of `factor`; no `video`, no videos."""

    factor: int
    image: ImagePixels
    video: VideoPixels | None = None


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
Coordinates = Literal["relative", "resized"]


class Model(Struct, frozen=True, kw_only=True):
    """One model of the catalogue. Tokens, bytes, pixels and seconds as named."""

    id: str
    note: str
    created: int
    context_tokens: int
    max_input_tokens: int
    max_output_tokens: int
    thinking: Thinking
    tools: bool
    structured: Structured
    pixels: PixelRules
    sampling: Sampling
    coordinates: Coordinates
    image_url_bytes: int
    snapshots: tuple[str, ...] = ()
    max_input_thinking_tokens: int | None = None
    max_thinking_tokens: int | None = None
    stream_only: bool = False
    opening_delta: bool = False
    logprobs: bool = False
    preserve_thinking: bool = False
    max_completion_tokens: bool = False
    ocr: bool = False
    video_bytes: int = 0
    video_seconds: tuple[float, float] = (0, 0)
    max_frame_list: int = 0
    prices_usd: tuple[Tier, ...] = ()
    prices_cny: tuple[Tier, ...] = ()

    @property
    def takes_video(self) -> bool:
        """Whether videos and frame lists are allowed."""
        return self.pixels.video is not None

    @property
    def thinks_by_default(self) -> bool:
        """Whether the model thinks when the request does not say."""
        return self.thinking in ("on", "always")

    def input_limit_tokens(self, *, thinking: bool) -> int:
        """Longest prompt in tokens."""
        if thinking and self.max_input_thinking_tokens is not None:
            return self.max_input_thinking_tokens
        return self.max_input_tokens


Catalogue = Mapping[str, Model]
