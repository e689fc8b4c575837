"""Chart answers: what a chart says to a question about its values, axes and shape."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.chart_figures import (
    FIGURES,
    ChartAnswer,
    Rule,
    chosen,
    search,
)
from qwen_vision.engines.embedded.documents.chart_names import asked_marks
from qwen_vision.engines.embedded.documents.chart_words import (
    chart_words,
    how_told,
    kind_words,
    mark_name,
    told,
)
from qwen_vision.engines.embedded.facts import Chart
from qwen_vision.engines.embedded.language import Language, join_words, pick

_X_AXIS: Final = search(r"\bx[- ]?ax[ie]s|\bhorizontal axis|横轴|横坐标|x ?轴")
_Y_AXIS: Final = search(r"\by[- ]?ax[ie]s|\bvertical axis|纵轴|纵坐标|y ?轴")
_TITLE: Final = search(r"\btitle\b|\bheadline\b|标题|题目")
_UNIT: Final = search(
    r"\bunits? (?:of|is|are|does|do|on|used)\b|\b(?:what|which|the) units?\b|单位"
)
_KIND: Final = search(
    r"\b(?:what|which) (?:kind|type|sort) of (?:chart|graph|plot|diagram)|"
    r"(?:什么|哪种)(?:类型的?)?图表?"
)
_COUNTED: Final = search(
    r"\b(?:how many|number of|count(?: the| of)?)\s+(?:\w+ ){0,2}?"
    r"(?P<what>bars?|columns?|slices?|sectors?|wedges?|points?|dots?|categor(?:y|ies)|lines?|"
    r"series|groups?|colou?rs)\b(?! of (?:text|print))|"
    r"(?:多少|几)\s?(?:个|根|条|块)?\s?"
    r"(?P<han>柱子?|条形|扇形|扇区|点|类别|类|系列|线|折线|组)"
)
_WHOLE: Final = search(
    r"\b(?:chart|graph|plot|diagram|data|values?|bars?|slices?|labels?|categor\w+)\b|"
    r"图表|柱状图|条形图|折线图|饼图|散点图|数据|数值|这张图|柱子|类别"
)
_TEXT: Final = search(
    r"\b(?:text|words|ocr|colou?rs?|where|bbox|bounding|size|pixels?)\b|文字|文本|颜色|在哪|坐标"
)


def answer(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    """What the chart says to a question; None when the question asks nothing of a chart."""
    for rule in _RULES:
        found = rule(chart, question, language)
        if found is not None:
            return found
    return None


def _axis_or_title(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    # Without a word of which, the axis meant is the one that measures.
    axis = (
        ("x-axis", "横轴", chart.x_title) if _X_AXIS.search(question)
        else ("y-axis", "纵轴", chart.y_title) if _Y_AXIS.search(question)
        else None
    )  # fmt: skip
    if _UNIT.search(question):
        return _unit(axis[2] if axis else chart.x_title if chart.lies else chart.y_title, language)
    if axis:
        return _title_at(axis, language)
    if not _TITLE.search(question):
        return None
    if not chart.title:
        return ChartAnswer(
            pick(language, "I find no title over the chart.", "图表上方没有找到标题。")
        )
    return ChartAnswer(
        pick(language, f"The title is “{chart.title}”.", f"标题是“{chart.title}”。"),
        bare=chart.title,
    )


def _title_at(axis: tuple[str, str, str], language: Language) -> ChartAnswer:
    english, chinese, title = axis
    if not title:
        return ChartAnswer(
            pick(
                language,
                f"I find no title printed at the {english}.",
                f"{chinese}旁没有找到标题。",
            )
        )
    return ChartAnswer(
        pick(language, f"The {english} shows “{title}”.", f"{chinese}表示“{title}”。"), bare=title
    )


def _unit(title: str, language: Language) -> ChartAnswer:
    inner = re.search(r"[(（\[]([^)）\]]+)[)）\]]", title)
    unit = inner[1] if inner else title
    if not unit:
        return ChartAnswer(
            pick(language, "I find no unit printed at the axis.", "坐标轴旁没有找到单位。")
        )
    return ChartAnswer(
        pick(language, f"The axis says “{title}”: {unit}.", f"坐标轴写着“{title}”：{unit}。"),
        bare=unit,
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
    some = chosen(chart, question, language)
    if some is not None:
        count = len(some.marks)
        told_them = f": {some.text}" if some.marks else "."
        return ChartAnswer(
            pick(language, f"I count {count}{told_them}", f"我数到 {count} 个。{some.text}"),
            some.marks,
            bare=str(count),
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
        pick(language, f"I count {about}{count}.", f"我数到{about}{count}。"),
        chart.marks,
        bare=str(count),
    )


def _value(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    marks = asked_marks(chart, question)
    if not marks or len(marks) == len(chart.marks):
        return None
    if len(marks) == 1:
        mark = marks[0]
        how = how_told(mark, chart, language)
        return ChartAnswer(
            pick(
                language,
                f"“{mark_name(mark, chart)}”: {told(mark)}{how}.",
                f"“{mark_name(mark, chart)}”是 {told(mark)}{how}。",
            ),
            (mark,),
        )
    listed = [f"{mark_name(mark, chart)} {told(mark)}" for mark in marks]
    return ChartAnswer(join_words(language, listed) + pick(language, ".", "。"), tuple(marks))


def _whole(chart: Chart, question: str, language: Language) -> ChartAnswer | None:
    if not _WHOLE.search(question) or _TEXT.search(question):
        return None
    return ChartAnswer(chart_words(chart, language), chart.marks)


_RULES: Final[tuple[Rule, ...]] = (_kind, _axis_or_title, _counted, *FIGURES, _value, _whole)
