"""Charts: answers from what a chart shows, measured where it is not printed."""

import re
from collections.abc import AsyncIterator, Sequence

from qwen_vision.engines.embedded.documents.chart_absent import absent
from qwen_vision.engines.embedded.documents.chart_answers import answer
from qwen_vision.engines.embedded.documents.chart_figures import ChartAnswer, asks_figures
from qwen_vision.engines.embedded.documents.chart_names import says_category
from qwen_vision.engines.embedded.documents.chart_words import how_measured
from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.words import names
from qwen_vision.engines.embedded.facts import Chart, ChartMark, Reading
from qwen_vision.engines.embedded.intents import Intent, Task, asks_why
from qwen_vision.engines.embedded.language import Language, join_words, pick
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_MAY_ASK_A_CHART = frozenset(
    {
        Task.VALUE, Task.COUNT, Task.SUM, Task.TABLE, Task.UNKNOWN, Task.CELL, Task.SECTION,
        Task.WHEN, Task.MOMENT, Task.READ, Task.PART, Task.ITEMS, Task.UNSEEN, Task.EXISTS,
        Task.COMPARE, Task.QUALITY,
    }
)  # fmt: skip
# A page that holds this many lines of prose is about more than its chart.
_PROSE_WORDS = 7
_MOST_PROSE = 6


async def names_a_chart(scene: Scene, intent: Intent) -> bool:
    """Whether a question asks what a chart in a picture shows."""
    if intent.task not in _MAY_ASK_A_CHART or asks_why(intent.text):
        return False
    for _, image in scene.images:
        reading = await scene.eyes.read(image)
        if _is_about_it(reading) and _told(reading, intent.text, scene.language) is not None:
            return True
    return False


async def names_a_measured_chart(scene: Scene, intent: Intent) -> bool:
    """Whether it asks for values that are measured: they must be told as such."""
    readings = [await scene.eyes.read(image) for _, image in scene.images]
    if all(_is_printed(reading) for reading in readings):
        return False
    return await names_a_chart(scene, intent)


def _is_printed(reading: Reading) -> bool:
    """Whether a picture holds no value that would have to be measured."""
    if reading.chart is None:
        return not _unmeasured(reading)
    return all(mark.printed for mark in reading.chart.marks)


def _unmeasured(reading: Reading) -> Sequence[str]:
    """The labels of a chart whose marks are neither measured nor printed; empty for others."""
    is_told = reading.chart is not None or chart_values(reading)
    return () if is_told else reading.axis_labels


def _is_about_it(reading: Reading) -> bool:
    prose = [line for line in reading.lines if len(line.text.split()) >= _PROSE_WORDS]
    return len(prose) <= _MOST_PROSE


def _told(reading: Reading, question: str, language: Language) -> ChartAnswer | None:
    """What the chart of a picture says to a question; None without one."""
    chart = reading.chart
    if chart is None:
        return _refused(_unmeasured(reading), question, language)
    left_out = [
        name
        for name in reading.axis_labels
        if names(name, question) and not says_category(chart, question)
    ]
    return (
        _refused(left_out, question, language)
        or absent(chart, question, language, printed=reading.text)
        or answer(chart, question, language)
    )


def _refused(labels: Sequence[str], question: str, language: Language) -> ChartAnswer | None:
    """That a chart could not be measured, to a question for what its marks would tell."""
    if not labels or not (asks_figures(question) or any(names(name, question) for name in labels)):
        return None
    said = join_words(language, [f"“{name}”" for name in labels])
    return ChartAnswer(
        pick(
            language,
            f"A chart shows {said} here, but I can't measure the marks of it, and the numbers "
            "along its axis are not their values, so I don't guess.",
            f"图表中有{said}，但我无法测量对应的图形；坐标轴上的数字不是它们的数值，因此我不猜测。",
        )
    )


async def tell_chart(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """What each chart says to the question, with the marks it was read from."""
    told = 0
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        chart, found = reading.chart, _told(reading, intent.text, scene.language)
        if found is None:
            continue
        if chart is None:
            yield Thought(f"Picture {index + 1} shows an axis, but no marks that I can measure.")
        else:
            yield Thought(_seen(index, chart))
            for mark in found.marks:
                yield Proof(_evidence(mark, chart, index=index, page=image.page))
        several = len(scene.images) > 1
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        yield Say(("\n\n" if told else "") + head + found.text, bare=_alone(found, intent.text))
        told += 1


def _alone(found: ChartAnswer, question: str) -> str | None:
    """The answer without its sentence: the one mark's name for "which", its value otherwise."""
    if found.bare or len(found.marks) != 1:
        return found.bare or None
    mark = found.marks[0]
    which = re.search(r"\bwhich\b|\bwho\b|哪", question, re.IGNORECASE)
    return mark.category if which and mark.category else mark.text


def _seen(index: int, chart: Chart) -> str:
    count = chart.dots or len(chart.marks)
    printed = sum(mark.printed for mark in chart.marks)
    return (
        f"Picture {index + 1} shows a chart ({chart.kind}): found its scale and {count} marks, "
        f"{printed} with a printed value; {chart.unread} could not be named."
    )


def _evidence(mark: ChartMark, chart: Chart, *, index: int, page: int | None) -> Evidence:
    evidence = Evidence(
        f"{mark.category} {mark.series}".strip(),
        index,
        box=whole_box(mark.box),
        text=mark.text,
        note="printed at its mark" if mark.printed else how_measured(chart, "en"),
    )
    if page is not None:
        evidence.page = page
    return evidence
