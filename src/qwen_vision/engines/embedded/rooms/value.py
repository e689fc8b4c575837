"""Value: answers "what is the total?" with what the page prints for it, and where."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.concepts import Concept, fold, mentions
from qwen_vision.engines.embedded.documents.fields import find_field, find_words, lines_with
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent, parts_of
from qwen_vision.engines.embedded.language import shorten
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import proof
from qwen_vision.engines.embedded.rooms.find import boxes_of, wants_boxes
from qwen_vision.engines.embedded.rooms.near import near_lines
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.search import Spot
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Image

# "The date of the letter" asks for no other date than "the date".
_PAPERS: Final = stems(
    "letter slide form card receipt invoice bill contract statement poster notice ticket menu "
    "email message note report certificate business order sign flyer shop paper purchase company "
    "currency dollars euros full exact whole main current complete please given correct"
)
# The rank of a line that merely holds the words asked for.
_WHOLE_LINE: Final = 9


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one picture gave for each thing asked."""

    index: int
    image: Image
    sheet: Sheet
    found: tuple[list[Found], ...]


async def tell_values(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Each concept asked for, or the asker's own words looked up as a label.

    Of a document, only the pages that give something are spoken of.
    """
    sheets = [Sheet.of(await scene.eyes.read(image)) for _, image in scene.images]
    asked = _asked(intent, sheets)
    looked: list[_Looked] = []
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        sheet = Sheet.of(reading)
        yield Thought(f"Read {len(reading.rows)} lines in picture {index + 1}.")
        found = tuple(_find(reading, sheet, what, intent=intent) for what in asked)
        for what, values in zip(asked, found, strict=True):
            for thought in _thoughts(name_of(what, scene), values):
                yield thought
        looked.append(_Looked(index, image, sheet, found))
    told = [one for one in looked if one.image.page is None or any(one.found)] or looked[:1]
    for place, one in enumerate(told):
        if len(told) > 1:
            head = scene.say(f"Picture {one.index + 1}: ", f"图片 {one.index + 1}：")
            yield Say(("\n" if place else "") + head)
        async for step in _tell(scene, intent, one, asked=asked):
            yield step


async def _tell(
    scene: Scene, intent: Intent, one: _Looked, *, asked: list[Concept | str]
) -> AsyncIterator[Step]:
    """What one picture gave for each thing asked, and boxes if they are wanted."""
    for number, (what, values) in enumerate(zip(asked, one.found, strict=True)):
        for value in values[:1]:
            yield Proof(proof(name_of(what, scene), value, index=one.index, page=one.image.page))
        words = _sentence(scene, what, values, image=one.image, sheet=one.sheet)
        near = "" if values else await _near(scene, intent, what, several=len(asked) > 1)
        line_only = isinstance(what, str) and values and values[0].rank == _WHOLE_LINE
        alone = values[0].text if values and not line_only else None
        yield Say(("\n" if number else "") + (near or words), bare=alone)
    if wants_boxes(scene.question):
        best = [values[0] for values in one.found if values]
        spots = [Spot(value.text, value.box, value.confidence) for value in best]
        yield Say("\n" + boxes_of(spots, one.image, scene))


async def _near(scene: Scene, intent: Intent, what: Concept | str, *, several: bool) -> str:
    """The lines nearest to what no label names; "" when there are none."""
    name = intent.subject if not several and intent.subject else name_of(what, scene)
    question = intent.text if not several else name
    return await near_lines(scene, question, missing=name) if name else ""


def name_of(what: Concept | str, scene: Scene) -> str:
    """How to call what was asked for, in the language of the question."""
    if isinstance(what, str):
        return what
    return scene.say(what.en, what.zh)


def _asked(intent: Intent, sheets: list[Sheet]) -> list[Concept | str]:
    """Each thing asked for: words that a page prints as a label as they are, else a concept."""
    asked: list[Concept | str] = []
    for part in parts_of(intent.subject):
        own = [concept for concept in intent.concepts if concept.asks.search(fold(part))]
        full = any(concept.asks.fullmatch(fold(part)) for concept in own)
        if part and not full and any(find_words(sheet, part) for sheet in sheets):
            asked.append(part)
        elif own:
            asked += [concept for concept in own if concept not in asked]
        elif part and not intent.concepts:
            asked.append(part)
    said = " ".join(what for what in asked if isinstance(what, str))
    left = [
        concept
        for concept in intent.concepts
        if concept not in asked and not concept.asks.search(fold(said))
    ]
    return [*asked, *left] or [intent.subject]


def _find(reading: Reading, sheet: Sheet, what: Concept | str, *, intent: Intent) -> list[Found]:
    if isinstance(what, Concept):
        found = find_field(sheet, what)
        if _says_more(intent, what):
            # "The IP address" is not whatever reads as an address.
            found = [value for value in found if value.label is not None]
        found = [value for value in found if value.label is not None or "?" not in value.text]
        return _said_beside(found, what, intent)
    return _over_label(reading, what) or _own(sheet, what)


def _said_beside(found: list[Found], concept: Concept, intent: Intent) -> list[Found]:
    """Of dates and times without a label, first the one whose line says what it is of.

    "What time is the table booked for?" means that of the line "table booked for 19:30".
    """
    if concept.kind not in {"date", "time"} or not found or found[0].label is not None:
        return found
    asked = stems(concept.asks.sub(" ", fold(intent.text))) - _PAPERS
    return sorted(found, key=lambda value: -len(stems(value.lines[0].text) & asked))


def _says_more(intent: Intent, concept: Concept) -> bool:
    """Whether the words asked for say more than the concept and the paper it stands on."""
    if not concept.asks.search(fold(intent.subject)):
        return False
    rest = concept.asks.sub(" ", fold(intent.subject))
    for other in mentions(rest):
        rest = rest.replace(other.words, " ")
    return any(len(word) > 1 and word.isascii() for word in stems(rest) - _PAPERS)


def _over_label(reading: Reading, words: str) -> list[Found]:
    """The number printed over a chart's label that the question names, such as "May"."""
    asked = re.findall(r"\w+", words.lower())
    return [
        Found(value.value, value.value, (value.line,), f"printed over “{value.category}”")
        for value in chart_values(reading)
        if value.category.lower() in asked
    ]


def _own(sheet: Sheet, words: str) -> list[Found]:
    if not words:
        return []
    labelled = find_words(sheet, words)
    if labelled:
        return labelled
    return [
        Found(line.text, line.text, (line,), "the line holds the words asked for", rank=_WHOLE_LINE)
        for line in lines_with(sheet, words)
    ]


def _sentence(
    scene: Scene, what: Concept | str, found: list[Found], *, image: Image, sheet: Sheet
) -> str:
    name = name_of(what, scene)
    if not found:
        return _missing(scene, name, sheet)
    best = found[0]
    where = place_words(best.box, image.original, scene.language)
    value = shorten(best.text, 200)
    quote = shorten(best.quote, 90)
    if isinstance(what, str) and best.rank == _WHOLE_LINE:
        return scene.say(f"It says “{quote}” ({where}).", f"图中写着“{quote}”（{where}）。")
    source = (
        scene.say(f" (at the {where})", f"（{where}）")
        if quote == value
        else scene.say(f" (at the {where}: “{quote}”)", f"（{where}，原文“{quote}”）")
    )
    unsure = best.confidence < 0.8
    doubt = scene.say(" The print is hard to read there.", "该处文字不太清晰。") if unsure else ""
    return scene.say(f"The {name} is {value}{source}.", f"{name}是 {value}{source}。") + doubt


def _missing(scene: Scene, name: str, sheet: Sheet) -> str:
    if not sheet.lines:
        return scene.say(
            "There is no text in this picture that I could answer from.",
            "这张图片里没有可供回答的文字。",
        )
    if not name:
        return scene.say("I can't tell what to look for. ", "我不确定要找什么。") + way_out(
            scene.language
        )
    return scene.say(
        f"I find no {name} in the text of this picture. Ask me to read all of it.",
        f"图中文字里没有找到“{name}”，可以让我读出全部文字。",
    )


def _thoughts(name: str, found: list[Found]) -> list[Thought]:
    if not found:
        return [Thought(f"Looked for “{name}”: no label and no shape of it on the page.")]
    steps = [Thought(f"Looked for “{name}”: took “{found[0].text}” ({found[0].why}).")]
    seen = {found[0].text}
    for other in found[1:]:
        if other.text not in seen and len(seen) < 4:
            seen.add(other.text)
            steps.append(Thought(f"Rejected “{other.text}” ({other.why}): a weaker label."))
    return steps
