"""Rates: the price of one, of a kilogram or of a night, and of several at the price of one."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import stem, stems
from qwen_vision.engines.embedded.extract.terms import COUNTS, Term, only_amount
from qwen_vision.engines.embedded.rooms.reckoned import Paper, Reckoned, rounded, said

# What asks for money.
MONEY: Final = re.compile(
    r"\bhow much\b|\bcosts?\b|\bprices?\b|\bpay\b|\bowe\b|\btotal\b|\bsum\b|\bplus\b|多少|价", re.I
)
_SINGLE: Final = re.compile(
    r"\b(?:one|a single|per|each|every|an? (?:unit|piece)|unit price|apiece)\b|单价|一(?:个|"
    r"杯|份|瓶|件|碗)|每",
    re.IGNORECASE,
)
_PER: Final = re.compile(
    r"(?:\bper|\ba|/|每)\s?(?P<many>\d+ ?)?(?P<unit>kilo(?:gram)?|kg|g|gram|grams|litre|"
    r"liter|l|ml|公斤|千克|克|升|毫升)\b|"
    r"每(?P<han>公斤|千克|克|升|毫升)",
    re.IGNORECASE,
)
_WEIGHT: Final = re.compile(
    r"(?<![\w.,])(?P<many>\d+(?:[.,]\d+)?)\s?(?P<unit>kg|g|l|ml|公斤|千克|克|升|毫升)(?![a-z])",
    re.I,
)
_UNITS: Final = {
    "kg": ("mass", Decimal(1)), "kilo": ("mass", Decimal(1)), "kilogram": ("mass", Decimal(1)),
    "公斤": ("mass", Decimal(1)), "千克": ("mass", Decimal(1)), "g": ("mass", Decimal("0.001")),
    "gram": ("mass", Decimal("0.001")), "grams": ("mass", Decimal("0.001")),
    "克": ("mass", Decimal("0.001")), "l": ("volume", Decimal(1)), "litre": ("volume", Decimal(1)),
    "liter": ("volume", Decimal(1)), "升": ("volume", Decimal(1)),
    "ml": ("volume", Decimal("0.001")), "毫升": ("volume", Decimal("0.001")),
}  # fmt: skip
_TWO: Final = 2
_PER_NOUN: Final = re.compile(r"\b(?:per|each|a|every) (?P<noun>[a-z]{3,})\b", re.IGNORECASE)
_MANY: Final = re.compile(r"\b(\d{1,3}) ([a-z]{3,})\b", re.IGNORECASE)
_COUNT: Final = r"(?P<count>\d{1,3}|" + "|".join(sorted(COUNTS, key=len, reverse=True)) + ")"
_SEVERAL: Final = re.compile(
    rf"(?:(?<!\w)|(?<=[买要])){_COUNT}(?: (?:of (?:these|them|those)|"
    r"(?:packs?|packets?|pieces?|jars?|boxes|box|bottles?|bags?|units?|cans?|tins?|copies|items)\b|"
    r"(?P<thing>[a-z]{3,}))|\s?[包袋瓶盒个份件罐张本斤])",
    re.IGNORECASE,
)
# Two dollars per hour, € 20.29 / kg: what follows the amount.
_RATE: Final = re.compile(
    r"^\s?(?:dollars?|euros?|pounds?|yuan|cents?|[$€£¥元])?\s?(?:per|an?|each|every|/)\s?"
    r"(?P<unit>[a-z]+|小时|天|晚|公斤|千克|人|次|位)",
    re.IGNORECASE,
)
_OF_UNIT: Final = re.compile(
    rf"(?<!\w)(?:{_COUNT}|per|each|every)\s?(?P<unit>[a-z]+|(?:个)?(?:小时|天|晚|公斤|千克|人|次|位))",
    re.IGNORECASE,
)
# What a price is for once and not for each, unless a rate says so.
_TIME_UNITS: Final = stems("minutes hours days nights weeks months years people persons times")
_TIMES: Final = re.compile(
    r"(?<![\w.,])(?P<many>\d{1,3})\s?[x×@*]\s?(?P<price>[$€£¥]?\d[\d.,]*)", re.IGNORECASE
)
_SAME_UNIT: Final = {"kilo": "kg", "kilogram": "kg", "hr": "hour", "公斤": "kg", "千克": "kg"}
_OFFER: Final = re.compile(
    r"(?<![\w.,])(?P<many>\d{1,2}) (?:[a-z]+ )?for (?P<rest>\D{0,3}\d.*)", re.I
)
_LEFT: Final = re.compile(
    r"\b(?:free|left|remain\w*|available|unused)\b|剩|可用|空闲", re.IGNORECASE
)
_USED: Final = re.compile(r"\b(?:used|taken|occupied|full|spent|booked)\b|已用|使用", re.IGNORECASE)
_PART: Final = re.compile(
    r"(?P<part>\d+(?:[.,]\d+)?)\s?(?P<unit>[a-z%]{0,8})\s(?:out )?of\s"
    r"(?P<whole>\d+(?:[.,]\d+)?)\s?(?P<same>[a-z]{0,8})",
    re.IGNORECASE,
)


def asks_a_rate(text: str) -> bool:
    """Whether the words ask for the price of one, of several, or for what is left of a whole."""
    return any(pattern.search(text) for pattern in (_SINGLE, _PER, _SEVERAL, _OF_UNIT, _LEFT))


def offered(paper: Paper) -> Reckoned | None:
    """The printed price of so many: `3 jars for €18`."""
    if not MONEY.search(paper.question):
        return None
    wanted = {_number(match["count"]) for match in _SEVERAL.finditer(paper.question)} - {1}
    for reading in paper.readings[:1]:
        for line in reading.lines:
            offer = _OFFER.search(line.text)
            price = find_amounts(offer["rest"])[:1] if offer else []
            if offer and price and int(offer["many"]) in wanted and price[0].currency:
                return Reckoned(price[0].text, line.text)
    return None


def printed_unit(paper: Paper) -> Reckoned | None:
    """The price of one that the row prints before its sum: `2 x 1.10  2.20`."""
    if len(paper.terms) != 1 or not (
        _SINGLE.search(paper.question) and MONEY.search(paper.question)
    ):
        return None
    term = paper.terms[0]
    for reading in paper.readings:
        for row in reading.text.split("\n"):
            match = _TIMES.search(row) if term.text in row else None
            price = find_amounts(match["price"])[:1] if match else []
            if match and price and price[0].value * int(match["many"]) == term.value:
                return Reckoned(price[0].text, f"{said(term)} ÷ {match['many']}", (term,))
    return None


def several_of_one(paper: Paper) -> Reckoned | None:
    """So many times the only price of a tag: two packs of it, three of these."""
    match = _SEVERAL.search(paper.question)
    tag = only_amount(paper.readings[0]) if len(paper.readings) == 1 else None
    if match is None or tag is None or not MONEY.search(paper.question):
        return None
    count = _number(match["count"])
    sold = stems(paper.readings[0].text) - _TIME_UNITS
    if count < _TWO or (match["thing"] and stem(match["thing"].lower()) not in sold):
        return None
    return Reckoned(rounded(tag.value * count, tag), f"{count} × {tag.text}", (tag,))


def at_a_rate(paper: Paper) -> Reckoned | None:
    """What so many hours or kilograms cost at the price that a sentence gives for one."""
    wanted = {
        _unit(match["unit"]): _number(match["count"] or "1")
        for match in _OF_UNIT.finditer(paper.question)
    }
    if not wanted or not MONEY.search(paper.question):
        return None
    asked = stems(paper.question)
    found: dict[int, list[Reckoned]] = {}
    for sentence in (text for reading in paper.readings for text in sentences(reading)):
        for price in find_amounts(sentence):
            rate = _RATE.match(sentence[price.start + len(price.text) :])
            count = wanted.get(_unit(rate["unit"])) if rate else None
            if rate and count:
                near = stems(sentence[max(0, price.start - 40) : price.start])
                places = max(0, -int(price.value.as_tuple().exponent))
                value = (price.value * count).quantize(Decimal(1).scaleb(-places))
                formula = f"{count} × {price.text.lstrip('(')}{rate[0]}"
                found.setdefault(len(asked & near), []).append(Reckoned(str(value), formula))
    best = found.get(max(found, default=0), [])
    return best[0] if len(best) == 1 else None


def left_of_whole(paper: Paper) -> Reckoned | None:
    """What is left of a whole that a row gives a used part of: `61 GB of 128 GB used`."""
    if not _LEFT.search(paper.question):
        return None
    asked = stems(paper.question)
    for reading in paper.readings[:1]:
        for row in reading.text.split("\n"):
            match = _PART.search(row) if stems(row) & asked else None
            if match is None or not _USED.search(row):
                continue
            part, whole = (Decimal(match[name].replace(",", ".")) for name in ("part", "whole"))
            unit = match["same"] or match["unit"]
            if match["unit"] in {"", unit}:
                return Reckoned(f"{whole - part} {unit}".strip(), f"{whole} − {part}")
    return None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else COUNTS[word.lower()]


def _unit(word: str) -> str:
    unit = stem(word.lower().removeprefix("个"))
    return _SAME_UNIT.get(unit, unit)


def weighed(paper: Paper) -> Reckoned | None:
    """The price per kilogram, litre and so on, of what is weighed on the page."""
    match = _PER.search(paper.question)
    if match is None:
        return None
    if match["unit"] is None and match["han"] is None:
        return None
    kind, size = _UNITS[(match["unit"] or match["han"]).lower()]
    size *= int(match["many"] or 1)
    for term, text in _with_text(paper):
        for weight in _WEIGHT.finditer(text):
            other, each = _UNITS[weight["unit"].lower()]
            amount = Decimal(weight["many"].replace(",", ".")) * each
            if other == kind and amount:
                value = rounded(term.value / amount * size, replace(term, value=Decimal("0.00")))
                return Reckoned(value, f"{said(term)} ÷ {weight[0]}", (term,))
    return None


def per_printed(paper: Paper) -> Reckoned | None:
    """The price per night of a row that prints "3 nights": the noun after a number of it."""
    match = _PER_NOUN.search(paper.question)
    for term in paper.terms if match else ():
        for many, noun in _MANY.findall(term.name):
            if match and stem(noun.lower()) == stem(match["noun"].lower()) and int(many):
                value = rounded(term.value / int(many), replace(term, value=Decimal("0.00")))
                return Reckoned(value, f"{said(term)} ÷ {many}", (term,))
    return None


def _with_text(paper: Paper) -> list[tuple[Term, str]]:
    """Each number asked about with the words that may weigh it: its row, or the whole tag."""
    found = [(term, term.name) for term in paper.terms]
    tag = only_amount(paper.readings[0]) if len(paper.readings) == 1 else None
    if tag is not None:
        found.append((tag, paper.readings[0].text))
    return found


def single(paper: Paper) -> Reckoned | None:
    """The price of one, of a row that gives the price of several."""
    if len(paper.terms) != 1 or not _SINGLE.search(paper.question):
        return None
    term = paper.terms[0]
    if term.quantity is None or term.quantity <= 1 or not MONEY.search(paper.question):
        return None
    value = rounded(term.value / term.quantity, term)
    return Reckoned(value, f"{said(term)} ÷ {term.quantity}", (term,))
