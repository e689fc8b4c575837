"""JSON Schemas that would hold an engine for minutes, and ones that would not."""

from typing import Any

import pytest

from qwen_vision.errors import SchemaLimitError
from qwen_vision.protocol.schema_size import check_schema_size


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def listed(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{i}": {"type": "integer"} for i in range(count)}}


TOO_LARGE: list[tuple[dict[str, Any], str, str]] = [
    ({"minItems": 10**7}, "minItems is 10000000; the most is 10000", ".minItems"),
    ({"type": "array", "maxItems": 10**7}, "maxItems is 10000000", ".maxItems"),
    ({"maxItems": 1e300}, "maxItems is 1e+300", ".maxItems"),
    ({"items": [{"maxLength": 10**9}]}, "maxLength is 1000000000", ".items[0].maxLength"),
    ({"minLength": 10**7}, "minLength is 10000000; the most is 1000000", ".minLength"),
    ({"minProperties": 10**6}, "minProperties is 1000000", ".minProperties"),
    (nested(200), "129 levels of nesting; the most is 128", ""),
    (nested(100_000), "129 levels of nesting", ""),
    (listed(1001), "1001 properties in all; the most is 1000", ".properties"),
    ({"items": listed(600), "not": listed(600)}, "1200 properties in all", ".properties"),
    ({"enum": list(range(10_001))}, "10001 enum values in all; the most is 10000", ".enum"),
    ({"patternProperties": {f"^{i}": {} for i in range(51)}}, "51 patternProperties", "Properties"),
    ({"anyOf": [{"maxItems": 9000}] * 12}, "108000 items that lists may have", ".maxItems"),
    (
        {"properties": {"default": {"maxItems": 10**7}}},
        "maxItems is",
        ".properties.default.maxItems",
    ),
    ({"$defs": {"enum": {"maxItems": 10**7}}}, "maxItems is", ".$defs.enum.maxItems"),
    ({"description": "x" * 300_000}, "bytes; the most is 262144", ""),
    ({"const": {"x": "y" * 300_000}}, "bytes", ""),
]


@pytest.mark.parametrize(("schema", "words", "place"), TOO_LARGE)
def test_a_schema_that_is_too_large_is_refused_with_place_and_limit(
    schema: dict[str, Any], words: str, place: str
) -> None:
    with pytest.raises(SchemaLimitError) as caught:
        check_schema_size(schema, param="tools[0].function.parameters")
    error = caught.value
    assert words in error.message
    assert "Make it smaller" in error.message
    assert error.status == 400
    assert error.param is not None
    assert error.param.startswith("tools[0].function.parameters")
    assert error.param.endswith(place)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        nested(127),
        listed(1000),
        {"enum": list(range(10_000))},
        {"type": "array", "minItems": 10_000, "maxItems": 10_000},
        {"type": "string", "maxLength": 1_000_000},
        # Names of properties, and values, are no bounds.
        {"properties": {"maxItems": {"type": "integer"}, "enum": {"type": "string"}}},
        {"const": {"maxItems": 10**7}, "default": [{"maxLength": 10**9}]},
        {"maxItems": "many", "enum": "x", "properties": None},
    ],
)
def test_a_schema_within_the_limits_passes(schema: dict[str, Any]) -> None:
    check_schema_size(schema, param="x")
