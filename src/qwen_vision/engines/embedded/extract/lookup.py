"""Lookup: the found value for a name, by concept, by printed label, by description."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qwen_vision.engines.embedded.documents.concepts import Concept, Kind, concepts, fold, mentions
from qwen_vision.engines.embedded.documents.fields import find_field, find_words
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.shape import Shape

# Names that say nothing without the object they belong to: `seller.name`.
_VAGUE = frozenset({"name", "number", "no", "id", "value", "code", "type", "date", "amount"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A found value and the page it stands on."""

    found: Found
    page: Page


def look_up(pages: Sequence[Page], shape: Shape, *, context: str = "") -> list[Hit]:
    """Values for a leaf, best first; `context` is the name of the object around it."""
    kind = _kind_of(shape)
    for concept in _exact(shape.words, context, number=kind == "amount"):
        hits = _by_concept(pages, concept)
        if hits:
            return hits
    if context and shape.words in _VAGUE:
        return _by_words(pages, f"{context} {shape.words}", kind)
    literal = _by_words(pages, f"{context} {shape.words}", kind) if context else []
    literal = literal or _by_words(pages, shape.words, kind)
    if literal:
        return literal
    for concept in _loose(shape):
        hits = _by_concept(pages, concept)
        if hits:
            return hits
    return []


def _exact(words: str, context: str, *, number: bool) -> Iterator[Concept]:
    """Concepts a name means in full; "vat" is an amount where a number is wanted, else an id."""
    phrases = [f"{context} {words}", words] if context else [words]
    if context and words in _VAGUE and words != "date":
        phrases = phrases[:1]
    for phrase in phrases:
        full = [concept for concept in concepts().values() if concept.asks.fullmatch(fold(phrase))]
        yield from sorted(full, key=lambda concept: (concept.kind == "amount") is not number)


def _loose(shape: Shape) -> Iterator[Concept]:
    """Concepts the name or the description mentions; a company only beside nothing else."""
    for text in (shape.words, shape.about):
        named = [mention.concept for mention in mentions(text)]
        others = [concept for concept in named if concept.kind != "party"]
        yield from (others or named)[:2]


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
