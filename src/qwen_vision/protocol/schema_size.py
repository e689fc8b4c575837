"""How large a JSON Schema may be: before an engine makes rules of it, which takes time and memory.

A few bytes such as `"maxItems": 10000000` would hold an engine, and everyone who waits for it,
for minutes. Within these limits the rules are made in a second or so.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from qwen_vision.errors import SchemaLimitError
from qwen_vision.protocol.messages import JsonObject

MAX_SCHEMA_BYTES: Final = 262_144
MAX_LEVELS: Final = 128
MAX_PROPERTIES: Final = 1_000
MAX_PATTERNS: Final = 50
MAX_ENUM_VALUES: Final = 10_000
MAX_ITEMS: Final = 10_000
MAX_ITEMS_IN_ALL: Final = 100_000
MAX_CHARS: Final = 1_000_000

_MOST: Final[Mapping[str, int]] = {
    "minItems": MAX_ITEMS,
    "maxItems": MAX_ITEMS,
    "minContains": MAX_ITEMS,
    "maxContains": MAX_ITEMS,
    "minProperties": MAX_ITEMS,
    "maxProperties": MAX_ITEMS,
    "minLength": MAX_CHARS,
    "maxLength": MAX_CHARS,
}
_TOTALS: Final[Mapping[str, tuple[str, int]]] = {
    "properties": ("properties in all", MAX_PROPERTIES),
    "patternProperties": ("patternProperties in all", MAX_PATTERNS),
    "enum": ("enum values in all", MAX_ENUM_VALUES),
    "minItems": ("items that lists must have in all", MAX_ITEMS_IN_ALL),
    "maxItems": ("items that lists may have in all", MAX_ITEMS_IN_ALL),
}
# What stands there are schemas by names, which may be any words.
_BY_NAME: Final = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"}
)
# What stands there are values, not schemas.
_VALUES: Final = frozenset({"const", "enum", "default", "examples"})


def check_schema_size(schema: JsonObject, *, param: str) -> None:
    """Raise SchemaLimitError, with the place and the limit, for a schema that is too large."""
    totals = dict.fromkeys(_TOTALS, 0)
    for place, level, part in _parts(schema, param):
        _check(f"{level} levels of nesting", level, limit=MAX_LEVELS, param=param)
        for name, value in part.items():
            path = f"{place}.{name}"
            if name in _MOST and isinstance(value, int | float):
                _check(f"{name} is {value}", value, limit=_MOST[name], param=path)
            if name in _TOTALS and isinstance(value, int | dict | list):
                what, limit = _TOTALS[name]
                totals[name] += value if isinstance(value, int) else len(value)
                _check(f"{totals[name]} {what}", totals[name], limit=limit, param=path)
    size_bytes = len(msgspec.json.encode(schema))
    _check(f"{size_bytes} bytes", size_bytes, limit=MAX_SCHEMA_BYTES, param=param)


def _check(what: str, value: float, *, limit: int, param: str) -> None:
    if value > limit:
        raise SchemaLimitError(what=what, limit=limit, param=param)


def _parts(schema: JsonObject, param: str) -> Iterator[tuple[str, int, JsonObject]]:
    """Every schema inside a schema with its path and how deep it lies; no recursion."""
    waiting: list[tuple[str, int, Any]] = [(param, 1, schema)]
    while waiting:
        place, level, part = waiting.pop()
        if isinstance(part, list):
            waiting += [(f"{place}[{at}]", level + 1, item) for at, item in enumerate(part)]
        elif isinstance(part, dict):
            yield place, level, part
            for name, value in part.items():
                path = f"{place}.{name}"
                if name in _BY_NAME and isinstance(value, dict):
                    waiting += [(f"{path}.{key}", level + 2, item) for key, item in value.items()]
                elif name not in _VALUES:
                    waiting.append((path, level + 1, value))
