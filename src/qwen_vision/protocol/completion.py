"""Completion: a whole answer, keys in the order the service sends them (dialect.md, answers)."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import Usage


class AnswerFunction(Struct):
    """Function name and arguments (JSON text) of a call in an answer."""

    name: str
    arguments: str


class AnswerToolCall(Struct):
    """A tool call in an answer; `index` is there in whole answers too."""

    index: int
    id: str
    type: str
    function: AnswerFunction


class AnswerMessage(Struct):
    """The assistant's message; reasoning and calls only when there are any."""

    role: str
    content: str | None
    reasoning_content: str | UnsetType | None = UNSET
    tool_calls: list[AnswerToolCall] | UnsetType | None = UNSET


class Choice(Struct):
    """One candidate answer."""

    message: AnswerMessage
    finish_reason: str | None = None
    index: int = 0
    logprobs: Any = None


class Completion(Struct):
    """A collected answer; `media_receipt` only when the request asked for it.

    `coordinates` says that its places were turned into the unit the request asked for.
    """

    choices: list[Choice]
    object: str = "chat.completion"
    usage: Usage | None = None
    created: int = 0
    system_fingerprint: str | None = None
    model: str = ""
    id: str = ""
    media_receipt: list[MediaReceipt] | UnsetType = UNSET
    receipt_notes: list[str] | UnsetType = UNSET
    coordinates: Unit | UnsetType = UNSET
