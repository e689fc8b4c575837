"""Grammar: a response format as rules that llama.cpp's sampler obeys (llguidance's language)."""

from typing import Final

import msgspec

from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.request import ResponseFormat

# Without free white space a model cannot fill an answer with it. What the grammar cannot hold
# of a schema is left to the check of the finished answer.
_OPTIONS: Final[JsonObject] = {
    "whitespace_flexible": False,
    "lenient": True,
    "coerce_one_of": True,
}
_ANY_OBJECT: Final[JsonObject] = {"type": "object"}


def json_grammar(wanted: ResponseFormat | None, *, closes_thought: bool) -> str | None:
    """Rules for JSON that fits the format; None for free text.

    With `closes_thought` the answer must first end the thought that the template has opened.
    """
    if wanted is None:
        return None
    given = _ANY_OBJECT if wanted.schema is None else wanted.schema
    schema = {**given, "x-guidance": _OPTIONS}
    rule = f"answer: %json {msgspec.json.encode(schema).decode()}"
    start = '"\\n</think>\\n\\n" answer' if closes_thought else "answer"
    return f"%llguidance {{}}\nstart: {start}\n{rule}"
