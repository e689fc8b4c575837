"""Structured answers: what is sent to get JSON, and reading it out of what came back."""

from pathlib import Path
from typing import Any

import msgspec

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import UsageError
from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat

SCHEMA_NAME = "vision_result"
# json_object needs the word JSON somewhere in the messages.
JSON_INSTRUCTION = "Answer with one valid JSON value and nothing else."
SCHEMA_INSTRUCTION = "Answer with one JSON value that fits the given schema and nothing else."


def read_schema(text: str) -> dict[str, Any]:
    """A JSON Schema given inline or as the path of a file; raises UsageError."""
    source = text
    if not text.lstrip().startswith("{"):
        try:
            source = Path(text).read_text("utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise UsageError(
                f"--schema is '{text[:80]}': neither a JSON object nor a file that can be read."
            ) from error
    try:
        return msgspec.json.decode(source, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise UsageError(f"--schema holds no JSON object: {error}.") from error


def response_format(
    model_id: str, *, schema: dict[str, Any] | None, json_mode: bool
) -> ResponseFormat | None:
    """The `response_format` of a request; None for plain text.

    A model without structured output, such as the reading model, is asked in words only.
    """
    if schema is not None:
        wanted = JsonSchemaFormat(name=SCHEMA_NAME, schema=schema)
        return ResponseFormat(type="json_schema", json_schema=wanted)
    if json_mode and find_model(model_id, any_model=True).structured != "none":
        return ResponseFormat(type="json_object")
    return None


def with_instruction(prompt: str, *, schema: dict[str, Any] | None, json_mode: bool) -> str:
    """The prompt with the sentence that asks for JSON, when JSON is wanted."""
    if schema is not None:
        return f"{prompt}\n\n{SCHEMA_INSTRUCTION}"
    return f"{prompt}\n\n{JSON_INSTRUCTION}" if json_mode else prompt


def thinking_for(model_id: str, *, wanted: bool | None, structured: bool) -> bool | None:
    """What to say about thinking: JSON needs it off where it is on by default."""
    if wanted is None and structured and find_model(model_id, any_model=True).thinking == "on":
        return False
    return wanted


def parse_json(text: str) -> Any:  # noqa: ANN401 - any JSON value may come back
    """The JSON value in an answer, code fence or not; UNSET when there is none."""
    words = text.strip()
    if words.startswith("```"):
        words = words.partition("\n")[2].rpartition("```")[0]
    try:
        return msgspec.json.decode(words)
    except msgspec.DecodeError:
        return msgspec.UNSET
