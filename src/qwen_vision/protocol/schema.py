"""JSON Schema: checks a caller's schema, and answers against it, without leaving the process."""

from typing import Any

import jsonschema_rs
import msgspec

from qwen_vision.errors import SchemaError
from qwen_vision.protocol.messages import JsonObject

_MAX_PATTERN_BYTES = 1_000_000


class SchemaCheck:
    """A compiled JSON Schema.

    References to other documents are refused, never fetched; patterns run in linear time.
    """

    def __init__(self, schema: JsonObject, *, param: str) -> None:
        """Compile `schema`; raises SchemaError naming `param` when it cannot be used."""
        try:
            self._validator = jsonschema_rs.validator_for(
                schema,
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(size_limit=_MAX_PATTERN_BYTES),
            )
        except ValueError as error:
            reason = str(error).partition("\n")[0][:200]
            raise SchemaError(reason=reason, param=param) from error

    def problem(self, value: object) -> str | None:
        """What is wrong with a value, with its place; None when it fits."""
        for error in self._validator.iter_errors(value):
            place = "".join(f"[{step!r}]" for step in error.instance_path)
            return f"{error.message} (at {place or 'the top'})"
        return None

    def problem_of_text(self, text: str) -> str | None:
        """What is wrong with a JSON text; None when it is JSON and fits."""
        try:
            value: Any = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            return f"not JSON: {error}"
        return self.problem(value)
