"""Ways: the ways of arithmetic on numbers of a page: tips, change, differences, shares, checks.

Each way is told by the words of a question and gives None unless the page names its numbers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.terms import (
    COUNTS,
    Term,
    item_terms,
    only_amount,
    said_amounts,
)
from qwen_vision.engines.embedded.rooms.rates import (
    MONEY,
    asks_a_rate,
    at_a_rate,
    left_of_whole,
    offered,
    per_printed,
    printed_unit,
    several_of_one,
    single,
    weighed,
)
from qwen_vision.engines.embedded.rooms.reckoned import (
    Paper,
    Reckoned,
    rounded,
    said,
    times,
    total_of,
)
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
# "Two students and one adult": each a number with what it counts.
_THING: Final = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2}) "
    r"(?P<what>[a-z]{3,}(?: [a-z]+)?)",
    re.IGNORECASE,
)
_NO_THINGS: Final = stems(
    "people persons friends percent dollars euros pounds yuan cents days nights hours weeks and "
    "cost costs total together portions cups glasses pieces plates servings bottles packs bill"
)
_PAIR: Final = 2
_ALL: Final = re.compile(
    r"\b(?:all|both|together|combined|altogether|in total)\b|一共|总共|合计|加起来", re.I
)


def asks(text: str) -> bool:
    """Whether the words ask for arithmetic of any kind."""
    patterns = (*(_PERCENT, _CHANGE, _DIFFERENCE, _TOGETHER, _PROOF, _PIECES, _SPLIT, _LESS),)
    said_so = any(pattern.search(text) for pattern in patterns)
    return said_so or asks_a_rate(text) or asks_a_span(text)


def asks_for_sum(text: str) -> bool:
    """Whether the words want the price of counted things: two students and one adult."""
    counted = [stems(match["what"]) - _NO_THINGS for match in _THING.finditer(text)]
    return len([words for words in counted if words]) >= _PAIR and bool(MONEY.search(text))


def reckon(paper: Paper) -> Reckoned | None:
    """The first result that one of the ways gives."""
    return next((found for way in _WAYS if (found := way(paper)) is not None), None)


def _percent(paper: Paper) -> Reckoned | None:
    match = _PERCENT.search(paper.question)
    off = _OFF.search(paper.question)
    if match is None or not (off or _TIP.search(paper.question)):
        return None
    rate = Decimal(match["rate"].replace(",", "."))
    named = [term for term in paper.terms if term.concept not in {"tip", "discount"}]
    base = named[0] if named else total_of(paper)
    if base is None:
        return None
    part = base.value * rate / 100
    if off:
        value = rounded(base.value - part, base)
        return Reckoned(value, f"{said(base)} − {rate} %", (base,))
    whole = rounded(base.value + part, base)
    formula = f"{rate} % × {said(base)}; {base.text} + {rate} % = {whole}"
    return Reckoned(rounded(part, base), formula, (base,))


def _change(paper: Paper) -> Reckoned | None:
    if not _CHANGE.search(paper.question):
        return None
    named = [term for term in paper.terms if term.concept != "change"]
    total = total_of(paper)
    terms = named or ([total] if total is not None else [])
    owed = sum((term.value * term.count for term in terms), Decimal(0))
    given = [
        one.value
        for one in said_amounts(paper.question)
        if one.value >= owed and all(one.value != t.value for t in terms)
    ]
    if not terms or not given:
        return None
    formula = f"{given[0]} − " + " − ".join(times(term) for term in terms)
    return Reckoned(rounded(given[0] - owed, *terms), formula, tuple(terms))


def _difference(paper: Paper) -> Reckoned | None:
    if not _DIFFERENCE.search(paper.question) or len(paper.terms) != 2:
        return None
    high, low = sorted(paper.terms, key=lambda term: -term.value)
    value = rounded(high.value - low.value, high, low)
    return Reckoned(value, f"{said(high)} − {said(low)}", (high, low))


def _split(paper: Paper) -> Reckoned | None:
    """The share of each when a sum is split between so many."""
    match = _SPLIT.search(paper.question)
    base = (paper.terms[0] if paper.terms else total_of(paper)) if match else None
    if match is None or base is None:
        return None
    number = next(group for group in match.groups() if group).lower()
    many = int(number) if number.isdigit() else COUNTS.get(number, 0)
    if many < _PAIR:
        return None
    value = rounded(base.value / many, replace(base, value=Decimal("0.00")))
    return Reckoned(value, f"{said(base)} ÷ {many}", (base,))


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
    return Reckoned(rounded(value, *kept), " + ".join(map(said, kept)), tuple(kept))


def _risen_between(paper: Paper) -> Reckoned | None:
    """How far one number went from the first picture to the second."""
    if len(paper.readings) != _PAIR or len(paper.terms) != _PAIR:
        return None
    first, second = paper.terms
    if not asks_a_span(paper.question) or first.name != second.name:
        return None
    high, low = sorted((first, second), key=lambda term: -term.value)
    gap = rounded(high.value - low.value, first, second)
    return Reckoned(gap, f"{first.text} → {second.text}", (first, second))


def _together(paper: Paper) -> Reckoned | None:
    """The sum of the things named, each as often as it is wanted."""
    if not _TOGETHER.search(paper.question) or not MONEY.search(paper.question):
        return None
    terms = [term for term in paper.terms if term.concept not in _SUMS]
    if any(one.currency for reading in paper.readings for one in find_amounts(reading.text)):
        terms = [term for term in terms if _is_priced(term)]
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
    if not _all_named(paper.question, terms):
        return None
    value = sum((term.value * term.count for term in terms), Decimal(0))
    return Reckoned(rounded(value, *terms), " + ".join(map(times, terms)), tuple(terms))


def _is_priced(term: Term) -> bool:
    """Whether a number is money by its print: 9 visits are no price."""
    return any(one.currency or one.has_cents for one in find_amounts(term.text))


def _all_named(question: str, terms: Sequence[Term]) -> bool:
    """Whether each thing that a question counts has its number: half a sum is a wrong one."""
    known = [stems(term.name) for term in terms]
    counted = [stems(match["what"]) - _NO_THINGS for match in _THING.finditer(question)]
    return all(any(words & name for name in known) for words in counted if words)


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
    return Reckoned("Yes" if same else "No", f"{listed} {sign} {said(printed[0])}", (printed[0],))


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
    _checked, _pieces, _risen, _risen_between, _lasted, left_of_whole, offered, _percent, _change,
    _split, _without, _difference, weighed, per_printed, single, printed_unit, at_a_rate, _together,
    several_of_one,
)  # fmt: skip
