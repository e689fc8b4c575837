"""Labelled values: what stands after, right of or under a label."""

import re
from collections.abc import Iterator
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import Concept, Kind, is_label
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.take import Taken, take
from qwen_vision.engines.embedded.facts import TextLine

_BETWEEN: Final = " \t:：=.#-–—*>|)]"
_ENDS_AS_LABEL: Final = re.compile(r"[:：]\s*$")
_TABULAR: Final[frozenset[Kind]] = frozenset({"date", "time", "id", "phone", "currency", "text"})

# Values of these kinds are told by their shape, wherever in a line their label stands.
_UNMISTAKABLE: Final[frozenset[Kind]] = frozenset({"iban", "bic"})


def labelled(sheet: Sheet, concept: Concept) -> list[Found]:
    """Values of the concept that a label names, best label first, then from the top."""
    found = [value for line in sheet.lines for value in _at_label(sheet, line, concept)]
    return sorted(found, key=lambda value: value.rank)


def after_label(sheet: Sheet, line: TextLine, rest: str, *, kind: Kind) -> Iterator[Found]:
    """Values for a label in `line` after which `rest` follows: same line, right of it, below."""
    order = sheet.date_order
    neighbours = sheet.right_of(line)
    if kind == "text" and neighbours and _begins_column(neighbours[0].text):
        neighbours = ()
    beside = [(other, take(other.text, kind, order=order)) for other in neighbours]
    taken = take(rest, kind, order=order) if rest.strip(_BETWEEN) else None
    right = next(((other, value) for other, value in beside if value is not None), None)
    if taken is not None and not _better(right, taken, kind):
        yield _found(taken, line, line)
        return
    if right is not None and _is_near(sheet, line, right[0], kind=kind):
        yield _found(right[1], right[0], line)
        return
    if kind in _TABULAR and not rest.strip(_BETWEEN):
        for other in sheet.below(line)[:3]:
            value = take(other.text, kind, order=order)
            pure = value is not None and (value.pure or kind not in {"id", "phone"})
            if value is not None and pure and not _ENDS_AS_LABEL.search(other.text):
                yield _found(value, other, line)
                return


def split_label(text: str, pattern: re.Pattern[str]) -> str | None:
    """What follows a label at the start of a text, or None when the text has no such label."""
    for match in pattern.finditer(text.lower()):
        before, after = text[: match.start()], text[match.end() :]
        starts = not re.search(r"[^\W_]", before) or match[0] > "\u3000"
        marked = re.match(r"[ )\]]*(?:\([^)]*\))?\s*[:：#]", after)
        if starts or marked:
            return after
    return None


def _after_inner(text: str, pattern: re.Pattern[str]) -> str | None:
    """What follows a label in the middle of a text, as in `IBAN DE12 ... BIC COBADEFF`."""
    match = pattern.search(text.lower())
    return None if match is None else text[match.end() :]


def _at_label(sheet: Sheet, line: TextLine, concept: Concept) -> Iterator[Found]:
    lowered = line.text.lower()
    if concept.never is not None and concept.never.search(lowered):
        return
    for rank, pattern in enumerate(concept.labels):
        rest = split_label(line.text, pattern)
        if rest is None and concept.kind in _UNMISTAKABLE:
            rest = _after_inner(line.text, pattern)
        if rest is None:
            continue
        for value in after_label(sheet, line, rest, kind=concept.kind):
            yield Found(value.text, value.plain, value.lines, value.why, value.label, rank)
        return


def _begins_column(text: str) -> bool:
    """Whether what stands right of a label is the label of another column."""
    return bool(_ENDS_AS_LABEL.search(text)) or is_label(text)


def _better(right: tuple[TextLine, Taken] | None, taken: Taken, kind: Kind) -> bool:
    """Whether an amount alone to the right beats a number inside the label's own line."""
    return kind == "amount" and right is not None and right[1].pure and not taken.pure


def _is_near(sheet: Sheet, line: TextLine, other: TextLine, *, kind: Kind) -> bool:
    """Text must stand close to its label; numbers may stand at the far edge of the row."""
    if kind in {"amount", "count", "percent"}:
        return True
    gap = other.box.left - line.box.right
    return gap < 12 * max(height(line), sheet.line_height)


def _found(taken: Taken, line: TextLine, label: TextLine) -> Found:
    where = "same line" if line is label else "beside or under its label"
    return Found(taken.text, taken.plain, (line,), f"{where}: {label.text}", label)
