"""Chart figures: what follows from a chart's values: extremes, sums, differences and changes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.chart_names import asked_marks
from qwen_vision.engines.embedded.documents.chart_words import how_told, left_out, mark_name, told
from qwen_vision.engines.embedded.documents.words import names
from qwen_vision.engines.embedded.facts import Chart, ChartMark
from qwen_vision.engines.embedded.language import Language, bracket, join_words, pick


@dataclass(frozen=True, slots=True)
class ChartAnswer:
    """What to say, the marks it rests on, and what it says without its sentence, if anything."""

    text: str
    marks: tuple[ChartMark, ...] = ()
    bare: str = ""


# What a chart says to a question in a language; None to one that asks something else.
Rule: TypeAlias = Callable[[Chart, str, Language], ChartAnswer | None]


def search(pattern: str) -> re.Pattern[str]:
    """The pattern, in upper or lower case."""
    return re.compile(pattern, re.IGNORECASE)


_NEGATIVE: Final = search(r"\bnegative\b|\b(?:below|less than) (?:zero|0)\b|负")
_POSITIVE: Final = search(r"\bpositive\b|\babove (?:zero|0)\b|正值|正数|为正")
_HIGHEST: Final = search(
    r"\b(?:highest|largest|biggest|greatest|most|max\w*|tallest|longest|peaks?|top|best)\b|"
    r"(?:最|第[二三])[高大多长]|峰值|第一名"
)
_LOWEST: Final = search(
    r"\b(?:lowest|smallest|least|fewest|min\w*|shortest|worst|bottom)\b|(?:最|第[二三])[低小少短]"
)
_NTH: Final = search(r"\b(?P<word>second|third|2nd|3rd)\b|第(?P<han>[二三])")
_DIFFERENCE: Final = search(
    r"\bdifferen\w+\b|\bgap between\b|"
    r"\bhow much (?:more|less|higher|lower|larger|smaller|greater|bigger)\b|"
    r"相差|差(?:多少|值|距|异|是)|(?:高|多|低|少)(?:出)?多少"
)
_RATIO: Final = search(
    r"\bratio\b|\bhow many times\b|\btimes (?:as|more|larger|higher|bigger)\b|"
    r"几倍|多少倍|倍数|比率|比值"
)
_SUM: Final = search(
    r"\bsum\b|\btotal\b|\baltogether\b|\bcombined\b|\badd(?:ed)? up\b|\btogether\b|"
    r"合计|总和|一共|总共|之和|总计|加起来"
)
_MEAN: Final = search(r"\baverage\b|\bmean\b|平均")
_TREND: Final = search(
    r"\btrends?\b|\b(?:increas|decreas|declin|ris|grow|fall|fell|rose|grew|chang)\w*\b|"
    r"\bover time\b|趋势|上升|下降|增长|变化|增加|减少"
)
_CHANGED: Final = search(
    r"\b(?:by )?how much\b.*\b(?:increas|decreas|declin|ris|rose|grow|grew|fall|fell|drop|chang|"
    r"gain|go(?:ne)? (?:up|down)|went (?:up|down))|"
    r"(?:上升|下降|增长|增加|减少|下跌|上涨|变化|降低|提高)了?多少"
)
_OVER: Final = search(
    r"\b(?:above|over|more than|greater than|higher than|exceeds?|at least)\s+"
    r"(?P<number>-?\d[\d.,]*)|(?:超过|大于|高于|多于)\s*(?P<han>-?\d[\d.,]*)"
)
_UNDER: Final = search(
    r"\b(?:below|under|less than|lower than|smaller than|fewer than|at most)\s+"
    r"(?P<number>-?\d[\d.,]*)|(?:低于|小于|少于|不到)\s*(?P<han>-?\d[\d.,]*)"
)
# Values this near one another, in parts of the whole range, are told as a tie.
_TIE: Final = 0.012


def asks_figures(question: str) -> bool:
    """Whether a question asks for what only the values of a chart tell."""
    patterns = (_HIGHEST, _LOWEST, _DIFFERENCE, _RATIO, _SUM, _MEAN, _TREND, _CHANGED)
    return any(pattern.search(question) for pattern in patterns)


def chosen(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    """The marks of one sign, or above or below a limit."""
    return _signed(chart, question, language) or _beyond(chart, question, language)


def _signed(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    negative = bool(_NEGATIVE.search(question))
    if not negative and not _POSITIVE.search(question):
        return None
    held = [mark for mark in chart.marks if (mark.value < 0) is negative and mark.value]
    return _those(held, chart, language)


def _beyond(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    for pattern, sign in ((_OVER, 1), (_UNDER, -1)):
        match = pattern.search(question)
        if match is not None:
            limit = float((match["number"] or match["han"]).strip(".,").replace(",", "") or 0)
            held = [
                mark for mark in asked_marks(chart, question) if (mark.value - limit) * sign > 0
            ]
            return _those(held, chart, language)
    return None


def _those(held: Sequence[ChartMark], chart: Chart, language: Language) -> ChartAnswer:
    if not held:
        return ChartAnswer(pick(language, "None of them.", "没有。"))
    listed = [mark_name(mark, chart) + bracket(language, told(mark)) for mark in held]
    return ChartAnswer(join_words(language, listed) + pick(language, ".", "。"), tuple(held))


def _extreme(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    highest = _HIGHEST.search(question)
    if not chart.marks or not (highest or _LOWEST.search(question)):
        return None
    marks = sorted(asked_marks(chart, question), key=lambda mark: mark.value, reverse=bool(highest))
    nth = _NTH.search(question)
    is_third = nth is not None and nth[0].lower() in {"third", "3rd", "第三"}
    place = 2 if is_third else int(nth is not None)
    if place >= len(marks):
        return None
    best = marks[place]
    spread = abs(marks[0].value - marks[-1].value)
    ties = [mark for mark in marks if abs(mark.value - best.value) <= _near(mark, best, spread)]
    ties = ties if nth is None else [best]
    which = pick(language, "highest", "最高") if highest else pick(language, "lowest", "最低")
    named = join_words(language, [mark_name(mark, chart) for mark in ties])
    tie = pick(language, "; they look alike in height", "，两者看起来相等") if len(ties) > 1 else ""
    how, more = how_told(best, chart, language), left_out(chart, language)
    if nth is not None:
        which = pick(
            language,
            f"{'second' if place == 1 else 'third'} {which}",
            f"第{'二' if place == 1 else '三'}{which[1:]}",
        )
    return ChartAnswer(
        pick(
            language,
            f"The {which} is {told(best)} ({named}){how}{tie}{more}.",
            f"{which}的是 {told(best)}（{named}）{how}{tie}{more}。",
        ),
        tuple(ties),
    )


def _near(one: ChartMark, other: ChartMark, spread: float) -> float:
    return 0.0 if one.printed and other.printed else _TIE * spread


def _computed(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    marks = asked_marks(chart, question)
    if len(marks) < 2:
        return None
    named = len(marks) < len(chart.marks)
    if _DIFFERENCE.search(question) and _HIGHEST.search(question) and _LOWEST.search(question):
        ends = sorted(marks, key=lambda mark: mark.value)
        return _between([ends[0], ends[-1]], chart, question, language=language)
    about = "" if all(mark.printed for mark in marks) else "≈ "
    if len(marks) == 2 and named and (_DIFFERENCE.search(question) or _RATIO.search(question)):
        return _between(marks, chart, question, language=language)
    mean = _MEAN.search(question)
    if not mean and not _SUM.search(question):
        return None
    if chart.kind == "pie" and not named:
        return None
    value = sum(mark.value for mark in marks) / (len(marks) if mean else 1)
    what = pick(language, "average", "平均值") if mean else pick(language, "sum", "总和")
    listed = join_words(language, [f"{mark_name(mark, chart)} {told(mark)}" for mark in marks])
    more = "" if named else left_out(chart, language)
    return ChartAnswer(
        pick(
            language,
            f"The {what} is {about}{value:.6g}; I read {listed}{more}.",
            f"{what}是 {about}{value:.6g}；我读到的是 {listed}{more}。",
        ),
        tuple(marks),
        bare=f"{value:.6g}",
    )


def _between(
    marks: Sequence[ChartMark], chart: Chart, question: str, *, language: Language
) -> ChartAnswer | None:
    first, second = sorted(marks, key=lambda mark: -mark.value)
    about = "" if first.printed and second.printed else "≈ "
    both = f"{mark_name(first, chart)} {told(first)}, {mark_name(second, chart)} {told(second)}"
    if _RATIO.search(question):
        if not second.value:
            return None
        value, what, what_zh = first.value / second.value, "ratio", "倍数"
        text = f"{value:.3g}"
    else:
        value, what, what_zh = first.value - second.value, "difference", "差"
        text = f"{value:.6g}"
    return ChartAnswer(
        pick(
            language,
            f"The {what} is {about}{text} ({both}).",
            f"{what_zh}是 {about}{text}（{both}）。",
        ),
        (first, second),
        bare=text,
    )


def _changed(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    """From the first to the last mark of each series, or between the two that are named."""
    if not _CHANGED.search(question) or chart.kind in {"pie", "scatter"}:
        return None
    marks = asked_marks(chart, question)
    ends = [
        (own[0], own[-1])
        for series in chart.series
        if len(own := [mark for mark in marks if mark.series == series]) > 1
    ]
    if not ends:
        return None
    lines = [_change(first, last, language) for first, last in ends]
    first, last = ends[0]
    return ChartAnswer(
        "\n".join(lines),
        tuple(mark for pair in ends for mark in pair),
        bare=f"{abs(last.value - first.value):.6g}" if len(ends) == 1 else "",
    )


def _change(first: ChartMark, last: ChartMark, language: Language) -> str:
    by = last.value - first.value
    about = "" if first.printed and last.printed else "≈ "
    way, way_zh = ("rose", "上升") if by > 0 else ("fell", "下降")
    return pick(
        language,
        f"{first.series or 'It'} {way} by {about}{abs(by):.6g}, from {told(first)} "
        f"({first.category}) to {told(last)} ({last.category}).",
        f"{first.series}{way_zh}了 {about}{abs(by):.6g}，从 {told(first)}（{first.category}）到 "
        f"{told(last)}（{last.category}）。",
    )


def _trend(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    if not _TREND.search(question) or chart.kind in {"pie", "scatter"} or len(chart.marks) < 2:
        return None
    named = [series for series in chart.series if series and names(series, question)]
    lines = [_run(chart, series, language) for series in named or chart.series]
    return ChartAnswer("\n".join(lines), chart.marks)


def _run(chart: Chart, series: str, language: Language) -> str:
    marks = [mark for mark in chart.marks if mark.series == series]
    first, last = marks[0], marks[-1]
    low, high = min(marks, key=lambda mark: mark.value), max(marks, key=lambda mark: mark.value)
    steps = [right.value - left.value for left, right in pairwise(marks)]
    spread = max(abs(high.value - low.value), 1e-12)
    rises, falls = (
        all(step > -0.01 * spread for step in steps),
        all(step < 0.01 * spread for step in steps),
    )
    way = (
        pick(language, "rises throughout", "一直上升") if rises
        else pick(language, "falls throughout", "一直下降") if falls
        else pick(language, "goes up and down", "有升有降")
    )  # fmt: skip
    head = f"{series}: " if series else f"{chart.title}: " if chart.title else ""
    return pick(
        language,
        f"{head or 'It '}{way}, from {told(first)} ({first.category}) to {told(last)} "
        f"({last.category}); the highest is {told(high)} ({high.category}), the lowest "
        f"{told(low)} ({low.category}).",
        f"{head}{way}，从 {told(first)}（{first.category}）到 {told(last)}（{last.category}）；"
        f"最高 {told(high)}（{high.category}），最低 {told(low)}（{low.category}）。",
    )


FIGURES: Final[tuple[Rule, ...]] = (chosen, _computed, _changed, _extreme, _trend)
