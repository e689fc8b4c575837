"""Chart absent: a name or a year that a question asks a chart for and that it does not hold."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.chart_figures import ChartAnswer, search
from qwen_vision.engines.embedded.documents.chart_names import says_category, says_series
from qwen_vision.engines.embedded.documents.dates import month_of
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.facts import Chart
from qwen_vision.engines.embedded.language import Language, join_words, pick

_LOOKS_UP: Final = search(r"\b(?:what|how (?:many|much))\b|多少")
_COMPARES: Final = search(r"\b(?:between|than|sum of|differ\w*)\b|相差|之和")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# Capitals at the start of a sentence name nothing.
_NAME: Final = re.compile(r"(?<![.?!,:] )(?<!^)(?<![A-Za-z0-9-])[A-Z][\w'-]+")
_QUOTED: Final = re.compile(r"[“\"]([^”\"]{2,40})[”\"]")
_OF: Final = search(r"\bvalues? (?:of|for|in|at|on) (?:the )?(?P<thing>[^?,.;]+)")
# Words that say which mark is meant, or what to do with it, without a name.
_PLAIN: Final = search(
    r"\b(?:bars?|columns?|lines?|points?|dots?|slices?|labels?|categor\w+|series|charts?|graphs?|"
    r"plots?|diagrams?|axis|axes|x|y|each|every|all|both|other|first|last|second|third|middle|"
    r"left|right|total|sum|average|mean|max\w*|min\w*|highest|lowest|largest|smallest|data|json|"
    r"html|csv|markdown|english|chinese|it|them|this|that|ocr|rgb|i)\b"
)
_MOST_LISTED: Final = 12


def absent(chart: Chart, question: str, language: Language, *, printed: str) -> ChartAnswer | None:
    """What to say to a question for a mark that the chart does not have; None to others.

    Something is asked for by a name (in capitals, in quotes or after "value of") or by a year.
    It is absent when neither the chart nor the picture's text (`printed`) says a word of it.
    """
    if not chart.marks or not _LOOKS_UP.search(question):
        return None
    has_category, has_series = says_category(chart, question), says_series(chart, question)
    named = [match[0] for match in _NAME.finditer(question)]
    asked = [*_QUOTED.findall(question), *named, *_YEAR.findall(question)]
    if not has_category and not has_series:
        of = _OF.search(question)
        asked += [of["thing"].strip()] if of else []
    elif (has_series or len(chart.series) < 2) and has_category and not _COMPARES.search(question):
        # The mark is named; what else the question says tells of it.
        return None
    known = stems(" ".join([printed, *chart.categories, *chart.series]))
    missing = [name for name in asked if not _PLAIN.search(name) and _is_new(name, known)]
    return _said(chart, missing[0], language) if missing else None


def _is_new(name: str, known: frozenset[str]) -> bool:
    """Whether none of a name's words is known, nor is it a month by another name."""
    months = {month_of(word) for word in known} - {None}
    return stems(name).isdisjoint(known) and month_of(name.lower()) not in months


def _said(chart: Chart, name: str, language: Language) -> ChartAnswer:
    shown = join_words(language, [*chart.categories[:_MOST_LISTED]])
    series = join_words(language, [name for name in chart.series if name])
    more = len(chart.categories) > _MOST_LISTED
    each = pick(language, f", each for {series}", f"，系列有{series}") if series else ""
    return ChartAnswer(
        pick(
            language,
            f"I find no “{name}” in this chart. It shows {shown}{' ...' if more else ''}{each}.",
            f"图表中没有找到“{name}”。它包含{shown}{'等' if more else ''}{each}。",
        )
    )
