"""Chart answers: what a chart says to a question about its values, axes and shape."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.chart_names import asked_marks
from qwen_vision.engines.embedded.documents.chart_words import (
    chart_words,
    how_measured,
    kind_words,
    told,
)
from qwen_vision.engines.embedded.documents.words import names
from qwen_vision.engines.embedded.facts import Chart, ChartMark
from qwen_vision.engines.embedded.language import Language, bracket, join_words, pick


@dataclass(frozen=True, slots=True)
class ChartAnswer:
    """What to say, and the marks it rests on."""

    text: str
    marks: tuple[ChartMark, ...] = ()


_Rule: TypeAlias = Callable[[Chart, str, Language], "ChartAnswer | None"]


def _search(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_X_AXIS: Final = _search(r"\bx[- ]?ax[ie]s|\bhorizontal axis|横轴|横坐标|x ?轴")
_Y_AXIS: Final = _search(r"\by[- ]?ax[ie]s|\bvertical axis|纵轴|纵坐标|y ?轴")
_TITLE: Final = _search(r"\btitle\b|\bheadline\b|标题|题目")
_UNIT: Final = _search(
    r"\bunits? (?:of|is|are|does|do|on|used)\b|\b(?:what|which|the) units?\b|单位"
)
_KIND: Final = _search(
    r"\b(?:what|which) (?:kind|type|sort) of (?:chart|graph|plot|diagram)|"
    r"(?:什么|哪种)(?:类型的?)?图表?"
)
_COUNTED: Final = _search(
    r"\b(?:how many|number of|count(?: the| of)?)\s+(?:\w+ ){0,2}?"
    r"(?P<what>bars?|columns?|slices?|sectors?|wedges?|points?|dots?|categor(?:y|ies)|lines?|"
    r"series|groups?|colou?rs)\b(?! of (?:text|print))|"
    r"(?:多少|几)\s?(?:个|根|条|块)?\s?"
    r"(?P<han>柱子?|条形|扇形|扇区|点|类别|类|系列|线|折线|组)"
)
_NEGATIVE: Final = _search(r"\bnegative\b|\b(?:below|less than) (?:zero|0)\b|负")
_POSITIVE: Final = _search(r"\bpositive\b|\babove (?:zero|0)\b|正值|正数|为正")
_HIGHEST: Final = _search(
    r"\b(?:highest|largest|biggest|greatest|most|max\w*|tallest|longest|peaks?|top|best)\b|"
    r"最[高大多长]|峰值|第一名"
)
_LOWEST: Final = _search(
    r"\b(?:lowest|smallest|least|fewest|min\w*|shortest|worst|bottom)\b|最[低小少短]"
)
_NTH: Final = _search(r"\b(?P<word>second|third|2nd|3rd)\b|第(?P<han>[二三])")
_DIFFERENCE: Final = _search(
    r"\bdifferen\w+\b|\bgap between\b|"
    r"\bhow much (?:more|less|higher|lower|larger|smaller|greater|bigger)\b|"
    r"相差|差(?:多少|值|距|异|是)|(?:高|多|低|少)(?:出)?多少"
)
_RATIO: Final = _search(
    r"\bratio\b|\bhow many times\b|\btimes (?:as|more|larger|higher|bigger)\b|"
    r"几倍|多少倍|倍数|比率|比值"
)
_SUM: Final = _search(
    r"\bsum\b|\btotal\b|\baltogether\b|\bcombined\b|\badd(?:ed)? up\b|\btogether\b|"
    r"合计|总和|一共|总共|之和|总计|加起来"
)
_MEAN: Final = _search(r"\baverage\b|\bmean\b|平均")
_TREND: Final = _search(
    r"\btrends?\b|\b(?:increas|decreas|declin|ris|grow|fall|fell|rose|grew|chang)\w*\b|"
    r"\bover time\b|趋势|上升|下降|增长|变化|增加|减少"
)
_OVER: Final = _search(
    r"\b(?:above|over|more than|greater than|higher than|exceeds?|at least)\s+"
    r"(?P<number>-?\d[\d.,]*)|(?:超过|大于|高于|多于)\s*(?P<han>-?\d[\d.,]*)"
)
_UNDER: Final = _search(
    r"\b(?:below|under|less than|lower than|smaller than|fewer than|at most)\s+"
    r"(?P<number>-?\d[\d.,]*)|(?:低于|小于|少于|不到)\s*(?P<han>-?\d[\d.,]*)"
)
_WHOLE: Final = _search(
    r"\b(?:chart|graph|plot|diagram|data|values?|bars?|slices?|labels?|categor\w+)\b|"
    r"图表|柱状图|条形图|折线图|饼图|散点图|数据|数值|这张图|柱子|类别"
)
_TEXT: Final = _search(
    r"\b(?:text|words|ocr|colou?rs?|where|bbox|bounding|size|pixels?)\b|文字|文本|颜色|在哪|坐标"
)
# Values this near one another, in parts of the whole range, are told as a tie.
_TIE: Final = 0.012


def answer(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    """What the chart says to a question; None when the question asks nothing of a chart."""
    for rule in _RULES:
        found = rule(chart, question, language)
        if found is not None:
            return found
    return None


def _axis_or_title(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    for pattern, title, english, chinese in (
        (_X_AXIS, chart.x_title, "x-axis", "横轴"),
        (_Y_AXIS, chart.y_title, "y-axis", "纵轴"),
    ):
        if pattern.search(question):
            return ChartAnswer(
                pick(language, f"The {english} shows “{title}”.", f"{chinese}表示“{title}”。")
                if title
                else pick(
                    language,
                    f"I find no title printed at the {english}.",
                    f"{chinese}旁没有找到标题。",
                )
            )
    if _UNIT.search(question):
        return _unit(chart, language)
    if not _TITLE.search(question):
        return None
    if not chart.title:
        return ChartAnswer(
            pick(language, "I find no title over the chart.", "图表上方没有找到标题。")
        )
    return ChartAnswer(pick(language, f"The title is “{chart.title}”.", f"标题是“{chart.title}”。"))


def _unit(chart: Chart, language: Language) -> ChartAnswer:
    title = chart.x_title if chart.lies else chart.y_title
    inner = re.search(r"[(（\[]([^)）\]]+)[)）\]]", title)
    unit = inner[1] if inner else title
    if not unit:
        return ChartAnswer(
            pick(language, "I find no unit printed at the axis.", "坐标轴旁没有找到单位。")
        )
    return ChartAnswer(
        pick(language, f"The axis says “{title}”: {unit}.", f"坐标轴写着“{title}”：{unit}。")
    )


def _kind(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    if not _KIND.search(question):
        return None
    words = kind_words(chart, language)
    return ChartAnswer(pick(language, f"It is {words}.", f"这是{words}。"))


def _counted(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    match = _COUNTED.search(question)
    if match is None:
        return None
    some = _signed(chart, question, language) or _beyond(chart, question, language)
    if some is not None:
        count = len(some.marks)
        told_them = f": {some.text}" if some.marks else "."
        return ChartAnswer(
            pick(language, f"I count {count}{told_them}", f"我数到 {count} 个。{some.text}"),
            some.marks,
        )
    what = (match["what"] or match["han"]).lower()
    if what.startswith(("line", "series", "线", "折线", "系列", "colo")):
        count = len(chart.series)
    elif what.startswith(("categor", "group", "类", "组")):
        count = len(chart.categories)
    else:
        count = chart.dots if chart.kind == "scatter" else len(chart.marks) + chart.unread
    about = pick(language, "about ", "约 ") if chart.kind == "scatter" else ""
    return ChartAnswer(
        pick(language, f"I count {about}{count}.", f"我数到{about}{count}。"), chart.marks
    )


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
    listed = [_name(mark, chart) + bracket(language, told(mark)) for mark in held]
    return ChartAnswer(join_words(language, listed) + pick(language, ".", "。"), tuple(held))


def _extreme(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    highest = _HIGHEST.search(question)
    if not chart.marks or not (highest or _LOWEST.search(question)):
        return None
    marks = sorted(asked_marks(chart, question), key=lambda mark: mark.value, reverse=bool(highest))
    nth = _NTH.search(question)
    place = (
        0
        if nth is None
        else 2
        if (nth["word"] or nth["han"]).lower() in {"third", "3rd", "三"}
        else 1
    )
    if place >= len(marks):
        return None
    best = marks[place]
    spread = abs(marks[0].value - marks[-1].value)
    ties = [mark for mark in marks if abs(mark.value - best.value) <= _near(mark, best, spread)]
    ties = ties if nth is None else [best]
    which = pick(language, "highest", "最高") if highest else pick(language, "lowest", "最低")
    named = join_words(language, [_name(mark, chart) for mark in ties])
    tie = pick(language, "; they look alike in height", "，两者看起来相等") if len(ties) > 1 else ""
    how = _how(best, chart, language)
    if nth is not None:
        which = pick(
            language,
            f"{'second' if place == 1 else 'third'} {which}",
            f"第{'二' if place == 1 else '三'}{which[1:]}",
        )
    return ChartAnswer(
        pick(
            language,
            f"The {which} is {told(best)} ({named}){how}{tie}.",
            f"{which}的是 {told(best)}（{named}）{how}{tie}。",
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
    listed = join_words(language, [f"{_name(mark, chart)} {told(mark)}" for mark in marks])
    return ChartAnswer(
        pick(
            language,
            f"The {what} is {about}{value:.6g}; I read {listed}.",
            f"{what}是 {about}{value:.6g}；我读到的是 {listed}。",
        ),
        tuple(marks),
    )


def _between(
    marks: Sequence[ChartMark], chart: Chart, question: str, *, language: Language
) -> ChartAnswer | None:
    first, second = sorted(marks, key=lambda mark: -mark.value)
    about = "" if first.printed and second.printed else "≈ "
    both = f"{_name(first, chart)} {told(first)}, {_name(second, chart)} {told(second)}"
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


def _value(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    marks = asked_marks(chart, question)
    if not marks or len(marks) == len(chart.marks):
        return None
    if len(marks) == 1:
        mark = marks[0]
        how = _how(mark, chart, language)
        return ChartAnswer(
            pick(
                language,
                f"“{_name(mark, chart)}”: {told(mark)}{how}.",
                f"“{_name(mark, chart)}”是 {told(mark)}{how}。",
            ),
            (mark,),
        )
    listed = [f"{_name(mark, chart)} {told(mark)}" for mark in marks]
    return ChartAnswer(join_words(language, listed) + pick(language, ".", "。"), tuple(marks))


def _whole(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    if not _WHOLE.search(question) or _TEXT.search(question):
        return None
    return ChartAnswer(chart_words(chart, language), chart.marks)


def _how(mark: ChartMark, chart: Chart, language: Language) -> str:
    return "" if mark.printed else pick(language, ", ", "，") + how_measured(chart, language)


def _name(mark: ChartMark, chart: Chart) -> str:
    if len(chart.series) < 2 or not mark.series:
        return mark.category
    return f"{mark.category} / {mark.series}"


_RULES: Final[tuple[_Rule, ...]] = (
    _kind, _axis_or_title, _counted, _signed, _beyond, _computed, _extreme, _trend, _value, _whole,
)  # fmt: skip
