"""Shape: a JSON Schema as the tree of values to fill in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from qwen_vision.protocol.messages import JsonObject

Kind: TypeAlias = Literal[
    "object", "array", "string", "number", "integer", "boolean", "null", "any"
]

# A recursive schema has no end of its own; no page is nested deeper than this.
_MAX_DEPTH: Final = 6
_KINDS: Final[dict[str, Kind]] = {
    "object": "object", "array": "array", "string": "string", "number": "number",
    "integer": "integer", "boolean": "boolean", "null": "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """One value of a schema: its kind, whether null fits, and the words that name it.

    `rules` is the schema of this value with references resolved; `fields` the properties of
    an object in order, `items` what an array holds. `required` says whether it must be there.
    """

    kind: Kind
    name: str = ""
    about: str = ""
    nullable: bool = False
    required: bool = True
    rules: JsonObject = field(default_factory=dict)
    fields: tuple["Shape", ...] = ()
    items: "Shape | None" = None

    @property
    def words(self) -> str:
        """The name as words: `invoiceNumber` and `invoice_number` are `invoice number`."""
        return as_words(self.name)

    @property
    def options(self) -> list[Any]:
        """The values an `enum` or `const` allows; empty without one."""
        if "const" in self.rules:
            return [self.rules["const"]]
        return list(self.rules.get("enum", []))


def as_words(name: str) -> str:
    """A property name as words in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r"[_\-./\s]+", " ", spaced).strip().lower()


def singular(words: str) -> str:
    """The name of one of many: `emails` are each an `email`."""
    if words.endswith("ies"):
        return words[:-3] + "y"
    if re.search(r"(?:sses|xes|ches|shes)$", words):
        return words[:-2]
    return words[:-1] if re.search(r"[^su]s$", words) else words


def read_shape(schema: JsonObject) -> Shape:
    """The shape of a schema. References of the document are followed, recursion is cut."""
    return _Reader(schema).shape(schema, name="", depth=0)


class _Reader:
    def __init__(self, root: JsonObject) -> None:
        self._root = root

    def shape(self, schema: object, *, name: str, depth: int, required: bool = True) -> Shape:
        rules, nullable = self._settle(schema)
        kind = _kind(rules)
        deep = depth >= _MAX_DEPTH
        wanted = rules.get("required")
        must = set(wanted) if isinstance(wanted, list) else set()
        properties = rules.get("properties")
        fields = (
            tuple(
                self.shape(inner, name=str(key), depth=depth + 1, required=key in must)
                for key, inner in properties.items()
            )
            if isinstance(properties, dict) and not deep
            else ()
        )
        inner = rules.get("items")
        items = (
            self.shape(inner if isinstance(inner, dict) else {}, name=name, depth=depth + 1)
            if kind == "array" and not deep
            else None
        )
        about = " ".join(str(rules[key]) for key in ("title", "description") if key in rules)
        return Shape(kind, name, about, nullable, required, rules, fields, items)

    def _settle(self, schema: object) -> tuple[JsonObject, bool]:
        """The rules with references, `allOf` and alternatives resolved; whether null fits."""
        rules = self._resolve(schema)
        for part in _list(rules, "allOf"):
            rules = _merge(rules, self._resolve(part))
        nullable = rules.get("nullable") is True
        for key in ("anyOf", "oneOf"):
            choices = [self._resolve(part) for part in _list(rules, key)]
            if choices:
                nullable = nullable or any(choice.get("type") == "null" for choice in choices)
                solid = [choice for choice in choices if choice.get("type") != "null"]
                rest = {name: value for name, value in rules.items() if name != key}
                rules = _merge(rest, solid[0]) if solid else {"type": "null"}
        kinds = rules.get("type")
        if isinstance(kinds, list):
            nullable = nullable or "null" in kinds
            solid_kinds = [kind for kind in kinds if kind != "null"]
            rules = {**rules, "type": solid_kinds[0] if solid_kinds else "null"}
        if None in rules.get("enum", []):
            nullable = True
            rules = {**rules, "enum": [option for option in rules["enum"] if option is not None]}
        return rules, nullable

    def _resolve(self, schema: object) -> JsonObject:
        """The schema with its `$ref` followed, a few references long."""
        for _ in range(8):
            if not isinstance(schema, dict):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                return dict(schema)
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            target = self._target(reference)
            schema = {**target, **beside}
        return {}

    def _target(self, reference: str) -> JsonObject:
        node: object = self._root
        for step in reference.removeprefix("#").split("/"):
            if not step:
                continue
            key = step.replace("~1", "/").replace("~0", "~")
            node = node.get(key, {}) if isinstance(node, dict) else {}
        return dict(node) if isinstance(node, dict) else {}


def _kind(rules: Mapping[str, Any]) -> Kind:
    named = rules.get("type")
    if isinstance(named, str) and named in _KINDS:
        return _KINDS[named]
    if "properties" in rules or "additionalProperties" in rules:
        return "object"
    if "items" in rules:
        return "array"
    sample = next(iter(rules.get("enum", [])), rules.get("const"))
    if isinstance(sample, bool):
        return "boolean"
    if isinstance(sample, int | float):
        return "number"
    return "string" if isinstance(sample, str) or "pattern" in rules or "format" in rules else "any"


def _list(rules: Mapping[str, Any], key: str) -> list[object]:
    value = rules.get(key)
    return value if isinstance(value, list) else []


def _merge(left: JsonObject, right: JsonObject) -> JsonObject:
    merged = {key: value for key, value in left.items() if key != "allOf"} | right
    both = [part.get("properties") for part in (left, right)]
    if all(isinstance(part, dict) for part in both):
        merged["properties"] = {**left["properties"], **right["properties"]}
    needs = [part.get("required") for part in (left, right)]
    if all(isinstance(part, list) for part in needs):
        merged["required"] = [*left["required"], *right["required"]]
    return merged
