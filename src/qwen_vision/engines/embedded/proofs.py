"""Proofs: evidence records from facts."""

from msgspec import UNSET

from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.facts import Box
from qwen_vision.protocol.receipt import Evidence


def proof(field: str, found: Found, *, index: int, page: int | None) -> Evidence:
    """Evidence that `field` was read where `found` stands, in item `index`."""
    return Evidence(
        field=field,
        item=index,
        page=UNSET if page is None else page,
        box=whole_box(found.box),
        text=found.quote,
        confidence=found.confidence,
        note=found.why,
    )


def whole_box(box: Box) -> tuple[int, int, int, int]:
    """The box in whole pixels."""
    return round(box.left), round(box.top), round(box.right), round(box.bottom)
