"""Amounts of money and other numbers as they are printed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

CURRENCIES: Final = {
    "$": "USD", "us$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP",
    "¥": "CNY", "￥": "CNY", "元": "CNY", "圆": "CNY", "rmb": "CNY", "cny": "CNY", "rm": "MYR",
    "myr": "MYR", "₹": "INR", "rs": "INR", "rs.": "INR", "inr": "INR", "hk$": "HKD", "hkd": "HKD",
    "s$": "SGD", "sgd": "SGD", "aud": "AUD", "a$": "AUD", "cad": "CAD", "chf": "CHF",
    "sfr": "CHF", "fr.": "CHF", "r$": "BRL", "brl": "BRL", "mxn": "MXN", "nzd": "NZD",
    "jpy": "JPY", "円": "JPY", "₩": "KRW", "krw": "KRW", "nt$": "TWD", "twd": "TWD",
    "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "thb": "THB", "฿": "THB",
}  # fmt: skip

_MARK: Final = "|".join(re.escape(mark) for mark in sorted(CURRENCIES, key=len, reverse=True))
_NUMBER: Final = (
    r"\d{1,3}(?:[,.'\u2019 ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:\s?[.,]\s?\d{1,4})?(?!\d)"
)
_AMOUNT: Final = re.compile(
    rf"(?<![\w.,/:-])(?P<open>\()?(?P<sign>[-\u2212+]\s?)?"
    rf"(?:(?P<before>{_MARK})\.?\s*)?(?P<inner>[-\u2212]\s?)?"
    rf"(?P<number>{_NUMBER})(?P<after>\s?(?:{_MARK})(?![A-Za-z]))?(?P<close>\))?"
    r"(?P<percent>\s?[%％])?+"
    r"(?![\w/])(?!:\d)(?!-\d)",
    re.IGNORECASE,
)
# Currency marks stick to the number on receipts: RM30.90, Rs.1939, ¥128.00元.
_GLUED: Final = re.compile(rf"(?i)(?<![a-z])({_MARK})(?=[\d-])")


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed number: value, its text, currency (ISO code) when a mark stands beside it."""

    value: Decimal
    text: str
    currency: str | None
    has_cents: bool
    start: int
    is_percent: bool = False


def find_amounts(text: str) -> list[Amount]:
    """Every number in the text that reads as an amount or a percentage, in order."""
    spaced = _GLUED.sub(lambda mark: mark[1], text)
    found = []
    for match in _AMOUNT.finditer(spaced):
        value = read_number(match["number"])
        if value is None:
            continue
        negative = bool(
            (match["sign"] and match["sign"].strip() != "+")
            or match["inner"]
            or (match["open"] and match["close"])
        )
        mark = (match["before"] or match["after"] or "").strip().lower()
        found.append(
            Amount(
                value=-value if negative else value,
                text=match[0].strip(),
                currency=CURRENCIES.get(mark),
                has_cents=bool(re.search(r"[.,]\s?\d{2}$", match["number"])),
                start=match.start(),
                is_percent=match["percent"] is not None,
            )
        )
    return found


def read_number(text: str) -> Decimal | None:
    """The number in a text, with `,` or `.` as the decimal mark: `1.234,56` is 1234.56.

    A single mark before exactly three digits separates thousands when it is a comma and
    decimals when it is a point. None when the text is no number.
    """
    digits = re.sub(r"[\s'\u2019]", "", text)
    if not re.fullmatch(r"[-\u2212+]?[\d.,]*\d", digits):
        return None
    digits = digits.replace("\u2212", "-")
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        decimal = max(digits.rfind(","), digits.rfind("."))
        whole, cents = re.sub(r"[.,]", "", digits[:decimal]), digits[decimal + 1 :]
        return Decimal(f"{whole or 0}.{cents}")
    if commas + points > 1:
        return Decimal(re.sub(r"[.,]", "", digits))
    if commas and re.search(r",\d{3}$", digits):
        return Decimal(digits.replace(",", ""))
    return Decimal(digits.replace(",", "."))
