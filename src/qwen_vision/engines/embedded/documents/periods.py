"""Periods: two dates of one line with a dash or "to" between them."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet

_BETWEEN: Final = re.compile(
    r"(?i)\s*(?:-|–|—|~|to|until|through|thru|bis|au|al|a|t/m|tot|至|到)(?:\s+the)?\s*"
)
_NAMED: Final = re.compile(r"(?i)period|zeitraum|p[ée]riode|per[ií]odo|周期|期间")


def find_period(sheet: Sheet) -> tuple[Found, Found] | None:
    """The first and the last day of the page's period; one that is called so is taken first."""
    pairs = []
    for line in sheet.lines:
        dates = find_dates(line.text, sheet.date_order)
        if len(dates) != 2:
            continue
        first, last = dates
        between = line.text[first.start + len(first.text) : last.start]
        if _BETWEEN.fullmatch(between) and first.date < last.date:
            pairs.append((line, first, last))
    named = [pair for pair in pairs if _NAMED.search(pair[0].text)]
    # Two periods without a name, as of two journeys, are of different things.
    chosen = named[:1] or (pairs if len(pairs) == 1 else [])
    for line, first, last in chosen:
        start, end = (
            Found(date.text, date.date, (line,), f"a period: {line.text}", line, rank=1)
            for date in (first, last)
        )
        return start, end
    return None
