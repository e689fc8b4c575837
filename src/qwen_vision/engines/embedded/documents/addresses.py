"""Addresses: street, city, postal code, state and country out of the issuer's address."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import fold
from qwen_vision.engines.embedded.documents.countries import COUNTRIES
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.parties import find_address
from qwen_vision.engines.embedded.documents.sheet import Sheet

_CODES: Final = (
    re.compile(r"\b\d{5}(?:-\d{4})?(?!\d)"),
    re.compile(r"\b\d{4} ?[A-Z]{2}\b"),
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"),
    re.compile(r"\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b"),
    re.compile(r"\b\d{6}\b"),
)
_STATE: Final = re.compile(r"\b[A-Z]{2}$")


def find_address_part(sheet: Sheet, part: str) -> list[Found]:
    """The `street`, `city`, `postal_code`, `state`, `country` or `country_code` of the issuer."""
    return address_part(next(iter(find_address(sheet)), None), part)


def address_part(address: Found | None, part: str) -> list[Found]:
    """The same parts of an address found before."""
    if address is None:
        return []
    for line in address.lines:
        pieces = [piece.strip(" .") for piece in re.split("[,，]", line.text) if piece.strip(" .")]
        for place, piece in enumerate(pieces):
            text = _part_of(piece, part, before=pieces[place - 1] if place else "")
            if text:
                return [Found(text, text, (line,), f"part of the address: {line.text}", rank=2)]
    return []


def _part_of(line: str, part: str, *, before: str) -> str:
    """The part that a piece of an address gives; `before` is the piece before it.

    The city may stand there: `Springfield, IL 62704`.
    """
    code = next((match for pattern in _CODES if (match := pattern.search(line))), None)
    country = COUNTRIES.get(fold(line))
    if part in {"country", "country_code"}:
        return "" if country is None else line if part == "country" else country
    if part == "street":
        return line if code is None and country is None and re.search(r"\d", line) else ""
    if code is None:
        return ""
    if part == "postal_code":
        return code[0]
    head, after = line[: code.start()].strip(" -"), line[code.end() :].strip(" -.")
    state = _STATE.search(head)
    if part == "state":
        return state[0] if state else ""
    place = head[: state.start()].strip() if state else head
    return place or after or before
