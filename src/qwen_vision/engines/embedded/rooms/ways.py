"""Ways: the ways of arithmetic on numbers of a page: tips, change, differences, shares, checks.

Each way is told by the words of a question and gives None unless the page names its numbers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import stem
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.terms import (
    COUNTS,
    Term,
    item_terms,
    only_amount,
    said_amounts,
)
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.rooms.spans import asks_a_span, time_between, went_from

_PERCENT: Final = re.compile(r"(?P<rate>\d+(?:[.,]\d+)?)\s?(?:%|％|per ?cent\b)", re.IGNORECASE)
_TIP: Final = re.compile(
    r"\btips?\b|\bgratuity\b|\bservice charge\b|%\s*(?:of|on)\b|小费|的?百分之", re.IGNORECASE
)
_OFF: Final = re.compile(
    r"(?:%|per ?cent)\s*(?:off|discount|rebate|reduction)\b|\bdiscount of\b", re.I
)
_CHANGE: Final = re.compile(
    r"\bchange\b.{0,40}\b(?:from|for|out of|back|with|if|get|of)\b|\b(?:pay|paid|paying|"
    r"hand|give)\b"
    r".{0,30}\b(?:change|back)\b|找(?:零|回|给|我|多少)",
    re.IGNORECASE,
)
_DIFFERENCE: Final = re.compile(
    r"\bdifference between\b|\bhow (?:much|many)(?: \w+)? (?:more|less|fewer|cheaper|dearer|higher|"
    r"lower|bigger|larger|smaller)\b|\bhow many(?: \w+)? more\b|\bhow much (?:do|would|can|could|"
    r"will) (?:i|we|you)"
    r" save\b|相差|差多少|多多少|少多少|贵多少|便宜多少|差价|高多少|低多少|省多少",
    re.IGNORECASE,
)
_TOGETHER: Final = re.compile(
    r"\btogether\b|\bin total\b|\baltogether\b|\btotal\b|\bcombined\b|\b(?:cost|pay|owe|come to|"
    r"be|sum|add|plus)\b|一共|总共|加起来|合计|共(?:多少|要)|加",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(
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
_PROOF: Final = re.compile(
    r"\b(?:add|sum)s? up\b.{0,20}\bto\b|\bdo(?:es)? .{0,40}\b(?:match|agree|equal|add up)\b|"
    r"(?:是否|是不是)?(?:相符|一致|对得上)",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(
    r"\bhow many (?:items|articles|products|things|pieces|units)\b.{0,60}\b(?:total|altogether|"
    r"quantit\w+|all|overall)\b",
    re.IGNORECASE,
)
_PER_NOUN: Final = re.compile(r"\b(?:per|each|a|every) (?P<noun>[a-z]{3,})\b", re.IGNORECASE)
_MANY: Final = re.compile(r"\b(\d{1,3}) ([a-z]{3,})\b", re.IGNORECASE)
_SPLIT: Final = re.compile(
    r"\b(?:split|divided?|share[ds]?)\b.{0,40}\b(?:between|among|by|with|in|into) (\d{1,2}|two|"
    r"three|four|five|six|eight|ten)\b|\b(\d{1,2}|two|three|four|five|six) (?:people|persons|"
    r"friends|of us)\b.{0,40}\b(?:each|split|share)\b|(\d{1,2}|[两三四五六]) ?(?:个)?人(?:平摊|"
    r"平分|分摊|AA)",
    re.IGNORECASE,
)
_LESS: Final = re.compile(
    r"\b(?:without|excluding|except(?: for)?|not counting|minus|leaving out)\b|不算|除了|除去|"
    r"不包括",
    re.IGNORECASE,
)
_PAIR: Final = 2
_ALL: Final = re.compile(
    r"\b(?:all|both|together|combined|altogether|in total)\b|一共|总共|合计|加起来", re.I
)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A result with the sum that led to it, and the numbers of the page in it."""

    value: str
    formula: str
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """What one question finds: its numbers on every picture, by the place of the picture."""

    question: str
    terms: tuple[Term, ...]
    readings: tuple[Reading, ...]


def asks(text: str) -> bool:
    """Whether the words ask for arithmetic of any kind."""
    patterns = (
        *(_PERCENT, _CHANGE, _DIFFERENCE, _TOGETHER, _SINGLE, _PER, _PROOF, _PIECES),
        *(_SPLIT, _LESS),
    )
    return any(pattern.search(text) for pattern in patterns) or asks_a_span(text)


def reckon(paper: Paper) -> Reckoned | None:
    """The first result that one of the ways gives."""
    return next((found for way in _WAYS if (found := way(paper)) is not None), None)


