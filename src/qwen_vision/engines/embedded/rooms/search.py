"""Search: where the subject of a question stands in a picture, over text, codes and objects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.fields import find_field, find_words, lines_with
from qwen_vision.engines.embedded.documents.sheet import Sheet, around
from qwen_vision.engines.embedded.facts import Box, ObjectSeen, Reading, TextLine
from qwen_vision.engines.embedded.intents import Intent, Task, quoted
from qwen_vision.engines.embedded.language import Language
from qwen_vision.engines.embedded.rooms.codes import code_line
from qwen_vision.engines.embedded.rooms.describe import PAGE_LINES
from qwen_vision.engines.embedded.rooms.seen import Looks, look_of
from qwen_vision.engines.embedded.rooms.things import (
    detector_labels,
    is_kind,
    is_meant,
    object_name,
    scene_words,
)
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.media.items import Image, Size

CODES: Final = re.compile(r"\b(?:qr|bar ?codes?|codes?)\b|二维码|条形?码", re.IGNORECASE)
_TEXT: Final = re.compile(
    r"^(?:any |some )?(?:text|writing|words?|letters?|文字|字|文本)$", re.IGNORECASE
)
_THINGS: Final = re.compile(
    r"^(?:objects?|things?|everything|items?|物体|东西|目标)$", re.IGNORECASE
)
_TABLES: Final = re.compile(
    r"^(?:data |html |text )?(?:tables?|grids?|spreadsheets?)$|^(?:表格?|数据表|一张表|表格数据)$",
    re.IGNORECASE,
)
_CHARTS: Final = re.compile(
    r"^(?:bar |line |column )?(?:charts?|graphs?|plots?)$|^(?:图表|柱状图|条形图|折线图)$",
    re.IGNORECASE,
)
# Kinds of things on a screen or page that are told by the words on them.
_SORT: Final = re.compile(
    r"^(?:(?:words?|texts?|labels?|headings?|titles?|buttons?|lines?|phrases?|fields?)\s+)(?=\S)|"
    r"\s+(?:words?|texts?|labels?|headings?|buttons?|icons?|tabs?|links?|fields?|"
    r"checkbox(?:es)?|options?|lines?|phrases?|menus?|entry|entries|items?|sections?|columns?|rows?|"
    r"cells?|logos?)$|(?<=\w)(?:这个)?(?:按钮|图标|文字|字样|一词|单词|链接|菜单项?|选项|字段|标题|栏目?|列|行)$",
    re.IGNORECASE,
)


# "The word TOTAL" is the print itself, not what stands beside it.
_WORD: Final = re.compile(
    r"^(?:the )?(?:words?|texts?|labels?|headings?|phrases?) (?P<words>\S.*)$", re.IGNORECASE
)
# What is asked after in the words only: an object that is seen is not mentioned.
_TOLD: Final = re.compile(
    r"\b(?:mention(?:s|ed)?|says?|written|printed)\b|提到|提及|写着|写了|印着", re.I
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Something found: what it is called, where, how surely."""

    label: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a subject gave; `seen` is False when nothing here could see it."""

    spots: tuple[Spot, ...]
    kind: str
    seen: bool = True


async def find_spots(scene: Scene, intent: Intent, image: Image) -> Search:
    """Where the subject of a question stands in a picture: code, value, text or object."""
    subject = intent.subject
    if CODES.search(subject or intent.text) and not quoted(intent.text):
        codes = await scene.eyes.codes(image)
        return Search(tuple(Spot(code.payload, code_line(code).box, 1.0) for code in codes), "code")
    reading = await scene.eyes.read(image)
    if _TEXT.match(subject):
        return Search(_spots_of(reading.lines), "text")
    sheet = Sheet.of(reading)
    word = _WORD.match(subject)
    printed = lines_with(sheet, word["words"]) if word else []
    if printed:
        return Search(_spots_of(printed), "line")
    if intent.concepts and not quoted(intent.text):
        found = [value for concept in intent.concepts for value in find_field(sheet, concept)[:1]]
        if found:
            return Search(
                tuple(Spot(value.text, value.box, value.confidence) for value in found), "value"
            )
    grid = _find_grid(scene, subject, reading)
    if grid is not None:
        return grid
    return await _find_named(scene, intent, image, sheet=sheet)


def _find_grid(scene: Scene, subject: str, reading: Reading) -> Search | None:
    """A table or a chart, when the subject is one."""
    if _TABLES.match(subject) and reading.tables:
        return Search(_table_spots(scene, reading), "table")
    if not _CHARTS.match(subject):
        return None
    bars = tuple(bar.line for bar in chart_values(reading))
    box = reading.chart.box if reading.chart else around(bars) if bars else None
    label = scene.say("a chart", "一张图表")
    return Search((Spot(label, box, 1.0),), "table") if box else None


async def _find_named(scene: Scene, intent: Intent, image: Image, *, sheet: Sheet) -> Search:
    """Values, objects or lines of text that the words of the subject name."""
    subject = intent.subject
    is_named = intent.task is Task.LOCATE and not quoted(intent.text)
    values = _beside(sheet, subject) if is_named else ()
    if values:
        return Search(values, "value")
    is_told = bool(_TOLD.search(intent.text))
    things = Search((), "text") if is_told else await find_things(scene, subject, image)
    if things.spots:
        return things
    if _TABLES.match(subject):
        return Search((), "table")
    lines = _lines_named(sheet, subject)
    if lines:
        return Search(_spots_of(lines), "line")
    # Words in quotation marks can only be text; anything else might be a thing.
    if is_told or quoted(intent.text) or intent.concepts:
        return Search((), "text")
    # A page of text looks like nothing but a page.
    is_page = len(sheet.rows) >= PAGE_LINES
    return things if things.seen or is_page else await _find_look(scene, subject, image)


def _table_spots(scene: Scene, reading: Reading) -> tuple[Spot, ...]:
    return tuple(
        Spot(
            scene.say(
                f"a table of {table.rows} rows and {table.columns} columns",
                f"{table.rows} 行 {table.columns} 列的表格",
            ),
            table.box,
            1.0,
        )
        for table in reading.tables
    )


def _beside(sheet: Sheet, subject: str) -> tuple[Spot, ...]:
    """Values that a label of these very words names."""
    found = find_words(sheet, subject) if subject else []
    return tuple(Spot(value.text, value.box, value.confidence) for value in found[:1])


def _lines_named(sheet: Sheet, subject: str) -> list[TextLine]:
    """Lines that hold the words or one of them: soups are a "Soup of the day".

    "The Save button" is found by what stands on it.
    """
    if not subject:
        return []
    bare = _SORT.sub("", subject).strip()
    one = re.sub(r"(?<=[a-z]{3})(?<!s)s$", "", bare)
    return lines_with(sheet, subject) or lines_with(sheet, bare) or lines_with(sheet, one)


async def find_things(scene: Scene, subject: str, image: Image) -> Search:
    """Objects the words mean; `seen` is False when no detector knows or looks for such."""
    if not _THINGS.match(subject) and not detector_labels(subject):
        return Search((), "object", seen=False)
    objects = await scene.eyes.objects(image)
    found = things_named(subject, objects or (), language=scene.language)
    return Search(found, "object", seen=objects is not None)


def things_named(
    subject: str, objects: Sequence[ObjectSeen], *, language: Language
) -> tuple[Spot, ...]:
    """The objects that the words mean, by their names in the language."""
    everything, labels = _THINGS.match(subject), detector_labels(subject)
    return tuple(
        Spot(
            object_name(thing.label, language) if language == "zh" else thing.label,
            thing.box,
            thing.confidence,
        )
        for thing in objects
        if everything or thing.label in labels or is_meant(subject, thing)
    )


async def _find_look(scene: Scene, subject: str, image: Image) -> Search:
    """What the words mean, where a thing, the picture or a part of it looks like that.

    `seen` is False when nothing does: the classifier can not say that something is absent.
    """
    objects = await scene.eyes.objects(image)
    found = things_named(subject, objects or (), language=scene.language)
    if found or not subject:
        return Search(found, "object", seen=bool(found))
    looks = await look_of(scene, image)
    spots = looks_named(subject, looks, image.original, language=scene.language)
    is_look = bool(spots) or (objects is not None and is_kind(subject))
    return Search(spots, "look" if is_look else "object", seen=bool(spots))


def looks_named(
    subject: str, looks: Looks, original: Size, *, language: Language
) -> tuple[Spot, ...]:
    """The whole picture, where it or else a part of it looks like what the words mean."""
    box = Box(0.0, 0.0, float(original.width_px), float(original.height_px))
    whole = (looks.whole,) if looks.whole else ()
    named = (seen for seen in (*whole, *looks.parts) if is_meant(subject, seen))
    return tuple(Spot(scene_words(seen, language), box, seen.confidence) for seen in named)[:1]


def _spots_of(lines: Sequence[TextLine]) -> tuple[Spot, ...]:
    return tuple(Spot(line.text, line.box, line.confidence) for line in lines)
