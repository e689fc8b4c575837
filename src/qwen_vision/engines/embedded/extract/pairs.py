"""Pairs: every label of a page with the value it names."""

import re
from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.blocks import headed, party_heading
from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import after_label, labelled
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.unmarked import unmarked_pairs
from qwen_vision.engines.embedded.facts import TextLine

_PAIR: Final = re.compile(r"^\W*(?P<label>[^\W\d_][^:：]{0,40}?)\s*[:：]\s*(?P<rest>.*)$")
_MAX_LABEL_WORDS: Final = 6
# A page that prints no colon still says who, when and how much.
# A page with two ways to reach someone is a card.
_REACHED: Final = ("phone", "email", "website", "address")
_CARD: Final = ("person", "job_title", "company")
_CARD_SIGNS: Final = 2
_ALWAYS: Final = (
    "company", "address", "phone", "email", "tax_id", "customer", "date", "due_date",
    "invoice_number", "order_number", "po_number", "customer_number", "bank_account", "iban",
    "subtotal", "discount", "tax", "total", "cash", "change",
)  # fmt: skip
_NUMBERED: Final = ("bank_account", "iban", "date", "invoice_number", "customer_number")
_BILL_SIGNS: Final = 2


def all_pairs(sheet: Sheet) -> dict[str, Found]:
    """Labels as printed, each with its value, from the top; then the usual fields of a bill."""
    pairs: dict[str, Found] = {}
    for line in sheet.lines:
        match = _PAIR.match(line.text)
        if match is None or len(match["label"].split()) > _MAX_LABEL_WORDS or _is_time(match):
            continue
        found = _party_at(sheet, line)
        if found is None:
            found = next(after_label(sheet, line, match["rest"], kind="text"), None)
        if found is not None and not found.text.endswith((":", "：")):
            pairs.setdefault(match["label"].strip(" *-#"), found)
    for label, found in unmarked_pairs(sheet):
        pairs.setdefault(label, found)
    # A picture of a few words is no bill: only labels or amounts make it one.
    if pairs or find_field(sheet, concepts()["total"]) or _labels_of(sheet) >= _BILL_SIGNS:
        _add_usual(sheet, pairs, _ALWAYS)
    elif sum(bool(find_field(sheet, concepts()[name])) for name in _REACHED) >= _CARD_SIGNS:
        _add_usual(sheet, pairs, (*_CARD, *_REACHED))
    return pairs


def _party_at(sheet: Sheet, line: TextLine) -> Found | None:
    """The name under a heading such as `Bill to:`; what stands beside it is another entry."""
    heading = party_heading(line.text)
    for block in headed(sheet, heading[0]) if heading is not None else ():
        if block.heading is line and (named := block.named) is not None:
            return Found(named[0], named[0], (named[1],), f"under: {line.text}", line)
    return None


def _labels_of(sheet: Sheet) -> int:
    """How many of the usual numbers and dates the page labels."""
    known = concepts()
    return sum(bool(labelled(sheet, known[name])) for name in _NUMBERED)


def _add_usual(sheet: Sheet, pairs: dict[str, Found], usual: Sequence[str]) -> None:
    taken: set[int] = {id(line) for found in pairs.values() for line in found.lines}
    for name in usual:
        concept = concepts()[name]
        found = next(iter(find_field(sheet, concept)), None)
        if found is None or any(concept.asks.fullmatch(fold(label)) for label in pairs):
            continue
        if all(id(line) in taken for line in found.lines) and name not in {"total", "date"}:
            continue
        pairs.setdefault(_printed(found, name), found)


def _printed(found: Found, name: str) -> str:
    label = found.label
    if isinstance(label, TextLine) and label not in found.lines and name not in {"address"}:
        return label.text.strip(" :：")
    return "name" if name == "person" else name.replace("_", " ")


def _is_time(match: re.Match[str]) -> bool:
    """Whether the colon stands in a time of day or a web address instead of after a label."""
    rest = match["rest"]
    return bool(re.match(r"//", rest)) or bool(
        re.search(r"\d$", match["label"]) and re.match(r"\d\d\b", rest)
    )
