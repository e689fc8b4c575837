"""Papers: the tasks of an OCR model: words with places, tables, whole documents, formulas."""

import json
import math
import re
from collections.abc import AsyncIterator, Callable
from typing import Final

from qwen_vision.engines.embedded.documents import markup
from qwen_vision.engines.embedded.documents.chart_words import chart_table
from qwen_vision.engines.embedded.documents.charts import Labelled, chart_values
from qwen_vision.engines.embedded.documents.layout import page_parts
from qwen_vision.engines.embedded.facts import Box, Quad, Reading, Table, TextLine
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.places import model_box, model_point
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought
from qwen_vision.media.items import Image

_ROTATED: Final = re.compile(r"rotat|旋转", re.IGNORECASE)
_HTML: Final = re.compile(r"html", re.IGNORECASE)
_CSV: Final = re.compile(r"\bcsv\b|spreadsheet|excel", re.IGNORECASE)
_JSON: Final = re.compile(r"\bjson\b", re.IGNORECASE)
_LATEX: Final = re.compile(r"latex", re.IGNORECASE)
_QWENVL: Final = re.compile(r"qwenvl", re.IGNORECASE)
_TITLE: Final = re.compile(r"[^\W\d_]{3,}.*\s[^\W\d_]{2,}|[\u3400-\u9fff]{3,}")
_CHART: Final = re.compile(r"chart|graph|plot|trend|axis|图表|柱状|折线|饼图|趋势", re.IGNORECASE)


