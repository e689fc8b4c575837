"""Payments: what a bill says of the card it was paid with."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet

# A number of which only the end is printed, or a card named with its last digits.
_MASKED: Final = re.compile(
    r"(?i)(?:[*x•.·#]{2,}[ -]?){1,4}(?P<digits>\d{4})(?!\d)|"
    r"\b(?:visa|master ?card|amex|debit|credit|card|acct)\b\D{0,12}(?P<named>\d{4})(?![\d.,/])"
)


def find_card_digits(sheet: Sheet) -> list[Found]:
    """The last four digits of the card, from a number printed behind stars or dots."""
    found = []
    for line in sheet.lines:
        match = _MASKED.search(line.text)
        if match is not None:
            digits = match["digits"] or match["named"]
            found.append(Found(digits, digits, (line,), "the end of a hidden number", line))
    return found
