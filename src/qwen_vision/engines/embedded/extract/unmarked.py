"""Unmarked pairs: labels without a colon, told from their values by how they lie."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.facts import TextLine

_LABEL: Final = re.compile(r"^[^\W\d_][^:：\d]{1,39}$")
_FEWEST_ROWS: Final = 3
# Letters as tall as others, give or take an eighth.
_AS_TALL: Final = 0.125


def unmarked_pairs(sheet: Sheet) -> Iterator[tuple[str, Found]]:
    """Labels with values under them in a grid, then those of lists with values at their right."""
    yield from _grid_pairs(sheet)
    yield from _listed_pairs(sheet)


def _grid_pairs(sheet: Sheet) -> Iterator[tuple[str, Found]]:
    for row in sheet.rows:
        pairs = [(head, value) for head in row if (value := sheet.value_under(head)) is not None]
        # A second row of values makes a table of it.
        if any(_goes_on(sheet, head, value) for head, value in pairs):
            continue
        for head, value in pairs:
            yield head.text.strip(), _found(head, value)


def _goes_on(sheet: Sheet, head: TextLine, value: TextLine) -> bool:
    """Whether another value, not another head, stands close under a value."""
    under = next(iter(sheet.below(value)), None)
    if under is None or under.box.top - value.box.bottom > 1.5 * height(value):
        return False
    like_head = abs(height(under) - height(head)) < _AS_TALL * height(head)
    return not (like_head and height(value) > (1 + _AS_TALL) * height(head))


def _listed_pairs(sheet: Sheet) -> Iterator[tuple[str, Found]]:
    """The pairs of rows of two lines that lie under each other, three at least."""
    run: list[tuple[TextLine, TextLine]] = []
    for row in [*sheet.rows, ()]:
        pair = _pair(row)
        if pair is not None and (not run or _flush(run[-1], pair)):
            run.append(pair)
            continue
        if len(run) >= _FEWEST_ROWS and not all(_is_priced(value) for _, value in run):
            yield from ((label.text.strip(), _found(label, value)) for label, value in run)
        run = [pair] if pair is not None else []


def _pair(row: Sequence[TextLine]) -> tuple[TextLine, TextLine] | None:
    """A row that is a label and one value, or None."""
    if len(row) != 2 or not _LABEL.match(row[0].text.strip()):
        return None
    return row[0], row[1]


def _flush(upper: tuple[TextLine, TextLine], lower: tuple[TextLine, TextLine]) -> bool:
    """Whether two pairs begin at the same places and follow each other."""
    tall = height(upper[0])
    gap = lower[0].box.top - upper[0].box.bottom
    starts = [abs(one.box.left - two.box.left) for one, two in zip(upper, lower, strict=True)]
    return max(starts) < tall and gap < 2.5 * tall


def _is_priced(line: TextLine) -> bool:
    """Whether a line is an amount alone: such rows are the items of a bill."""
    amounts = find_amounts(line.text)
    return len(amounts) == 1 and amounts[0].text == line.text.strip()


def _found(label: TextLine, value: TextLine) -> Found:
    text = value.text.strip()
    return Found(text, text, (value,), f"beside or under: {label.text}", label)
