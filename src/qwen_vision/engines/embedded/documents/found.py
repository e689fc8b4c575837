"""Found: a value seen in a document, with the line it stands in and why it was taken."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from qwen_vision.engines.embedded.documents.sheet import around
from qwen_vision.engines.embedded.facts import Box, TextLine

Plain: TypeAlias = Decimal | datetime.date | str


@dataclass(frozen=True, slots=True)
class Found:
    """A value: `text` as printed, `plain` as a number or date where it is one.

    `lines` are where the value was read, `label` the line that names it (None when its
    place or shape alone gave it away), `rank` how good the label is (0 is best).
    """

    text: str
    plain: Plain
    lines: tuple[TextLine, ...]
    why: str
    label: TextLine | None = None
    rank: int = 0

    @property
    def box(self) -> Box:
        """The rectangle around the value."""
        return around(self.lines)

    @property
    def confidence(self) -> float:
        """The least sure line, less a tenth for a value without a label, 0 to 1."""
        sure = min(line.confidence for line in self.lines)
        return round(sure * (1.0 if self.label is not None else 0.9), 3)

    @property
    def quote(self) -> str:
        """The words that were read: the label's line and the value's."""
        parts = [self.label.text] if self.label is not None else []
        parts += [line.text for line in self.lines if line is not self.label]
        return " ".join(parts)
