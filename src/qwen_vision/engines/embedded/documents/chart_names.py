"""Chart names: which categories and series of a chart a question names."""

import re
from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import fold
from qwen_vision.engines.embedded.documents.dates import month_of
from qwen_vision.engines.embedded.documents.words import names
from qwen_vision.engines.embedded.facts import Chart, ChartMark

_SHORT: Final = 2
_MONTH_WORD: Final = re.compile(r"\d{1,2}月|[a-z]{3,}")


def says_category(chart: Chart, question: str) -> bool:
    """Whether a question names one of the categories."""
    return bool(_named(chart.categories, question))


def says_series(chart: Chart, question: str) -> bool:
    """Whether a question names one of the series."""
    return bool(_named_series(chart, question))


def _named_series(chart: Chart, question: str) -> list[str]:
    return _named([name for name in chart.series if name], question)


def asked_marks(chart: Chart, question: str) -> list[ChartMark]:
    """The marks whose category and series a question names; all when it names none."""
    categories = _named(chart.categories, question)
    series = _named_series(chart, question)
    marks = [
        mark
        for mark in chart.marks
        if (not categories or mark.category in categories) and (not series or mark.series in series)
    ]
    return marks or list(chart.marks)


def _named(choices: Sequence[str], question: str) -> list[str]:
    """The names a question says; of `tea` and `green tea` the longer alone."""
    folded = fold(question)
    months = {month_of(word) for word in _MONTH_WORD.findall(folded)} - {None}
    said = [
        name
        for name in choices
        if _says(name, question, folded)
        or (month_of(name) is not None and month_of(name) in months)
    ]
    return [
        name
        for name in said
        if not any(
            name != other and fold(name) in fold(other) and _once(name, other, folded)
            for other in said
        )
    ]


def _once(name: str, other: str, folded: str) -> bool:
    """Whether a name is only said as a part of the other."""
    return fold(name) not in folded.replace(fold(other), " ")


def _says(name: str, question: str, folded: str) -> bool:
    plain = name.strip()
    if len(plain) <= _SHORT and plain.isascii():
        # A single letter is named as it is printed: "a" is mostly an article.
        return _whole(plain).search(_without_articles(question, plain)) is not None
    if _whole(fold(plain)).search(folded):
        return True
    return names(plain, question) if plain.isascii() else fold(plain) in folded


def _whole(name: str) -> re.Pattern[str]:
    """The name as a word of its own; Chinese may stand right beside it."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def _without_articles(question: str, name: str) -> str:
    if name in {"a", "i", "A", "I"}:
        return re.sub(
            r"\b(?:is|of|has|as|in|what|there|for) a (?=\w)|^A (?=\w)|\bI\b(?= \w)", " ", question
        )
    return question
