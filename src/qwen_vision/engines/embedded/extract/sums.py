"""Sums: the rows of a bill that add up the others."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.labelled import split_label

_WORD: Final = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
_SUMS: Final = (
    "total", "subtotal", "tax", "cash", "change", "rounding", "item_count", "balance", "shipping",
)  # fmt: skip


def is_sum_row(texts: Iterable[str]) -> bool:
    """Whether the pieces of a row are a sum of the bill: a label such as `Total`, then a number."""
    pieces = list(texts)
    first = next((piece for piece in pieces if _WORD.search(piece)), "")
    return _names_sum(first) and any(find_amounts(piece) for piece in pieces)


@lru_cache(maxsize=4096)
def _names_sum(text: str) -> bool:
    known = concepts()
    labels = [pattern for name in _SUMS for pattern in known[name].labels]
    return any(split_label(text, pattern) is not None for pattern in labels)
