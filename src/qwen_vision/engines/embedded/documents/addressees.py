"""Addressees: whom a document names beside its issuer, and which of its lines are whose."""

import re
from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.blocks import (
    ROLES,
    Block,
    Role,
    headed,
    joined,
    party_heading,
    standing_alone,
)
from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.contracts import defined_parties
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import labelled
from qwen_vision.engines.embedded.documents.parties import find_address, find_company
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.titles import is_title
from qwen_vision.engines.embedded.facts import TextLine

_GREETING: Final = re.compile(
    r"(?i)(?:dear|sehr geehrter?|estimad[oa]|ch[eè]re?|尊敬的|亲爱的)\s*"
    r"(?P<name>(?!sir|madam|all|team)\S.{1,40}?)\s*[,，:：]?$"
)
_LETTERS: Final = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
# Japanese letters and bills mark whom they are for.
_HONOURED: Final = re.compile(r"(?P<name>\S.*?)\s*(?:御中|様|殿)$")


def find_customer(sheet: Sheet) -> list[Found]:
    """Whom a document is for, best first.

    A heading such as "Bill to" tells; else a label, the address that is not the issuer's,
    or whom a letter greets.
    """
    told = [
        value
        for value in labelled(sheet, concepts()["customer"])
        if _LETTERS.search(value.text) and not is_title(value.text)
    ]
    blocks = [block for role in ROLES for block in headed(sheet, role)]
    under = {id(line) for block in blocks for line in block.lines}
    told = [value for value in told if not any(id(line) in under for line in value.lines)]
    # "Deliver to" names the customer only where nothing else does.
    delivered = [value for value in told if value.label and _is_delivery(value.label.text)]
    return [
        *defined_parties(sheet, "customer"),
        *_names(headed(sheet, "customer"), "named under its heading"),
        *(value for value in told if value not in delivered),
        *_honoured(sheet),
        *_names(addressed(sheet), "the address that is not the issuer's"),
        *delivered,
        *_greeted(sheet),
    ]


def _is_delivery(label: str) -> bool:
    heading = party_heading(label)
    return heading is not None and heading[0] == "recipient"


def party_names(sheet: Sheet, role: Role) -> list[Found]:
    """The name of a party, best first."""
    if role == "seller":
        return find_company(sheet)
    if role == "customer":
        return find_customer(sheet)
    return _names(headed(sheet, "recipient"), "named under its heading") or find_customer(sheet)


def party_addresses(sheet: Sheet, role: Role) -> list[Found]:
    """The address of a party, best first; never that of another."""
    if role == "seller":
        return find_address(sheet)
    return [
        Found(joined(lines), joined(lines), lines, "the lines under the name", block.heading)
        for block in party_blocks(sheet, role)
        if (lines := block.address)
    ]


def party_sheet(sheet: Sheet, role: Role) -> Sheet:
    """The lines that may speak of a party: for the issuer all that are not another's."""
    if role == "seller":
        others = [
            line
            for other in ("customer", "recipient")
            for block in party_blocks(sheet, other)
            for line in block.lines
        ]
        return Sheet(without(sheet.lines, others))
    mine = {id(line) for block in party_blocks(sheet, role)[:1] for line in block.lines}
    return Sheet(tuple(line for line in sheet.lines if id(line) in mine))


def party_blocks(sheet: Sheet, role: Role) -> list[Block]:
    """The lines of a party, best first."""
    blocks = headed(sheet, role)
    if role == "customer":
        return blocks + addressed(sheet)
    if role == "recipient" and not blocks:
        return party_blocks(sheet, "customer")
    return blocks


def addressed(sheet: Sheet) -> list[Block]:
    """Addresses without a heading that are not the issuer's, from the top."""
    company = next(iter(find_company(sheet)), None)
    known = _plain(company.text) if company is not None else ""
    own = {id(line) for line in company.lines} if company is not None else set()
    # Where the seller stands under a heading, as on an order, the other address is the buyer's.
    told = bool(headed(sheet, "seller"))
    found = []
    for block in standing_alone(sheet):
        name = block.named
        if name is None or any(id(line) in own for line in block.lines):
            continue
        said = _plain(name[0])
        alike = bool(known) and (said in known or known in said)
        if not alike and (told or not block.is_reached):
            found.append(block)
    return found


def without(lines: Sequence[TextLine], others: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The lines that are none of the others."""
    gone = {id(line) for line in others}
    return tuple(line for line in lines if id(line) not in gone)


def _names(blocks: Sequence[Block], why: str) -> list[Found]:
    named = [(block, name) for block in blocks if (name := block.named) is not None]
    return [Found(text, text, (line,), why, block.heading) for block, (text, line) in named]


def _honoured(sheet: Sheet) -> list[Found]:
    marked = [(line, _HONOURED.match(line.text.strip())) for line in sheet.lines]
    return [
        Found(match["name"], match["name"], (line,), "named with an honorific")
        for line, match in marked
        if match is not None and len(match["name"]) > 1
    ]


def _greeted(sheet: Sheet) -> list[Found]:
    for line in sheet.lines:
        match = _GREETING.match(line.text.strip())
        if match:
            name = match["name"].strip(" ,，:：")
            return [Found(name, name, (line,), "whom the letter greets", rank=2)]
    return []


def _plain(text: str) -> str:
    return re.sub(r"\W", "", fold(text))
