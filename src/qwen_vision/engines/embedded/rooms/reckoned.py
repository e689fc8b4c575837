"""Reckoned: what arithmetic starts from, its result, and how both are told."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.terms import Term, only_amount
from qwen_vision.engines.embedded.facts import Reading


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


def total_of(paper: Paper) -> Term | None:
    """The bill's total, or the one price there is."""
    for reading in paper.readings:
        for value in find_field(Sheet.of(reading), concepts()["total"])[:1]:
            if isinstance(value.plain, Decimal):
                return Term(
                    "total", value.plain, value.text, value.box, value.lines[0], concept="total"
                )
    return only_amount(paper.readings[0]) if len(paper.readings) == 1 else None


def rounded(value: Decimal, *terms: Term) -> str:
    """A result with as many decimals as the money it was made of."""
    places = max([0, *(-int(term.value.as_tuple().exponent) for term in terms)])
    if value != value.to_integral_value():
        places = max(places, 2)
    result = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    mark = next((found[0] for term in terms if (found := re.match(r"[$€£¥￥]", term.text))), "")
    return f"{mark}{result}"


def said(term: Term) -> str:
    """A number with its name: `tea $3.20`."""
    return f"{term.name} {term.text}"


def times(term: Term) -> str:
    """A number as often as it is wanted: `2 × tea $3.20`."""
    return f"{term.count} × {said(term)}" if term.count > 1 else said(term)
