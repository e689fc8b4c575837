"""Find: is there, how many and where, over text, codes and objects."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import shared, stems
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent, Task, quoted
from qwen_vision.engines.embedded.language import join_words, shorten
from qwen_vision.engines.embedded.places import model_box, model_point, place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.near import near_lines
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.search import CODES, Search, Spot, find_spots
from qwen_vision.engines.embedded.rooms.seen import plant_words, round_words
from qwen_vision.engines.embedded.rooms.things import (
    detector_labels,
    is_narrower,
    is_person_word,
)
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image
from qwen_vision.protocol.receipt import Evidence

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
_PLANTS: Final = re.compile(
    r"(?i)^(?:grass|lawn|meadow|lea(?:f|ves)|foliage|bush(?:es)?|trees?|forest|woods|plants?|"
    r"greenery|vegetation)$|草|叶|树|森林|植物"
)
_TIMES: Final = re.compile(r"\btimes\b|次", re.IGNORECASE)
_PICTURES: Final = re.compile(r"\b(?:pictures?|images?|photos?|pages?)\b|张|图片|页", re.IGNORECASE)
_AS_BOXES: Final = re.compile(
    r"bbox|bounding box|\bbox(?:es)?\b|coordinates?|json|\blocate\b|\bdetect\b|ground|坐标|框|"
    r"检测|定位",
    re.IGNORECASE,
)
_NAMES_BOXES: Final = re.compile(r"bbox|\bbox(?:es)?\b|框", re.IGNORECASE)
_AS_POINTS: Final = re.compile(r"\bpoints?\b|point_2d|点(?:出|坐标)|指出", re.IGNORECASE)


def wants_boxes(question: str) -> bool:
    """Whether a question asks for coordinates beside its answer."""
    return bool(_AS_BOXES.search(question) and re.search(r"(?i)box|coordinate|坐标|框", question))


def boxes_of(spots: Sequence[Spot], image: Image, scene: Scene) -> str:
    """Boxes in the coordinates of the model's family, as fenced JSON."""
    return _fence([_bbox(spot, image, scene) for spot in spots])


