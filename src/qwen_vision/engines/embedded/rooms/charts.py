"""Charts: answers from what a chart shows, measured where it is not printed."""

import re
from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.documents.chart_absent import absent
from qwen_vision.engines.embedded.documents.chart_answers import answer
from qwen_vision.engines.embedded.documents.chart_figures import ChartAnswer
from qwen_vision.engines.embedded.documents.chart_words import how_measured
from qwen_vision.engines.embedded.facts import Chart, ChartMark, Reading
from qwen_vision.engines.embedded.intents import Intent, Task, asks_why
from qwen_vision.engines.embedded.language import Language
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
    charts = [(await scene.eyes.read(image)).chart for _, image in scene.images]
    if all(chart is None or all(mark.printed for mark in chart.marks) for chart in charts):
        return False
    return await names_a_chart(scene, intent)


def _is_about_it(reading: Reading) -> bool:
    prose = [line for line in reading.lines if len(line.text.split()) >= _PROSE_WORDS]
    return len(prose) <= _MOST_PROSE


def _told(reading: Reading, question: str, language: Language) -> ChartAnswer | None:
    """What the chart of a picture says to a question; None without one."""
    chart = reading.chart
    if chart is None:
        return None
    missing = absent(chart, question, language, printed=reading.text)
    return missing or answer(chart, question, language)


async def tell_chart(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """What each chart says to the question, with the marks it was read from."""
    told = 0
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        chart, found = reading.chart, _told(reading, intent.text, scene.language)
        if chart is None or found is None:
            continue
        yield Thought(_seen(index, chart))
        for proof in _proofs(found, chart, index=index, page=image.page):
            yield proof
        several = len(scene.images) > 1
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        yield Say(("\n\n" if told else "") + head + found.text, bare=_alone(found, intent.text))
        told += 1


def _alone(found: ChartAnswer, question: str) -> str | None:
    """The answer without its sentence: the one mark's name for "which", its value otherwise."""
    if len(found.marks) != 1:
        return None
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


def _proofs(found: ChartAnswer, chart: Chart, *, index: int, page: int | None) -> list[Proof]:
    return [Proof(_evidence(mark, chart, index=index, page=page)) for mark in found.marks]


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
