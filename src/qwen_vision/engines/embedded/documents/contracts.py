"""Contracts: the parties that a sentence defines, as in `Acme Ltd (the "Provider")`."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.blocks import Role, party_heading
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet

_DEFINED: Final = re.compile(
    r"\(\s*(?:hereinafter |herein |referred to as |the |nachfolgend |ci-après )*"
    r"[\"“”'„](?:the )?(?P<word>[^\"“”']{3,30})[\"“”']\s*\)"
)
# The first party follows "between", the next one "and" after the words for the first.
_BETWEEN: Final = re.compile(
    r"(?i).*\b(?:between|zwischen|entre)\s+|^[\s,]*(?:and|und|et|y)\s+", re.DOTALL
)
_NAME_WORDS: Final = 9
# On a bill these words may name a person; in a contract they are the side that is paid.
_PROVIDES: Final = re.compile(r"(?i)provider|contractor|consultant|licensor|company|employer")


def defined_parties(sheet: Sheet, role: Role) -> list[Found]:
    """The names that the text of a contract gives to a party, from the top."""
    text = " ".join(line.text for line in sheet.lines)
    found = []
    start = 0
    for match in _DEFINED.finditer(text):
        before, start = text[start : match.start()], match.end()
        led = _BETWEEN.match(before)
        if led is None or _role_of(match["word"]) != role:
            continue
        name = before[led.end() :].partition(",")[0].strip()
        words = name.split()
        line = next((line for line in sheet.lines if words and words[0] in line.text), None)
        if line is not None and len(words) <= _NAME_WORDS:
            found.append(Found(name, name, (line,), f"called the {match['word']}", line))
    return found


def _role_of(word: str) -> Role | None:
    heading = party_heading(word)
    if heading is not None:
        return heading[0]
    return "seller" if _PROVIDES.fullmatch(word) else None
