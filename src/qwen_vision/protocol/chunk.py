"""Chunk: one event of a streamed answer, keys in the service's order (dialect.md, streams)."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import Usage


class DeltaFunction(Struct, frozen=True):
    """A piece of a call: the name comes once, the arguments in pieces."""

    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET


class DeltaToolCall(Struct):
    """A piece of a tool call; `id` is an empty string, not absent, after the first."""

    index: int
    id: str = ""
    type: str = "function"
    function: DeltaFunction = DeltaFunction()


class Delta(Struct):
    """What a chunk adds. `reasoning_content` is there, null included, while a model thinks."""

    content: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    role: str | UnsetType = UNSET
    tool_calls: list[DeltaToolCall] | UnsetType = UNSET


class RoleDelta(Delta):
    """A delta that announces the role, with no text yet."""

    content: str | UnsetType | None = None
    role: str | UnsetType = "assistant"


class OpeningDelta(RoleDelta, kw_only=True):
    """First delta of the older stream-only models: the role stands before empty reasoning.

    A keyword-only field moves behind the inherited ones; that is the order on the wire.
    """

    reasoning_content: str | UnsetType | None = ""


class ChunkChoice(Struct):
    """The one choice of a chunk."""

    delta: Delta
    logprobs: Any = None
    finish_reason: str | None = None
    index: int = 0


class Chunk(Struct):
    """One event of a stream; `usage` is null in every chunk but the last.

    `coordinates` says that places were turned into the unit the request asked for.
    """

    choices: list[ChunkChoice]
    object: str = "chat.completion.chunk"
    usage: Usage | None = None
    created: int = 0
    system_fingerprint: str | None = None
    model: str = ""
    id: str = ""
    media_receipt: list[MediaReceipt] | UnsetType = UNSET
    receipt_notes: list[str] | UnsetType = UNSET
    coordinates: Unit | UnsetType = UNSET

    @property
    def text(self) -> str:
        """The piece of the answer in this chunk; empty when it brings something else."""
        return (self.choices[0].delta.content or "") if self.choices else ""

    @property
    def reasoning(self) -> str:
        """The piece of the thinking in this chunk; empty when it brings something else."""
        return (self.choices[0].delta.reasoning_content or "") if self.choices else ""
