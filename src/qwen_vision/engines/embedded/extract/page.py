"""Page: everything perceived of one picture that a schema may ask for."""

from dataclasses import dataclass

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import Barcode, ObjectSeen, PictureFacts, Reading


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
