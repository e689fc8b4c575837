"""Kinds: what a document calls itself."""

import re
from typing import Final

from qwen_vision.engines.embedded.facts import Reading

_KINDS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), en, zh)
    for pattern, en, zh in (
        (r"\breceipt\b|cash (?:bill|sales?)\b|收据|小票", "a receipt", "一张收据"),
        (r"\b(?:tax )?invoice\b|factuur|rechnung|facture\b|发票", "an invoice", "一张发票"),
        (r"\bboarding pass\b|登机牌", "a boarding pass", "一张登机牌"),
        (r"\bmenu\b|菜单", "a menu", "一份菜单"),
        (r"\bcertificate\b|证书", "a certificate", "一份证书"),
        (r"\bpassport\b|护照", "a passport", "一本护照"),
        (r"\bbank statement\b|对账单", "a bank statement", "一份对账单"),
        (r"\bticket\b|车票|门票", "a ticket", "一张票"),
        (r"\b(?:curriculum vitae|résumé)\b|简历", "a résumé", "一份简历"),
    )
)
_TITLE_CHARS: Final = 40


def document_kind(reading: Reading) -> tuple[str, str, str] | None:
    """What a document calls itself: English words, Chinese words and the line that says so.

    A line counts as such a title when it is short and has no number of its own.
    """
    for line in reading.lines:
        text = line.text
        if len(text) > _TITLE_CHARS or re.search(r"\d", text):
            continue
        for pattern, en, zh in _KINDS:
            if pattern.search(text) and len(text.split()) <= 3:
                return en, zh, text
    return None


def document_words(reading: Reading) -> str | None:
    """What a document calls itself in English, such as `an invoice`."""
    kind = document_kind(reading)
    return kind[0] if kind else None
