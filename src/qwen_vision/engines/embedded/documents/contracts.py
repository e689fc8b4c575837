"""Contracts: the parties that a sentence defines, as in `Acme Ltd (the "Provider")`."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.blocks import Role, party_heading
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet

_DEFINED: Final = re.compile(
    r"(?:\b(?:between|and|by|is|zwischen|und|entre|et|y)\s+|^)"
    r"(?P<name>[^\W\d_a-z][^(),;“”\"]{2,60}?)(?:,[^()“”\"]{0,120})?\s*"
    r"\(\s*(?:hereinafter |herein |referred to as |the |nachfolgend |ci-après )*"
    r"[\"“”'„](?:the )?(?P<word>[^\"“”']{3,30})[\"“”']\s*\)"
)
# On a bill these words may name a person; in a contract they are the side that is paid.
_PROVIDES: Final = re.compile(r"(?i)provider|contractor|consultant|licensor|company|employer")


def defined_parties(sheet: Sheet, role: Role) -> list[Found]:
    """The names that the text of a contract gives to a party, from the top."""
    text = " ".join(line.text for line in sheet.lines)
    found = []
    for match in _DEFINED.finditer(text):
        if _role_of(match["word"]) != role:
            continue
        name = match["name"].strip()
        first = name.split()[0]
        line = next(line for line in sheet.lines if first in line.text)
        found.append(Found(name, name, (line,), f"called the {match['word']}", line))
    return found


def _role_of(word: str) -> Role | None:
    heading = party_heading(word)
    if heading is not None:
        return heading[0]
    return "seller" if _PROVIDES.fullmatch(word) else None