def _total(paper: Paper) -> Term | None:
    """The bill's total, or the one price there is."""
    for reading in paper.readings:
        for value in find_field(Sheet.of(reading), concepts()["total"])[:1]:
            if isinstance(value.plain, Decimal):
                return Term(
                    "total", value.plain, value.text, value.box, value.lines[0], concept="total"
                )
    return only_amount(paper.readings[0]) if len(paper.readings) == 1 else None


def _rounded(value: Decimal, *terms: Term) -> str:
    """A result with as many decimals as the money it was made of."""
    places = max([0, *(-int(term.value.as_tuple().exponent) for term in terms)])
    if value != value.to_integral_value():
        places = max(places, 2)
    result = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    mark = next((found[0] for term in terms if (found := re.match(r"[$€£¥￥]", term.text))), "")
    return f"{mark}{result}"


def _said(term: Term) -> str:
    return f"{term.name} {term.text}"


def _times(term: Term) -> str:
    return f"{term.count} × {_said(term)}" if term.count > 1 else _said(term)


def _percent(paper: Paper) -> Reckoned | None:
    match = _PERCENT.search(paper.question)
    off = _OFF.search(paper.question)
    if match is None or not (off or _TIP.search(paper.question)):
        return None
    rate = Decimal(match["rate"].replace(",", "."))
    named = [term for term in paper.terms if term.concept not in {"tip", "discount"}]
    base = named[0] if named else _total(paper)
    if base is None:
        return None
    part = base.value * rate / 100
    if off:
        value = _rounded(base.value - part, base)
        return Reckoned(value, f"{_said(base)} − {rate} %", (base,))
    whole = _rounded(base.value + part, base)
    formula = f"{rate} % × {_said(base)}; {base.text} + {rate} % = {whole}"
    return Reckoned(_rounded(part, base), formula, (base,))


def _change(paper: Paper) -> Reckoned | None:
    if not _CHANGE.search(paper.question):
        return None
    named = [term for term in paper.terms if term.concept != "change"]
    total = _total(paper)
    terms = named or ([total] if total is not None else [])
    owed = sum((term.value * term.count for term in terms), Decimal(0))
    given = [
        one.value
        for one in said_amounts(paper.question)
        if one.value >= owed and all(one.value != t.value for t in terms)
    ]
    if not terms or not given:
        return None
    formula = f"{given[0]} − " + " − ".join(_times(term) for term in terms)
    return Reckoned(_rounded(given[0] - owed, *terms), formula, tuple(terms))


def _difference(paper: Paper) -> Reckoned | None:
    if not _DIFFERENCE.search(paper.question) or len(paper.terms) != 2:
        return None
    high, low = sorted(paper.terms, key=lambda term: -term.value)
    value = _rounded(high.value - low.value, high, low)
    return Reckoned(value, f"{_said(high)} − {_said(low)}", (high, low))


def _weighed(paper: Paper) -> Reckoned | None:
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
                value = _rounded(term.value / amount * size, replace(term, value=Decimal("0.00")))
                return Reckoned(value, f"{_said(term)} ÷ {weight[0]}", (term,))
    return None


def _per_printed(paper: Paper) -> Reckoned | None:
    """The price per night of a row that prints "3 nights": the noun after a number of it."""
    match = _PER_NOUN.search(paper.question)
    for term in paper.terms if match else ():
        for many, noun in _MANY.findall(term.name):
            if match and stem(noun.lower()) == stem(match["noun"].lower()) and int(many):
                value = _rounded(term.value / int(many), replace(term, value=Decimal("0.00")))
                return Reckoned(value, f"{_said(term)} ÷ {many}", (term,))
    return None


def _split(paper: Paper) -> Reckoned | None:
    """The share of each when a sum is split between so many."""
    match = _SPLIT.search(paper.question)
    base = (paper.terms[0] if paper.terms else _total(paper)) if match else None
    if match is None or base is None:
        return None
    said = next(group for group in match.groups() if group).lower()
    many = int(said) if said.isdigit() else COUNTS.get(said, 0)
    if many < _PAIR:
        return None
    value = _rounded(base.value / many, replace(base, value=Decimal("0.00")))
    return Reckoned(value, f"{_said(base)} ÷ {many}", (base,))


def _without(paper: Paper) -> Reckoned | None:
    """The sum of a bill's lines but for the ones the question leaves out."""
    match = _LESS.search(paper.question)
    left_out = [
        term for term in paper.terms if match and not term.concept and term.asked_at > match.start()
    ]
    items = item_terms(paper.readings[0])
    kept = [term for term in items if term.line not in [other.line for other in left_out]]
    if not left_out or len(kept) != len(items) - len(left_out) or not kept:
        return None
    value = sum((term.value for term in kept), Decimal(0))
    return Reckoned(_rounded(value, *kept), " + ".join(map(_said, kept)), tuple(kept))


