"""Take: a value of one kind out of a piece of text, or nothing."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import CURRENCIES, find_amounts
from qwen_vision.engines.embedded.documents.concepts import Kind
from qwen_vision.engines.embedded.documents.dates import (
    DateOrder,
    find_dates,
    find_times,
    without_dates,
)

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s,;]+|(?<![\w@.-])[\w-]+\.(?:com|org|net|cn|de|nl|io|eu)\b[^\s,;]*"
)
_PHONE: Final = re.compile(r"(?<!\w)\+?\(?\d[\d ()./-]{5,}\d(?!\w)")
_ID: Final = re.compile(
    r"(?<!\w)(?:[A-Z]{0,4} ?\d{2,}(?: \d{2,})+|[A-Za-z]{0,2}\d[\w/.-]*\w|[\w/.-]*\d[\w/.-]*)(?!\w)"
)
# Reading may join the word before a number to it.
_NUMBER_WORD: Final = re.compile(r"(?i)^(?:no|nr)\.(?=\w)")
_IBAN: Final = re.compile(
    r"(?<!\w)[A-Z]{2}\d{2}(?: ?(?!BIC\b|SWIFT\b)[A-Z0-9]{2,4}){3,8}(?: \d)?(?!\w)|"
    r"(?<!\w)[A-Z]{2}\d{8,}"
)
# How many characters the IBANs of a country have, as its registry lists them.
_IBAN_LENGTHS: Final = {
    "AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27,
    "GB": 22, "GR": 27, "HU": 28, "IE": 22, "IT": 27, "LU": 20, "NL": 18, "NO": 15, "PL": 28,
    "PT": 25, "RO": 24, "SE": 24, "SK": 24, "TR": 26,
}  # fmt: skip
_BIC: Final = re.compile(r"(?<!\w)[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?!\w)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A value: its text as printed and its plain form; `pure` when nothing else stood there."""

    text: str
    plain: Decimal | datetime.date | str
    pure: bool


def take(text: str, kind: Kind, *, order: DateOrder = "dmy") -> Taken | None:
    """The first value of this kind in the text."""
    return _TAKERS[kind](text, order)


def _amount(text: str, _: DateOrder) -> Taken | None:
    # A minus may stand before the currency; dates and times hold numbers that are no amounts.
    amounts = [
        amount
        for amount in find_amounts(without_dates(text))
        if not amount.is_percent and len(re.sub(r"\D", "", amount.text)) < 12
    ]
    if not amounts:
        return None
    best = next((amount for amount in amounts if amount.has_cents or amount.currency), amounts[0])
    rest = re.sub(r"[^\w]", "", text.replace(best.text, "", 1))
    return Taken(best.text, best.value, pure=not rest or rest.lower() in CURRENCIES)


def _percent(text: str, _: DateOrder) -> Taken | None:
    found = [amount for amount in find_amounts(text) if amount.is_percent]
    return (
        Taken(found[0].text, found[0].value, pure=found[0].text == text.strip()) if found else None
    )


def _count(text: str, _: DateOrder) -> Taken | None:
    match = re.search(r"(?<![\d.,])\d{1,5}(?:\.0{1,3})?(?![\d.,])", text)
    return Taken(match[0], Decimal(match[0]), pure=match[0] == text.strip()) if match else None


def _date(text: str, order: DateOrder) -> Taken | None:
    dates = find_dates(text, order)
    return (
        Taken(dates[0].text, dates[0].date, pure=dates[0].text == text.strip()) if dates else None
    )


def _time(text: str, _: DateOrder) -> Taken | None:
    times = find_times(text)
    return Taken(times[0], times[0], pure=times[0] == text.strip()) if times else None


def _id(text: str, order: DateOrder) -> Taken | None:
    cleaned = without_dates(text) if find_dates(text, order) else text
    match = _ID.search(cleaned)
    if match is None:
        return None
    value = _NUMBER_WORD.sub("", match[0].strip(" .-/"))
    if len(value) < 2 or re.fullmatch(r"\d+[.,]\d{2}", value):
        return None
    return Taken(value, value, pure=value == text.strip(" :#.-"))


def _pattern(pattern: re.Pattern[str]) -> Callable[[str, DateOrder], Taken | None]:
    def taker(text: str, _: DateOrder) -> Taken | None:
        match = pattern.search(text)
        if match is None:
            return None
        value = match[0].strip(" .,-/")
        return Taken(value, value, pure=value == text.strip())

    return taker


def _phone(text: str, order: DateOrder) -> Taken | None:
    for match in _PHONE.finditer(text):
        value = match[0].strip(" .-/")
        if 7 <= len(re.sub(r"\D", "", value)) <= 15 and not find_dates(value, order):
            if value.count("(") > value.count(")"):
                value = value.replace("(", "", 1)
            return Taken(value, value, pure=value == text.strip())
    return None


def looks_dialled(text: str) -> bool:
    """Whether digits look like a phone number without a label: +49 ..., (870) ..., 07-352 ..."""
    digits = re.sub(r"\D", "", text)
    if re.fullmatch(r"1[3-9]\d{9}", digits):
        return True
    grouped = re.search(r"\d[ ()-]+\d", text) is not None and "." not in text
    return (
        text[0] in "+("
        or (grouped and text[0] == "0")
        or bool(re.fullmatch(r"\d{3}[-. ]\d{3}[-. ]\d{4}", text))
    )


def is_iban(text: str) -> bool:
    """Whether a text has the letters and the length of an IBAN of its country."""
    plain = re.sub(r"\W", "", text).upper()
    return _IBAN_LENGTHS.get(plain[:2]) == len(plain) and plain[2:4].isdigit()


def _currency(text: str, _: DateOrder) -> Taken | None:
    # "AUD $12" is told by its code: several countries share the mark.
    for word in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text):
        if word.lower() in CURRENCIES:
            return Taken(word, CURRENCIES[word.lower()], pure=True)
    for amount in find_amounts(text):
        if amount.currency:
            return Taken(amount.currency, amount.currency, pure=True)
    for word in re.findall(r"[A-Za-z]{2,3}|[$€£¥￥₹元]", text):
        code = CURRENCIES.get(word.lower())
        if code and (word.isupper() or not word.isalpha()):
            return Taken(word, code, pure=True)
    return None


def _text(text: str, _: DateOrder) -> Taken | None:
    value = text.strip(" :：;,-=")
    return Taken(value, value, pure=True) if re.search(r"\w", value) else None


_TAKERS: Final[dict[Kind, Callable[[str, DateOrder], Taken | None]]] = {
    "amount": _amount, "percent": _percent, "count": _count, "date": _date, "time": _time,
    "id": _id, "iban": _pattern(_IBAN), "bic": _pattern(_BIC), "phone": _phone,
    "email": _pattern(_EMAIL), "url": _pattern(_URL),
    "currency": _currency, "text": _text, "party": _text, "address": _text,
}  # fmt: skip
