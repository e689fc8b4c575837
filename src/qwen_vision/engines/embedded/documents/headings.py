"""Headings: the title of a page, and the lines that stand under a heading of it."""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.concepts import concepts, is_label
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import labelled
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.words import names
from qwen_vision.engines.embedded.facts import TextLine

_AT_THE_TOP: Final = 8
_MAX_WORDS: Final = 5
# How much taller than the usual line a heading is.
_TALLER: Final = 1.12
# A line without letters that reach below it is so much lower than one of the same type with them.
_AS_TALL: Final = 0.8


def find_title(sheet: Sheet) -> list[Found]:
    """A labelled title, else the tallest of the first lines, the upper one of equals."""
    named = labelled(sheet, concepts()["title"])
    head = [line for line in sheet.lines[:_AT_THE_TOP] if re.search(r"[^\W\d_]{2}", line.text)]
    if not head:
        return named
    tallest = max(height(line) for line in head)
    line = next(line for line in head if height(line) > _AS_TALL * tallest)
    why = "the tallest line near the top" if tallest > height(head[-1]) else "the first line"
    return [*named, Found(line.text, line.text, (line,), why, rank=1)]


Rows: TypeAlias = Sequence[Sequence[TextLine]]


def section(sheet: Sheet, question: str) -> tuple[TextLine, Rows] | None:
    """The heading whose words a question says, with the rows under it up to the next one."""
    named = (part for part in sections(sheet) if names(part[0].text, question))
    return next(named, None)


def sections(sheet: Sheet) -> list[tuple[TextLine, Rows]]:
    """Each heading of a page with the rows under it, up to the next heading of its rank."""
    rows = sheet.rows
    heads = [at for at, row in enumerate(rows) if len(row) == 1 and _is_heading(sheet, row[0])]
    found: list[tuple[TextLine, Rows]] = []
    for at in heads:
        line = rows[at][0]
        later = (other for other in heads if other > at and _alike(line, rows[other][0]))
        under = rows[at + 1 : next(later, len(rows))]
        if under:
            found.append((line, under))
    return found


def parts(sheet: Sheet) -> list[tuple[TextLine, Rows]]:
    """The sections that hold no other one: the lowest rank of headings."""
    found = sections(sheet)
    heads = {id(line) for line, _ in found}
    return [
        (line, rows)
        for line, rows in found
        if not any(id(other) in heads for row in rows for other in row)
    ]


def _is_heading(sheet: Sheet, line: TextLine) -> bool:
    text = line.text.strip()
    if re.search(r"\d", text) or len(text.split()) > _MAX_WORDS or is_label(text):
        return False
    tall = height(line) > _TALLER * sheet.line_height
    return tall or (text.upper() == text and text.lower() != text) or text.endswith((":", "："))


def _alike(one: TextLine, other: TextLine) -> bool:
    """Whether two headings are of one rank: equally tall or taller, and equally capital."""
    same_case = (one.text.upper() == one.text) == (other.text.upper() == other.text)
    return same_case and height(other) > 0.85 * height(one)
