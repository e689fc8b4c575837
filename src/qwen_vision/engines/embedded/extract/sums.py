"""Sums: the rows of a bill that add up the others."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.labelled import split_label

_WORD: Final = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
_SUMS: Final = (
    "total", "subtotal", "tax", "cash", "change", "rounding", "item_count", "balance",
    "opening_balance", "shipping",
)  # fmt: skip
_TOTALS: Final = ("total", "subtotal")


def is_sum_row(texts: Iterable[str]) -> bool:
    """Whether the pieces of a row are a sum of the bill: a label such as `Total`, then a number."""
    pieces = list(texts)
    first = next((piece for piece in pieces if _WORD.search(piece)), "")
    return _names_sum(first, _SUMS) and any(find_amounts(piece) for piece in pieces)


def rows_of_sums(rows: Mapping[int, Sequence[str]]) -> set[int]:
    """The first total of a table and the sums below it; above a total `Cash` is an item."""
    totals = [at for at, texts in rows.items() if any(_names_sum(one, _TOTALS) for one in texts)]
    first = min(totals, default=None)
    if first is None:
        return set()
    return {first} | {at for at, texts in rows.items() if at > first and is_sum_row(texts)}


@lru_cache(maxsize=4096)
def _names_sum(text: str, sums: tuple[str, ...]) -> bool:
    known = concepts()
    labels = [pattern for name in sums for pattern in known[name].labels]
    return any(split_label(text, pattern) is not None for pattern in labels)
