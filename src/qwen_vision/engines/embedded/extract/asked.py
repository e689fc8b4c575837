"""Asked: the keys a prompt wants, from a JSON template, a list of keys or the words in it."""

import json
import re
from typing import Any, Final

import msgspec

from qwen_vision.engines.embedded.documents.concepts import mentions
from qwen_vision.protocol.messages import JsonObject

_LIST: Final = re.compile(
    r"(?:keys?|fields?|columns?|properties|字段|键|包括|包含|以下)[^:：\n{]{0,40}?(?:[:：]|\bare\b|是)\s*(?P<list>[^\n{}]{3,400})",
    re.IGNORECASE,
)
_AS_JSON: Final = re.compile(
    r"\bjson\b[^:：\n{]{0,20}[:：]\s*(?P<list>[^\n{}.]{3,300})", re.IGNORECASE
)
_WITH: Final = re.compile(
    r"\b(?:with|using)(?: the)? (?:keys?|fields?|properties)\s+(?P<list>[^\n{}.]{3,300})",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"[\"“'`]([A-Za-z][\w -]{0,40}|[\u3400-\u9fff]{1,12})[\"”'`]")
_SPLIT: Final = re.compile(r"\s*(?:[,，、;；]|\band\b|和|以及)\s*", re.IGNORECASE)


def told_schema(text: str) -> JsonObject | None:
    """A JSON Schema of an object that stands in the text, or None."""
    if '"properties"' not in text:
        return None
    for start in (match.start() for match in re.finditer(r"\{", text)):
        value = _json_at(text, start)
        if isinstance(value, dict) and _is_schema(value):
            return value
    return None


def has_template(text: str) -> bool:
    """Whether the text holds a JSON object to be filled in."""
    return _template(text) is not None


def asked_schema(prompt: str) -> JsonObject | None:
    """A schema for what the prompt asks in words or as a template; None when it names nothing."""
    template = _template(prompt)
    if template is not None:
        return template
    keys = _keys(prompt)
    if not keys:
        named = [mention for mention in mentions(prompt) if mention.words not in {"amount", "金额"}]
        keys = [re.sub(r"\W+", "_", mention.words).strip("_") for mention in named]
    if not keys:
        return None
    return {
        "type": "object",
        "properties": {key: {"type": ["string", "null"]} for key in dict.fromkeys(keys)},
        "required": list(dict.fromkeys(keys)),
    }


def _keys(prompt: str) -> list[str]:
    match = _WITH.search(prompt) or _LIST.search(prompt) or _AS_JSON.search(prompt)
    if match is None:
        return []
    marked = _QUOTED.findall(match["list"])
    if marked:
        return [str(key).strip() for key in marked]
    pieces = [piece.strip(" .。:：\"'`") for piece in _SPLIT.split(match["list"])]
    short = [piece for piece in pieces if piece and len(piece.split()) <= 4 and len(piece) <= 40]
    return short if len(short) == len([piece for piece in pieces if piece]) else []


def _template(prompt: str) -> JsonObject | None:
    for start in (match.start() for match in re.finditer(r"[\[{]", prompt)):
        value = _json_at(prompt, start)
        if isinstance(value, dict) and value:
            return value if _is_schema(value) else _schema_of(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return {"type": "array", "items": _schema_of(value[0])}
    return None


def _json_at(text: str, start: int) -> object:
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except ValueError:
        return None


def _is_schema(value: dict[str, Any]) -> bool:
    return isinstance(value.get("properties"), dict) and value.get("type") == "object"


def _schema_of(example: object) -> JsonObject:
    """The schema of an example: values are empty, or describe what belongs there."""
    if isinstance(example, dict):
        return {
            "type": "object",
            "properties": {str(key): _schema_of(value) for key, value in example.items()},
            "required": [str(key) for key in example],
        }
    if isinstance(example, list):
        return {"type": "array", "items": _schema_of(example[0]) if example else {}}
    if isinstance(example, bool):
        return {"type": ["boolean", "null"]}
    if isinstance(example, int | float):
        return {"type": ["number", "null"]}
    about = example.strip() if isinstance(example, str) else ""
    return {"type": ["string", "null"], "description": about}


def encode_json(value: object, *, indent: bool = False) -> str:
    """A value as JSON text, in the order given."""
    encoded = msgspec.json.encode(value)
    return (msgspec.json.format(encoded, indent=2) if indent else encoded).decode()
