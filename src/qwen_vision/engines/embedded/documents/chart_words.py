"""Chart words: a chart told in sentences, as a list of its values and as a table."""

from typing import Final

from qwen_vision.engines.embedded.facts import Cell, Chart, ChartMark, Table
from qwen_vision.engines.embedded.language import Language, bracket, pick

_KINDS: Final = {
    "bar": ("bar chart", "柱状图"),
    "line": ("line chart", "折线图"),
    "area": ("area chart", "面积图"),
    "scatter": ("scatter plot", "散点图"),
    "pie": ("pie chart", "饼图"),
}


def kind_words(chart: Chart, language: Language) -> str:
    """What kind of chart it is: `a stacked bar chart of lying bars`."""
    english, chinese = _KINDS[chart.kind]
    is_grouped = chart.kind == "bar" and len(chart.series) > 1
    way, way_zh = (
        ("stacked ", "堆叠") if chart.is_stacked
        else ("grouped ", "分组") if is_grouped
        else ("", "")
    )  # fmt: skip
    english, chinese = way + english, way_zh + chinese
    if chart.lies:
        english, chinese = "horizontal " + english, chinese.replace("柱状图", "条形图")
    return pick(language, ("an " if english[0] in "aeiou" else "a ") + english, chinese)


def told(mark: ChartMark) -> str:
    """The value of a mark: as printed, or about what was measured."""
    return mark.text if mark.printed else f"≈ {mark.text}"


def mark_name(mark: ChartMark, chart: Chart) -> str:
    """What a mark is called: its category, with its series where there are several."""
    if len(chart.series) < 2 or not mark.series:
        return mark.category
    return f"{mark.category} / {mark.series}"


def how_told(mark: ChartMark, chart: Chart, language: Language) -> str:
    """The aside that says how a value was measured; "" for a printed one."""
    return "" if mark.printed else pick(language, ", ", "，") + how_measured(chart, language)


def left_out(chart: Chart, language: Language) -> str:
    """The aside that a chart has more marks than could be named; "" where all were."""
    if not chart.unread:
        return ""
    return pick(
        language,
        f"; {chart.unread} more could not be named",
        f"，另有 {chart.unread} 个无法确定名称",
    )


def how_measured(chart: Chart, language: Language) -> str:
    """How values that are not printed were found."""
    if chart.kind == "pie":
        return pick(language, "measured by the angle of the slice", "按扇形角度测得")
    return pick(language, "measured against the axis", "按坐标轴测得")


def chart_words(chart: Chart, language: Language) -> str:
    """Kind, title, axes and every value, with what is measured and what was left out."""
    named = pick(language, f", “{chart.title}”", f"“{chart.title}”") if chart.title else ""
    head = kind_words(chart, language)
    head = head[0].upper() + head[1:] + named
    if chart.kind == "scatter":
        return head + pick(language, ". ", "。") + _scatter(chart, language)
    # Markdown wants a free line before a table.
    gap = "\n\n" if len(chart.series) > 1 else "\n"
    text = head + pick(language, ":", "：") + gap + values_listed(chart)
    notes = (_axes(chart, language), _notes(chart, language))
    return text + "".join(f"\n\n{line}" for line in notes if line)


def values_listed(chart: Chart) -> str:
    """The values as a list, or as a Markdown table for several series."""
    if len(chart.series) < 2:
        return "\n".join(f"- {mark.category}: {told(mark)}" for mark in chart.marks)
    by_place = {(mark.category, mark.series): mark for mark in chart.marks}
    lines = [
        "| | " + " | ".join(chart.series) + " |",
        "|---" * (len(chart.series) + 1) + "|",
    ]
    for category in chart.categories:
        cells = [
            told(by_place[category, series]) if (category, series) in by_place else ""
            for series in chart.series
        ]
        lines.append(f"| {category} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def chart_table(chart: Chart) -> Table | None:
    """The values as a table with a header; None for a chart without any."""
    if not chart.marks:
        return None
    several = len(chart.series) > 1
    # What measures the bars stands along the axis they do not stand on.
    names, measure = (
        (chart.y_title, chart.x_title) if chart.lies else (chart.x_title, chart.y_title)
    )
    heads = [names, *(chart.series if several else [measure])]
    by_place = {(mark.category, mark.series): mark for mark in chart.marks}
    cells = [Cell(0, column, text, is_header=True) for column, text in enumerate(heads)]
    for row, category in enumerate(chart.categories, start=1):
        cells.append(Cell(row, 0, category))
        for column, series in enumerate(chart.series, start=1):
            mark = by_place.get((category, series))
            text, box = (told(mark), mark.box) if mark else ("", None)
            cells.append(Cell(row, column, text, box))
    return Table(len(chart.categories) + 1, len(heads), tuple(cells), chart.box)


def _scatter(chart: Chart, language: Language) -> str:
    (left, right), (low, high) = chart.ranges
    x = bracket(language, f"“{chart.x_title}”") if chart.x_title else ""
    y = bracket(language, f"“{chart.y_title}”") if chart.y_title else ""
    return pick(
        language,
        f"I count about {chart.dots} points; x{x} runs from ≈ {left:g} to ≈ {right:g}, y{y} from "
        f"≈ {low:g} to ≈ {high:g}, measured against the axes.",
        f"约有 {chart.dots} 个点；x{x} 约从 {left:g} 到 {right:g}，y{y} 约从 {low:g} 到 {high:g}"
        "（按坐标轴测得）。",
    )


def _axes(chart: Chart, language: Language) -> str:
    said = []
    if chart.x_title:
        said.append(pick(language, f"x-axis “{chart.x_title}”", f"横轴“{chart.x_title}”"))
    if chart.y_title:
        said.append(pick(language, f"y-axis “{chart.y_title}”", f"纵轴“{chart.y_title}”"))
    if chart.is_log:
        said.append(pick(language, "a logarithmic scale", "对数刻度"))
    if not said:
        return ""
    return pick(language, "Axes: " + ", ".join(said) + ".", "坐标轴：" + "，".join(said) + "。")


def _notes(chart: Chart, language: Language) -> str:
    notes = []
    measured = [mark for mark in chart.marks if not mark.printed]
    if measured:
        how = how_measured(chart, language)
        notes.append(
            pick(
                language, f"Values with ≈ are {how}, not printed.", f"带 ≈ 的数值{how}，并非印出。"
            )
        )
    else:
        notes.append(
            pick(
                language,
                "These are the numbers printed at each mark.",
                "以上是各标签上方印出的数字。",
            )
        )
    if chart.unread:
        notes.append(
            pick(
                language,
                f"{chart.unread} more could not be named or measured surely and are left out.",
                f"另有 {chart.unread} 个无法确定名称或数值，未列出。",
            )
        )
    return pick(language, " ", "").join(notes)
