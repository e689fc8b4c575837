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
        (r"\b(?:bank|account) statement\b|kontoauszug|对账单", "a bank statement", "一份对账单"),
        (r"\bticket\b|车票|门票", "a ticket", "一张票"),
        (
            r"\bcredit (?:note|memo)\b|gutschrift|\bavoir\b|红字发票",
            "a credit note",
            "一张贷项通知单",
        ),
        (r"\b(?:quotation|quote|angebot|devis)\b|报价单", "a quotation", "一份报价单"),
        (r"\bpurchase order\b|采购订单", "a purchase order", "一份采购订单"),
        (r"\bdelivery note\b|lieferschein|送货单", "a delivery note", "一张送货单"),
        (r"\bprice ?list\b|preisliste|价目表|价格表", "a price list", "一份价目表"),
        (r"\btime ?table\b|fahrplan|时刻表|课程表", "a timetable", "一份时刻表"),
        (r"\b(?:contract|agreement)\b|合同|协议", "a contract", "一份合同"),
        (r"\bform\b|登记表|申请表|表单", "a form", "一份表格"),
        (
            r"^(?:(?:dear|sehr geehrter?|estimad[oa]s?|ch[eè]re?)\b|尊敬的|亲爱的).*[,，:：]$",
            "a letter",
            "一封信",
        ),
        (r"\b(?:curriculum vitae|résumé)\b|简历", "a résumé", "一份简历"),
    )
)
_TITLE_CHARS: Final = 40
_NUMBERED: Final = re.compile(r"\s*(?:no\b|nr\b|number|#|:|号|编号)", re.IGNORECASE)


def document_kind(reading: Reading) -> tuple[str, str, str] | None:
    """What a document calls itself: English words, Chinese words and the line that says so.

    A line counts when it is such a title, or gives the document's number.
    """
    for line in reading.lines:
        text = line.text.strip(" -*#=")
        for pattern, en, zh in _KINDS:
            match = pattern.search(text)
            if match is not None and _is_title(text, match):
                return en, zh, line.text
    return None


def _is_title(text: str, match: re.Match[str]) -> bool:
    """Whether the words stand alone, or begin a line that goes on with their number."""
    if len(text) > _TITLE_CHARS:
        return False
    if match[0] == text:
        return True
    numbered = _NUMBERED.match(text[match.end() :]) if match.start() == 0 else None
    return numbered is not None or (len(text.split()) <= 3 and not re.search(r"\d", text))


def document_words(reading: Reading) -> str | None:
    """What a document calls itself in English, such as `an invoice`."""
    kind = document_kind(reading)
    return kind[0] if kind else None
