"""Steps: what a room of the engine hands out while it works."""

from dataclasses import dataclass
from typing import TypeAlias

from qwen_vision.protocol.receipt import Evidence


@dataclass(frozen=True, slots=True)
class Thought:
    """One step of the real trace: what was looked for, found, rejected and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of the answer, exactly as it is to be sent.

    `bare` is the answer in it without the words around, for one who wants nothing else.
    """

    text: str
    bare: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a value of the answer was read."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Call:
    """A whole tool call; it ends the answer."""

    name: str
    arguments: str


Step: TypeAlias = Thought | Say | Proof | Call
