"""Minimal: the emptiest value that is valid for a schema."""

from itertools import product

from qwen_vision.engines.embedded.extract.leaf import Json, fits, nothing
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.protocol.schema import SchemaCheck


def minimal(shape: Shape, check: SchemaCheck) -> Json:
    """Required values only, each as empty as its rules allow; may still break a rule."""
    for with_optional, rows in product((False, True), (None, 1)):
        value = _least(shape, optional=with_optional, rows=rows)
        if check.problem(value) is None:
            return value
    return _least(shape, optional=False, rows=None)


def _least(shape: Shape, *, optional: bool, rows: int | None) -> Json:
    if shape.kind == "object":
        return {
            part.name: _least(part, optional=optional, rows=rows)
            for part in shape.fields
            if part.required or optional
        }
    if shape.kind == "array":
        wanted = shape.rules.get("minItems", 0)
        count = max(wanted if isinstance(wanted, int) else 0, rows or 0)
        if shape.items is None:
            return []
        return [_least(shape.items, optional=optional, rows=None) for _ in range(min(count, 100))]
    value = nothing(shape)[0]
    if fits(shape, value):
        return value
    candidates: tuple[Json, ...] = (0, 1, "", "-", "?", "0000-00-00", "1970-01-01", False)
    return next((option for option in candidates if fits(shape, option)), value)
