"""Page: everything perceived of one picture that a schema may ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import Barcode, ObjectSeen, PictureFacts, Reading, TextLine


@dataclass(frozen=True)
class Page:
    """One picture or page: its place among the items, its text, codes and looks."""

    index: int
    number: int | None
    reading: Reading
    sheet: Sheet
    codes: tuple[Barcode, ...] = ()
    facts: PictureFacts | None = None
    objects: tuple[ObjectSeen, ...] | None = None

    def only(self, rows: Sequence[Sequence[TextLine]]) -> "Page":
        """The page as if it held these rows alone."""
        reading = Reading(tuple(line for row in rows for line in row))
        return replace(self, reading=reading, sheet=Sheet.of(reading))
