"""The JSON result of the guide's scripts."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from qwen_vision.cli.answer import TimedAnswer
from qwen_vision.client.structured import parse_json
from qwen_vision.protocol.completion import AnswerToolCall
from qwen_vision.protocol.usage import Usage


class ScriptResult(Struct):
    """`text`, `model`, `usage`; the rest only when there is any."""

    text: str
    model: str
    usage: Usage | dict[str, int]
    reasoning: str | UnsetType = UNSET
    json: Any = UNSET
    tool_calls: list[AnswerToolCall] | UnsetType = UNSET


def result_json(answer: TimedAnswer, *, wants_json: bool) -> str:
    """The result as indented JSON; `json` holds the answer's value when JSON was wanted."""
    result = ScriptResult(
        text=answer.text,
        model=answer.completion.model,
        usage=answer.completion.usage or {},
        reasoning=answer.reasoning or UNSET,
        json=parse_json(answer.text) if wants_json else UNSET,
        tool_calls=answer.tool_calls or UNSET,
    )
    return msgspec.json.format(msgspec.json.encode(result), indent=2).decode()