async def words_with_places(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Every line of text with its place: rotated rectangles if asked for, else boxes."""
    rotated = scene.model.ocr or bool(_ROTATED.search(intent.text))
    for place, (index, image) in enumerate(scene.images):
        reading = await scene.eyes.read(image)
        yield Thought(f"Read {len(reading.lines)} lines in picture {index + 1}.")
        yield Say("\n\n```json\n[" if place else "```json\n[")
        for number, line in enumerate(reading.lines):
            entry = _rotated(line, image, scene) if rotated else _boxed(line, image, scene)
            yield Say((",\n  " if number else "\n  ") + json.dumps(entry, ensure_ascii=False))
        yield Say("\n]\n```" if reading.lines else "]\n```")


async def tell_tables(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The tables of each picture, as HTML, Markdown or CSV; for a chart, its labels."""
    if _CHART.search(intent.text):
        async for step in _chart(scene):
            yield step
        return
    write = _table_writer(scene)
    for place, (index, image) in enumerate(scene.images):
        reading = await scene.eyes.read(image)
        tables = _tables(reading)
        yield Thought(f"Looked for tables in picture {index + 1}: found {len(tables)}.")
        gap = "\n\n" if place else ""
        if not tables:
            yield Say(gap + _no_table(scene, rows=len(reading.rows)))
        for number, table in enumerate(tables):
            yield Say(("\n\n" if number else gap) + write(table))


def _tables(reading: Reading) -> tuple[Table, ...]:
    """The tables of a page, or the values of its chart as one."""
    charted = chart_table(reading.chart) if reading.chart is not None else None
    return reading.tables if charted is None else (charted,)


def _table_writer(scene: Scene) -> Callable[[Table], str]:
    """How the question wants its tables; an OCR model writes HTML unless told otherwise."""
    question = scene.question
    if _CSV.search(question) and not _HTML.search(question):
        return lambda table: "```csv\n" + markup.csv_table(table) + "\n```"
    if _JSON.search(question) and not _HTML.search(question):
        return lambda table: "```json\n" + markup.json_table(table) + "\n```"
    if _HTML.search(question) or scene.model.ocr:
        return lambda table: "```html\n" + markup.html_table(table) + "\n```"
    return markup.markdown_table


async def as_html(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    """Each page as HTML whose elements carry `data-bbox`."""
    for place, (_, image) in enumerate(scene.images):
        parts = page_parts(await scene.eyes.read(image))
        yield Thought(f"The page has {len(parts)} parts.")
        yield Say("\n\n```html\n" if place else "```html\n")
        for text in markup.html_page(parts, _writer(image, scene)):
            yield Say(text + "\n")
        yield Say("```")


async def as_markdown(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Each page as Markdown, or as LaTeX when that is asked for."""
    latex = _LATEX.search(intent.text)
    boxed = _QWENVL.search(scene.question)
    for place, (_, image) in enumerate(scene.images):
        parts = page_parts(await scene.eyes.read(image))
        yield Thought(f"The page has {len(parts)} parts.")
        if not parts:
            none = scene.say("I found no text in this picture.", "这张图片中没有找到文字。")
            yield Say(("\n\n" if place else "") + none)
            continue
        if latex:
            pieces = markup.latex_page(parts)
            yield Say("\n\n```latex\n" if place else "```latex\n")
        else:
            pieces = markup.markdown_page(parts, _writer(image, scene) if boxed else None)
            yield Say("\n\n" if place else "")
        for number, text in enumerate(pieces):
            yield Say(("\n\n" if number else "") + text)
        yield Say("\n```" if latex else "")


async def no_formulas(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    """Formulas are not read; the text around them is."""
    yield Say(
        scene.say(
            "I can't read formulas as LaTeX: I only read plain text, and sub- and superscripts, "
            "fractions and roots would come out wrong. ",
            "我不支持把公式识别为 LaTeX：我只读取普通文字，上下标、分式和根号会出错。",
        )
        + way_out(scene.language)
    )


async def _chart(scene: Scene) -> AsyncIterator[Step]:
    for place, (index, image) in enumerate(scene.images):
        reading = await scene.eyes.read(image)
        values = chart_values(reading)
        yield Thought(
            f"Read {len(reading.lines)} labels in picture {index + 1}; {len(values)} numbers "
            "stand over a category."
        )
        yield Say("\n\n" if place else "")
        yield Say(_labelled(scene, reading, values) if values else _printed(scene, reading))
    yield Say(way_out(scene.language))


def _labelled(scene: Scene, reading: Reading, values: list[Labelled]) -> str:
    told = {id(value.line) for value in values}
    title = next(
        (line.text for line in reading.lines if id(line) not in told and _TITLE.search(line.text)),
        "",
    )
    head = scene.say("Printed on the chart", "图表上印有") + (f" “{title}”" if title else "")
    listed = "\n".join(f"- {value.category}: {value.value}" for value in values)
    colon = scene.say(":", "：")
    return f"{head}{colon}\n{listed}\n" + scene.say(
        "These are the numbers printed over each label; I don't measure bars or lines. ",
        "以上是各标签上方印出的数字，我不测量柱子或曲线。",
    )


def _printed(scene: Scene, reading: Reading) -> str:
    listed = "\n".join(f"- {row}" for row in reading.text.split("\n") if row)
    if not listed:
        return scene.say(
            "I find no printed words or numbers on this chart. ",
            "图表上没有找到印出的文字或数字。",
        )
    return scene.say(
        "I read the words and numbers printed on a chart, not the height of its bars or "
        f"the run of its lines. Printed on it, row by row:\n{listed}\n",
        f"我只读取图表上印出的文字和数字，不测量柱子的高度或曲线的走势。逐行印有：\n{listed}\n",
    )


def _no_table(scene: Scene, *, rows: int) -> str:
    return scene.say(
        f"I find no table in this picture; it has {rows} lines of text. Ask me to read them.",
        f"这张图片里没有找到表格；图中有 {rows} 行文字，可以让我读出来。",
    )


def _writer(image: Image, scene: Scene) -> markup.Place:
    def place(box: Box) -> str:
        return " ".join(str(value) for value in model_box(box, image, scene.model))

    return place


def _boxed(line: TextLine, image: Image, scene: Scene) -> dict[str, object]:
    return {"bbox_2d": model_box(line.box, image, scene.model), "text_content": line.text}


def _rotated(line: TextLine, image: Image, scene: Scene) -> dict[str, object]:
    return {"rotate_rect": rotate_rect(line.quad, image=image, scene=scene), "text": line.text}


def rotate_rect(quad: Quad, *, image: Image, scene: Scene) -> list[int]:
    """[cx, cy, width, height, angle] of four corners in the coordinates of the model's family.

    The angle is in degrees clockwise from level, -90 to 90, measured on the picture.
    """
    corners = [model_point(x, y, image=image, model=scene.model) for x, y in quad]
    center_x = sum(x for x, _ in corners) / 4
    center_y = sum(y for _, y in corners) / 4
    (left, top), (right, level) = quad[0], quad[1]
    angle = math.degrees(math.atan2(level - top, right - left))
    angle = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
    return [
        round(center_x),
        round(center_y),
        round(math.dist(corners[0], corners[1])),
        round(math.dist(corners[0], corners[3])),
        round(angle),
    ]