async def locate(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Where something is: boxes or points of the model's family when asked, else words."""
    for place, (index, image) in enumerate(scene.images):
        search = await find_spots(scene, intent, image)
        yield _looked(intent, search, index)
        for spot in search.spots:
            yield _proof(spot, index, image)
        gap = "\n" if place else ""
        if search.kind == "look" and search.spots:
            yield Say(gap + _seen_at_large(scene, search))
        elif _AS_POINTS.search(scene.question) and not _NAMES_BOXES.search(intent.text):
            yield Say(gap + _fence([_point(spot, image, scene) for spot in search.spots]))
        elif _AS_BOXES.search(scene.question):
            yield Say(gap + _fence([_bbox(spot, image, scene) for spot in search.spots]))
        elif search.spots:
            yield Say(gap + "\n".join(_where(spot, image, scene) for spot in search.spots[:12]))
        else:
            near = "" if intent.subject else await near_lines(scene, intent.text)
            yield Say(gap + (near or _not_found(scene, intent, search)))
            continue
        if not search.spots:
            yield Say("\n" + _not_found(scene, intent, search))


async def exists(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Whether something is there; only what can be perceived is denied."""
    for place, (index, image) in enumerate(scene.images):
        search = await find_spots(scene, intent, image)
        yield _looked(intent, search, index)
        head = (
            scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：")
            if len(scene.images) > 1
            else ""
        )
        gap = "\n" * (place > 0) + head
        if not search.spots:
            plants = await _plants(scene, intent, image)
            read = search.seen and search.kind != "object" and not plants
            denied = scene.say("No", "没有") if read else None
            yield Say(gap + (plants or _not_found(scene, intent, search)), bare=denied)
            continue
        yield _proof(search.spots[0], index, image)
        if search.kind == "text":
            count = len(search.spots)
            yield Say(gap + scene.say(f"Yes: {count} lines of text.", f"有，共 {count} 行文字。"))
            continue
        told = _there(scene, intent, image, search=search)
        sure = told.startswith(("Yes", "有"))
        yield Say(gap + told, bare=scene.say("Yes", "有") if sure else None)


def _there(scene: Scene, intent: Intent, image: Image, *, search: Search) -> str:
    """The words for a thing that is there, as far as it is told apart from others."""
    spot = search.spots[0]
    if search.kind == "look":
        return scene.say(
            f"Yes: the picture, or a part of it, looks like: {spot.label}.",
            f"有：图片整体或局部看起来像：{spot.label}。",
        )
    where = place_words(spot.box, image.original, scene.language)
    if search.kind == "table":
        listed = join_words(scene.language, [spot.label for spot in search.spots])
        return scene.say(f"Yes: {listed} (at the {where}).", f"有：{listed}（{where}）。")
    more = len(search.spots) - 1
    rest = scene.say(f", and {more} more", f"，另有 {more} 处") if more else ""
    label = shorten(spot.label, 80)
    if search.kind == "object" and is_narrower(intent.subject):
        return scene.say(
            f"I see “{label}” at the {where}{rest}, but can't tell whether that is "
            f"“{intent.subject}”: I don't tell kinds of “{label}” apart.",
            f"我看到“{label}”，在{where}{rest}，但分辨不出是不是“{intent.subject}”。",
        )
    return scene.say(f"Yes: “{label}” at the {where}{rest}.", f"有：“{label}”，在{where}{rest}。")


def _seen_at_large(scene: Scene, search: Search) -> str:
    label = search.spots[0].label
    return scene.say(
        f"The picture, or a part of it, looks like: {label}. I can't point to the place.",
        f"图片整体或局部看起来像：{label}。我无法指出具体位置。",
    )


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
        yield _looked(intent, search, index)
        if not search.seen:
            yield Say(await _count_round(scene, intent, image) or _not_found(scene, intent, search))
            continue
        if search.kind == "line" and not quoted(intent.text):
            # Lines that hold the word are no count of the things it names.
            yield Say(await near_lines(scene, intent.text, missing=intent.subject))
            continue
        for spot in search.spots:
            yield _proof(spot, index, image)
        alone = str(len(search.spots)) if search.spots and search.kind != "look" else None
        yield Say(_counted(scene, intent, search), bare=alone)


def _counted(scene: Scene, intent: Intent, search: Search) -> str:
    """How many were found, and how sure that is."""
    if search.kind == "look":
        label = search.spots[0].label
        return scene.say(
            f"The picture, or a part of it, looks like: {label}. I can't count them.",
            f"图片整体或局部看起来像：{label}。我无法计数。",
        )
    if search.kind == "object" and not search.spots:
        return _not_found(scene, intent, search)
    number = len(search.spots)
    what = CODES.search(intent.subject or intent.text)
    name = intent.subject or (what[0] if what else "?")
    counted = scene.say(f"I count {number} ({name}).", f"我数到 {number} 个（{name}）。")
    if search.kind != "object":
        return counted
    label = search.spots[0].label
    kind = (
        scene.say(
            f" What I see is “{label}”: I don't tell its kinds apart.",
            f"我看到的是“{label}”，不再细分。",
        )
        if is_narrower(intent.subject)
        else ""
    )
    return (
        counted
        + kind
        + scene.say(" Small or hidden ones can escape me.", "太小或被遮挡的可能漏数。")
    )


async def _plants(scene: Scene, intent: Intent, image: Image) -> str:
    """How much of the picture could be plants, when these are asked for; empty for others."""
    if not _PLANTS.search(intent.subject):
        return ""
    return plant_words(await scene.eyes.picture(image), scene.language)


async def _count_round(scene: Scene, intent: Intent, image: Image) -> str:
    """How many separate shapes there are, for things that are round; empty for others."""
    if not _ROUND.search(intent.text):
        return ""
    rounds = await scene.eyes.rounds(image)
    return "" if rounds is None else round_words(rounds, scene.language)


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


def _where(spot: Spot, image: Image, scene: Scene) -> str:
    where = place_words(spot.box, image.original, scene.language)
    left, top, right, bottom = whole_box(spot.box)
    label = shorten(spot.label, 80)
    return scene.say(
        f"“{label}” is at the {where} (pixels {left}, {top} to {right}, {bottom}).",
        f"“{label}”在{where}（像素 {left}，{top} 到 {right}，{bottom}）。",
    )


def _bbox(spot: Spot, image: Image, scene: Scene) -> dict[str, object]:
    return {"bbox_2d": model_box(spot.box, image, scene.model), "label": spot.label}


def _point(spot: Spot, image: Image, scene: Scene) -> dict[str, object]:
    x, y = (spot.box.left + spot.box.right) / 2, (spot.box.top + spot.box.bottom) / 2
    return {
        "point_2d": list(model_point(x, y, image=image, model=scene.model)),
        "label": spot.label,
    }


def _fence(items: Sequence[dict[str, object]]) -> str:
    rows = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items)
    return "```json\n[\n" + rows + "\n]\n```" if items else "```json\n[]\n```"


def _not_found(scene: Scene, intent: Intent, search: Search) -> str:
    subject = intent.subject or scene.say("that", "它")
    if search.kind == "table":
        return scene.say(
            "I find no table in this picture: its text does not stand in rows and columns.",
            "这张图片里没有找到表格，文字没有排成行和列。",
        )
    if search.seen and search.kind == "object":
        return scene.say(
            f"I see no “{subject}” among the objects I recognise here, and the text doesn't "
            "mention it. A small or half-hidden one can escape me.",
            f"在我能认出的物体中没有“{subject}”，图中文字也没有提到。太小或被遮挡的可能会漏看。",
        )
    if search.kind == "look":
        return scene.say(
            f"I notice no “{subject}”, but I'd only notice one that fills much of the picture, "
            "so I can't rule it out. ",
            f"我没有注意到“{subject}”，但只有它占画面较大部分时我才认得出，所以不能排除。",
        ) + way_out(scene.language)
    if search.kind == "text" and not quoted(intent.text):
        return scene.say(
            f"The text of this picture doesn't mention “{subject}”.",
            f"图中文字没有提到“{subject}”。",
        )
    if search.seen:
        return scene.say(
            f"I find no “{subject}” in this picture.", f"这张图片里没有找到“{subject}”。"
        )
    note = (
        scene.say("I don't identify people. ", "我不识别人物身份。")
        if is_person_word(subject) and intent.task is Task.LOCATE
        else ""
    )
    return (
        note
        + scene.say(
            f"The text of this picture doesn't mention “{subject}”, and I can't see such "
            f"things in the "
            "pixels, so I can't say whether it is there. ",
            f"图中文字没有提到“{subject}”，而我也无法从画面中辨认，所以不能判断有没有。",
        )
        + way_out(scene.language)
    )


def _looked(intent: Intent, search: Search, index: int) -> Thought:
    return Thought(
        f"Looked for “{intent.subject}” in picture {index + 1}: {len(search.spots)} found "
        f"({search.kind})."
    )


def _proof(spot: Spot, index: int, image: Image) -> Proof:
    evidence = Evidence(
        spot.label, index, box=whole_box(spot.box), text=spot.label, confidence=spot.confidence
    )
    if image.page is not None:
        evidence.page = image.page
    return Proof(evidence)
