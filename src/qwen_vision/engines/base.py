"""The engine interface, complete: Engine, Prompt, Event (docs/concepts/engines.md)."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from qwen_vision.catalogue.model import Model
from qwen_vision.media.door import Opening
from qwen_vision.media.items import Image, Video
from qwen_vision.protocol.logprobs import TokenLogprob
from qwen_vision.protocol.messages import Role, ToolCall
from qwen_vision.protocol.receipt import Evidence
from qwen_vision.protocol.request import ChatRequest, decode_request
from qwen_vision.settings import EngineSettings
from qwen_vision.telemetry.metrics import Figure

StopReason: TypeAlias = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an engine can do; what the dialect allows stands in the catalogue.

    An engine that only forwards media sets `opens_media` to False: then nothing is fetched
    or decoded for it, and its turns hold text alone.

    `free_text` marks a language model, which can be asked in words for what it lacks:
    the pipeline then bridges `json_schema`, `tools`, `forces_tools` and
    `schema_while_thinking`. With `mixes_thoughts` it takes `<think>` out of the text; with
    `opens_thought` the text begins inside the thought, the tag being part of the prompt.

    What a `verbatim` engine says is passed on unchecked: it rehearses trouble. One with
    `batches` is a BatchEngine.
    """

    images: bool = False
    videos: bool = False
    thinking: bool = False
    json_schema: bool = False
    tools: bool = False
    logprobs: bool = False
    candidates: bool = False
    opens_media: bool = True
    free_text: bool = False
    forces_tools: bool = True
    schema_while_thinking: bool = False
    mixes_thoughts: bool = False
    opens_thought: bool = False
    verbatim: bool = False
    batches: bool = False
    way_out: str = "Choose another engine with --engine."


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text in a turn; `part.kind` tells text, pictures and videos apart."""

    text: str
    kind: Literal["text"] = "text"


PromptPart: TypeAlias = Text | Image | Video


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation, media opened."""

    role: Role
    parts: tuple[PromptPart, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """All an engine needs: the checked request, its model, and the turns with open media.

    `thinking`, `thinking_budget` and `max_tokens` are decided (request and model defaults
    together); `max_tokens` does not count the thinking.
    An engine that forwards takes `body`, the client's own bytes, and opens through `opening`
    what it must adapt. With a `body`, long data URIs of `request` may be cut short.
    With `exact_sizes` the answer is read as told in pixels of the final sizes: pictures must
    reach the model in them.
    """

    request: ChatRequest
    model: Model
    turns: tuple[Turn, ...]
    thinking: bool
    thinking_budget: int | None = None
    max_tokens: int | None = None
    exact_sizes: bool = False
    opening: Opening | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)

    def whole_request(self) -> ChatRequest:
        """The request with nothing cut short, for whoever writes it anew."""
        return self.request if self.body is None else decode_request(self.body)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the thinking before the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call: `id` and `name` in the first piece, then arguments text."""

    index: int
    arguments: str = ""
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Logprobs:
    """How likely the tokens of the next TextDelta were; only when the request asked."""

    tokens: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class EngineUsage:
    """Tokens as the engine counted them; None where it did not count."""

    prompt_tokens: int | None = None
    image_tokens: int | None = None
    video_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every run.

    `evidence` says where the values of the answer were read; `notes` tell the caller what
    happened to the answer. Both go into the receipt.
    """

    reason: StopReason = "stop"
    usage: EngineUsage = EngineUsage()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()


Event: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Logprobs | Finished


class Engine(Protocol):
    """Runs one model. A plug-in implements this and nothing else."""

    name: str
    fingerprint: str
    abilities: Abilities

    def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        """Deltas, then exactly one Finished. Closing the iterator cancels the run."""

    async def aclose(self) -> None:
        """Give back what the engine holds; safe to call twice."""


class BatchEngine(Engine, Protocol):
    """An engine that hears of many events at once, and says so with `abilities.batches`."""

    def batches(self, prompt: Prompt) -> AsyncIterator[Sequence[Event]]:
        """The events of `run`, those that came together in one list; none is empty."""


@runtime_checkable
class Measured(Protocol):
    """An engine may also have figures of its own to show to whoever watches the server."""

    def figures(self) -> Iterable[Figure]:
        """What it has counted since it was built, and what holds now."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point of `qwen_vision.engines` names: how to build an engine.

    `build` takes the text after the colon in `--engine NAME:ARGUMENT` ("" without one) and
    the settings for engines. `missing` returns the pip extra that is not installed, or None.
    `copies` belongs to engines that hold much memory: asked before so many processes build the
    engine, it says how much that takes, or raises SettingsError when there is not so much.
    """

    name: str
    summary: str
    build: Callable[[str, EngineSettings], Engine]
    missing: Callable[[], str | None]
    copies: Callable[[str, EngineSettings, int], str] | None = None