def _risen_between(paper: Paper) -> Reckoned | None:
    """How far one number went from the first picture to the second."""
    if len(paper.readings) != _PAIR or len(paper.terms) != _PAIR:
        return None
    first, second = paper.terms
    if not asks_a_span(paper.question) or first.name != second.name:
        return None
    high, low = sorted((first, second), key=lambda term: -term.value)
    gap = _rounded(high.value - low.value, first, second)
    return Reckoned(gap, f"{first.text} → {second.text}", (first, second))


def _with_text(paper: Paper) -> list[tuple[Term, str]]:
    """Each number asked about with the words that may weigh it: its row, or the whole tag."""
    found = [(term, term.name) for term in paper.terms]
    tag = only_amount(paper.readings[0]) if len(paper.readings) == 1 else None
    if tag is not None:
        found.append((tag, paper.readings[0].text))
    return found


def _single(paper: Paper) -> Reckoned | None:
    """The price of one, of a row that gives the price of several."""
    if len(paper.terms) != 1 or not _SINGLE.search(paper.question):
        return None
    term = paper.terms[0]
    if term.quantity is None or term.quantity <= 1 or not _MONEY.search(paper.question):
        return None
    value = _rounded(term.value / term.quantity, term)
    return Reckoned(value, f"{_said(term)} ÷ {term.quantity}", (term,))


def _together(paper: Paper) -> Reckoned | None:
    """The sum of the things named, each as often as it is wanted."""
    if not _TOGETHER.search(paper.question) or not _MONEY.search(paper.question):
        return None
    terms = [term for term in paper.terms if term.concept not in _SUMS]
    if not terms and len(paper.readings) > 1 and _ALL.search(paper.question):
        tags = [only_amount(reading) for reading in paper.readings]
        terms = [tag for tag in tags if tag is not None]
        if len(terms) < len(tags):
            return None
    if len({one.currency for term in terms for one in find_amounts(term.text)}) > 1:
        # Pounds and euros make no sum.
        return None
    if len(terms) < 2 and not any(term.count > 1 for term in terms):
        return None
    value = sum((term.value * term.count for term in terms), Decimal(0))
    return Reckoned(_rounded(value, *terms), " + ".join(map(_times, terms)), tuple(terms))


def _checked(paper: Paper) -> Reckoned | None:
    """Whether the lines of a bill add up to the sum it prints under them."""
    if not _PROOF.search(paper.question):
        return None
    sheet = Sheet.of(paper.readings[0])
    amounts = [
        amount.value
        for item in bill_items(sheet)
        for amount in find_amounts(item.values["amount"])[:1]
    ]
    printed = [*(term for term in paper.terms if term.concept in _SUMS), *_sums(sheet)]
    if len(amounts) < 2 or not printed:
        return None
    value = sum(amounts, Decimal(0))
    listed = " + ".join(map(str, amounts)) + f" = {value}"
    same = value == printed[0].value
    sign = "=" if same else "≠"
    return Reckoned("Yes" if same else "No", f"{listed} {sign} {_said(printed[0])}", (printed[0],))


def _sums(sheet: Sheet) -> list[Term]:
    return [
        Term(name, value.plain, value.text, value.box, value.lines[0])
        for name in ("subtotal", "total")
        for value in find_field(sheet, concepts()[name])[:1]
        if isinstance(value.plain, Decimal)
    ]


def _pieces(paper: Paper) -> Reckoned | None:
    """How many pieces a bill with printed quantities lists."""
    if not _PIECES.search(paper.question):
        return None
    parts = item_terms(paper.readings[0])
    counts = [term.quantity for term in parts if term.quantity is not None]
    if not counts or len(counts) < len(parts):
        return None
    listed = " + ".join(f"{term.quantity} {term.name}" for term in parts)
    return Reckoned(str(sum(counts, Decimal(0))), listed, tuple(parts))


def _risen(paper: Paper) -> Reckoned | None:
    found = went_from(paper.question, paper.readings)
    return Reckoned(*found) if found is not None else None


def _lasted(paper: Paper) -> Reckoned | None:
    found = time_between(paper.question, paper.readings)
    return Reckoned(*found) if found is not None else None


_SUMS: Final = frozenset({"total", "subtotal", "tax", "amount", "change", "tip"})
_Way: TypeAlias = Callable[[Paper], Reckoned | None]
_WAYS: Final[tuple[_Way, ...]] = (
    _checked, _pieces, _risen, _risen_between, _lasted, _percent, _change, _split, _without,
    _difference, _weighed, _per_printed, _single,
    _together,
)  # fmt: skip
