"""Structured answers: what is sent to get JSON of a shape, and how the answer becomes a value."""

from typing import Any, Final

import msgspec

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import UsageError
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.request import JsonSchemaFormat, ResponseFormat
from qwen_vision.protocol.schema import SchemaCheck

SCHEMA_NAME: Final = "vision_result"
# json_object needs the word JSON somewhere in the messages.
JSON_INSTRUCTION: Final = "Answer with one valid JSON value and nothing else."
SCHEMA_INSTRUCTION: Final = (
    "Answer with one JSON value that fits the given schema and nothing else."
)
_LOCAL: Final = "#/$defs/"


def response_format(
    model_id: str, *, schema: JsonObject | None, json_mode: bool
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


def with_instruction(prompt: str, *, schema: JsonObject | None, json_mode: bool) -> str:
    """The prompt with the sentence that asks for JSON, when JSON is wanted."""
    if schema is not None:
        return f"{prompt}\n\n{SCHEMA_INSTRUCTION}"
    return f"{prompt}\n\n{JSON_INSTRUCTION}" if json_mode else prompt


def thinking_for(model_id: str, *, wanted: bool | None, structured: bool) -> bool | None:
    """What to say about thinking: JSON needs it off where it is on by default."""
    if wanted is None and structured and find_model(model_id, any_model=True).thinking == "on":
        return False
    return wanted


def without_fence(text: str) -> str:
    """The text inside the answer's first code fence; the answer itself without one."""
    words = text.strip()
    if "```" not in words:
        return words
    return words.partition("```")[2].partition("\n")[2].partition("```")[0].strip() or words


def parse_json(text: str) -> Any:  # noqa: ANN401 - any JSON value may come back
    """The JSON value in an answer, code fence or not; UNSET when there is none."""
    try:
        return msgspec.json.decode(without_fence(text))
    except msgspec.DecodeError:
        return msgspec.UNSET


def schema_of(shape: object) -> JsonObject:
    """The JSON Schema of a dict (itself), a dataclass, a msgspec Struct or a pydantic model.

    Raises UsageError for a type no schema can be made of.
    """
    if isinstance(shape, dict):
        return shape
    of_pydantic = getattr(shape, "model_json_schema", None)
    if of_pydantic is not None:
        found: JsonObject = of_pydantic()
        return found
    try:
        return _with_plain_top(msgspec.json.schema(shape))
    except (TypeError, NameError) as error:
        raise UsageError(
            f"No JSON Schema can be made of {shape!r}: {error}. Give a JSON Schema as a dict, a "
            "dataclass, a msgspec Struct or a pydantic model.",
            param="schema",
        ) from error


def convert_value(value: object, shape: Any) -> Any:  # noqa: ANN401 - the caller's type
    """A JSON value as `shape` describes it; raises ValueError saying what does not fit where."""
    if isinstance(shape, dict):
        problem = SchemaCheck(shape, param="schema").problem(value)
        if problem is not None:
            raise ValueError(problem)
        return value
    of_pydantic = getattr(shape, "model_validate", None)
    if of_pydantic is not None:
        return of_pydantic(value)
    # Models write "9.00" where 9.0 is meant; that is no reason to fail.
    return msgspec.convert(value, shape, strict=False)


def _with_plain_top(schema: JsonObject) -> JsonObject:
    """The schema with its top said outright: servers differ in what they make of a `$ref` there."""
    top = schema.get("$ref", "")
    if not top.startswith(_LOCAL):
        return schema
    shapes = dict(schema["$defs"])
    name = top.removeprefix(_LOCAL)
    plain = dict(shapes[name])
    # Kept as well when it names itself somewhere inside.
    if f'"{top}"' not in msgspec.json.encode(shapes).decode():
        del shapes[name]
    return {**plain, "$defs": shapes} if shapes else plain
