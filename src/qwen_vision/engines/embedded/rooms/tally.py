"""Tally: how many lines, words, codes, rows, entries or objects a picture holds."""

import re
from collections.abc import AsyncIterator
from typing import Final

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import shared, stems
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent, quoted
from qwen_vision.engines.embedded.rooms.near import near_lines
from qwen_vision.engines.embedded.rooms.search import CODES, find_spots
from qwen_vision.engines.embedded.rooms.seen import round_words
from qwen_vision.engines.embedded.rooms.spots import counted, looked, not_found, spot_proof
from qwen_vision.engines.embedded.rooms.things import detector_labels
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought
from qwen_vision.media.items import Image

_LINES: Final = re.compile(r"\blines?\b|行", re.IGNORECASE)
_WORDS: Final = re.compile(r"\bwords?\b|单词|词", re.IGNORECASE)
_CHARACTERS: Final = re.compile(r"\b(?:characters?|letters?)\b|字符|个字|汉字|字母", re.IGNORECASE)
_GRID: Final = re.compile(
    r"\b(?:rows|columns)\b(?! of text)|[几多少]\s?[行列](?!文字|字)|(?:行|列)数", re.IGNORECASE
)
_COLUMNS: Final = re.compile(r"columns|列", re.IGNORECASE)
_LISTED: Final = re.compile(
    r"\b(?:items?|products?|dishes|articles|goods|entries|drinks|services|positions)\b|"
    r"商品|项目|菜|产品|服务|物品",
    re.IGNORECASE,
)
# Words beside "items" that leave none of them out; "vegetarian dishes" are not all of them.
_ANY_ITEM: Final = stems(
    "line different separate various distinct kinds types menu bill receipt invoice order single "
    "listed bought purchased sold total"
)
_ROUND: Final = re.compile(
    r"\b(?:coins?|buttons?|pills?|tablets?|beads?|marbles?|balls?|dis[ck]s?|circles?|dots?|cells?|"
    r"tokens?|washers?|cookies|biscuits|sweets?|cand(?:y|ies)|shapes?|objects?)\b|"
    r"硬币|糖果|纽扣|扣子|药片|药丸|珠子|圆|球|细胞|形状|物体",
    re.IGNORECASE,
)
_TIMES: Final = re.compile(r"\btimes\b|次", re.IGNORECASE)
_PICTURES: Final = re.compile(r"\b(?:pictures?|images?|photos?|pages?)\b|张|图片|页", re.IGNORECASE)


async def count(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """How many lines, words, characters, codes, mentions or objects there are."""
    if _PICTURES.search(intent.subject or ""):
        number = len(scene.images)
        yield Say(
            scene.say(
                f"You sent {number} {'picture' if number == 1 else 'pictures'}.",
                f"共有 {number} 张图片。",
            )
        )
        return
    for place, (index, image) in enumerate(scene.images):
        yield Say("\n" if place else "")
        reading = await scene.eyes.read(image)
        of_text = (
            _count_grid(scene, intent, reading)
            or _count_text(scene, intent, reading)
            or _count_listed(scene, intent, reading)
        )
        if of_text is not None:
            yield Thought(f"Counted over {len(reading.rows)} lines of text.")
            yield Say(of_text)
            continue
        search = await find_spots(scene, intent, image)
        yield looked(search, intent, index)
        if not search.seen:
            yield Say(
                await _count_round(scene, intent, image)
                or not_found(search, intent, scene.language)
            )
            continue
        if search.kind == "line" and not quoted(intent.text):
            # Lines that hold the word are no count of the things it names.
            yield Say(await near_lines(scene, intent.text, missing=intent.subject))
            continue
        for spot in search.spots:
            yield spot_proof(spot, index, image)
        alone = str(len(search.spots)) if search.spots and search.kind != "look" else None
        yield Say(counted(search, intent, scene.language), bare=alone)


def _count_text(scene: Scene, intent: Intent, reading: Reading) -> str | None:
    text, marked = reading.text, quoted(intent.text)
    if marked and (_TIMES.search(intent.text) or not detector_labels(marked[0])):
        number = text.lower().count(marked[0].lower())
        times = "once" if number == 1 else f"{number} times"
        return scene.say(f"“{marked[0]}” appears {times}.", f"“{marked[0]}”出现了 {number} 次。")
    # In Chinese the measure word before the subject says what is counted: 几行字, 几个字.
    what = intent.text if scene.language == "zh" else intent.subject or intent.text
    if CODES.search(what):
        return None
    if _LINES.search(what):
        number = len(reading.rows)
        return scene.say(f"I read {number} lines of text.", f"图中有 {number} 行文字。")
    if _WORDS.search(what):
        number = len(re.findall(r"[\u3400-\u9fff]|[^\W_]+(?:['’.-][^\W_]+)*", text))
        return scene.say(f"I read {number} words.", f"图中有 {number} 个词。")
    if _CHARACTERS.search(what):
        number = len(re.sub(r"\s", "", text))
        return scene.say(f"I read {number} characters.", f"图中有 {number} 个字符。")
    return None


def _count_grid(scene: Scene, intent: Intent, reading: Reading) -> str | None:
    """Rows or columns of the largest table, when these are asked for."""
    grid = _GRID.search(intent.text)
    if not reading.tables or grid is None or quoted(intent.text):
        return None
    table = max(reading.tables, key=lambda table: table.rows * table.columns)
    if _COLUMNS.search(grid[0]):
        return scene.say(
            f"The table has {table.columns} columns (and {table.rows} rows, its head included).",
            f"表格有 {table.columns} 列（连表头共 {table.rows} 行）。",
        )
    return scene.say(
        f"The table has {table.rows} rows, its head included (and {table.columns} columns).",
        f"表格连表头共 {table.rows} 行（{table.columns} 列）。",
    )


def _count_listed(scene: Scene, intent: Intent, reading: Reading) -> str | None:
    """The rows of a table under the header the question names, or the lines of a bill."""
    subject = intent.subject
    if quoted(intent.text) or not subject:
        return None
    for table in reading.tables:
        heads = [cell for cell in table.cells if cell.row == 0 and cell.column == 0]
        if heads and shared(heads[0].text, subject) == 1.0:
            number = len({cell.row for cell in table.cells if cell.row and cell.column == 0})
            return scene.say(
                f"The table lists {number} under “{heads[0].text}”.",
                f"表格“{heads[0].text}”一列下有 {number} 项。",
            )
    if not _LISTED.search(subject) or stems(_LISTED.sub(" ", subject)) - _ANY_ITEM:
        return None
    items = bill_items(Sheet.of(reading))
    if not items:
        return None
    number = len(items)
    return scene.say(
        f"I count {number} {'line' if number == 1 else 'lines'} with an amount.",
        f"我数到 {number} 行带金额的项目。",
    )


async def _count_round(scene: Scene, intent: Intent, image: Image) -> str:
    """How many separate shapes there are, for things that are round; empty for others."""
    if not _ROUND.search(intent.text):
        return ""
    rounds = await scene.eyes.rounds(image)
    return "" if rounds is None else round_words(rounds, scene.language)
