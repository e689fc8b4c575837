"""Lookup: the found value for a name, by concept, by printed label, by description."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.addressees import (
    party_addresses,
    party_names,
    party_sheet,
)
from qwen_vision.engines.embedded.documents.addresses import address_part
from qwen_vision.engines.embedded.documents.concepts import Concept, Kind, concepts, fold, mentions
from qwen_vision.engines.embedded.documents.fields import (
    find_exactly,
    find_field,
    find_words,
)
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.engines.embedded.extract.whose import Asked, party_asked, without_digraphs

# Names that say nothing without the object they belong to: `seller.name`.
_VAGUE = frozenset({"name", "number", "no", "id", "value", "code", "type", "date", "amount"})

# The dates a document may simply print as "Date"; any other must be labelled.
_DOCUMENT_DATE: Final = re.compile(
    r"\b(?:invoice|receipt|bill(?:ing)?|document|doc|letter|statement|issued?|transaction|purchase|"
    r"travel|flight|estimate|quot\w+|offer|application|note|form|report|contract|print|sale|visit|agreement|lease|po|"
    r"rechnung\w*|beleg\w*|auszug\w*|facture|ticket|factura|emision|emission)\b|票|单据|開|発行"
)
_SUMS: Final = frozenset({"total", "subtotal", "tax"})
# A description of so few words may be the label that is meant.
_SHORT: Final = 3
_RATE: Final = re.compile(r"\b(?:rate|percent\w*|satz|taux|tipo)\b|satz$|%|税率")


@dataclass(frozen=True, slots=True)
class Hit:
    """A found value and the page it stands on."""

    found: Found
    page: Page


def look_up(pages: Sequence[Page], shape: Shape, *, context: str = "") -> list[Hit]:
    """Values for a leaf, best first; `context` is the name of the object around it."""
    kind = _kind_of(shape)
    asked = party_asked(shape.words, context) if kind != "amount" else None
    if asked is not None:
        hits = _of_party(pages, asked)
        # What is not known of the customer is not taken from the issuer.
        if hits or asked.role != "seller":
            return hits or _by_words(pages, f"{context} {shape.words}".strip(), kind)
    meant = list(_exact(shape.words, context, number=kind == "amount"))
    exact = (_printed(pages, shape.words, meant) if meant else []) or _first(pages, meant)
    if exact:
        return exact
    if context and shape.words in _VAGUE:
        return _by_words(pages, f"{context} {shape.words}", kind)
    literal = _by_words(pages, f"{context} {shape.words}", kind) if context else []
    return (
        literal
        or _by_words(pages, shape.words, kind)
        or _described(pages, shape, kind)
        or _first(pages, _loose(shape))
    )


def _described(pages: Sequence[Page], shape: Shape, kind: Kind) -> list[Hit]:
    """Values whose label a short description quotes."""
    short = 0 < len(shape.about.split()) <= _SHORT and shape.kind != "boolean"
    return _by_words(pages, shape.about, kind) if short else []


def _printed(pages: Sequence[Page], words: str, meant: Sequence[Concept]) -> list[Hit]:
    """Values whose label says the very words of a property: these beat labels that mean it.

    Sums and addresses have rules of their own.
    """
    kind = meant[0].kind
    if kind in {"amount", "address", "percent"} and (kind != "amount" or meant[0].name in _SUMS):
        return []
    sheets = [(page, find_exactly(page.sheet, words, kind)) for page in pages]
    return [Hit(found, page) for page, values in sheets for found in values]


def _first(pages: Sequence[Page], wanted: Iterable[Concept]) -> list[Hit]:
    """The hits of the first concept that has any."""
    return next((hits for concept in wanted if (hits := _by_concept(pages, concept))), [])


def _of_party(pages: Sequence[Page], asked: Asked) -> list[Hit]:
    return [Hit(found, page) for page in pages for found in _told_of(page, asked)]


def _told_of(page: Page, asked: Asked) -> list[Found]:
    if asked.part == "name":
        return party_names(page.sheet, asked.role)
    if asked.part == "address" or asked.concept is None:
        return party_addresses(page.sheet, asked.role)
    if asked.concept.kind == "address":
        address = next(iter(party_addresses(page.sheet, asked.role)), None)
        return address_part(address, asked.concept.name)
    return find_field(party_sheet(page.sheet, asked.role), asked.concept)


def _exact(words: str, context: str, *, number: bool) -> Iterator[Concept]:
    """Concepts a name means in full; "vat" is an amount where a number is wanted, else an id."""
    phrases = [f"{context} {words}", words] if context else [words]
    if context and words in _VAGUE and words != "date":
        phrases = phrases[:1]
    for phrase in [*map(fold, phrases), *map(without_digraphs, phrases)]:
        full = [concept for concept in concepts().values() if concept.asks.fullmatch(phrase)]
        yield from sorted(full, key=lambda concept: (concept.kind == "amount") is not number)


def _loose(shape: Shape) -> Iterator[Concept]:
    """Concepts the name or the description mentions; a company only beside nothing else."""
    for text in (shape.words, shape.about):
        named = [mention.concept for mention in mentions(text)]
        others = [
            concept for concept in named if concept.kind != "party" and concept.name != "customer"
        ]
        yield from (
            concept for concept in (others or named)[:2] if not _is_other(shape, concept, text)
        )


def _is_other(shape: Shape, concept: Concept, text: str) -> bool:
    """Whether a name that mentions a concept means another thing: `delivery date`, `tax rate`."""
    if concept.kind == "date":
        said = fold(text)
        return concept.name == "date" and text == shape.words and not _DOCUMENT_DATE.search(said)
    if concept.name == "time":
        return text == shape.words and not _DOCUMENT_DATE.search(fold(text))
    if concept.kind == "amount":
        return bool(_RATE.search(fold(shape.words)))
    return _kind_of(shape) == "date"


def _by_concept(pages: Sequence[Page], concept: Concept) -> list[Hit]:
    """Hits page by page, the page with the best label first; the order within a page is kept."""
    found = [[Hit(hit, page) for hit in find_field(page.sheet, concept)] for page in pages]
    told = sorted((hits for hits in found if hits), key=lambda hits: hits[0].found.rank)
    return [hit for hits in told for hit in hits]


def _by_words(pages: Sequence[Page], words: str, kind: Kind) -> list[Hit]:
    return [Hit(found, page) for page in pages for found in find_words(page.sheet, words, kind)]


def _kind_of(shape: Shape) -> Kind:
    wanted = shape.rules.get("format")
    if shape.kind in {"number", "integer"}:
        return "amount"
    if wanted in {"date", "date-time"} or re.search(r"\bdate\b|日期", shape.words):
        return "date"
    return "email" if wanted == "email" else "url" if wanted in {"uri", "url"} else "text"
