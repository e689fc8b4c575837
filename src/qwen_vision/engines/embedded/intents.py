"""Intents: what a prompt asks for, read by rules in English and Chinese."""

import re
import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from qwen_vision.engines.embedded.documents.concepts import Concept, Mention, mentions


class Task(Enum):
    """What can be asked of pictures; UNSEEN is what this engine can not know."""

    WORDS = "words with locations"
    HTML = "document as HTML"
    MARKDOWN = "document as Markdown"
    FORMULA = "formula"
    KEYS = "all fields"
    ITEMS = "line items"
    CODE = "barcodes"
    MAYBE_CODE = "code"
    COMPARE = "comparison"
    WHEN = "moment of an event"
    MOMENT = "what happens at a time"
    LOCATE = "place"
    EXISTS = "presence"
    COUNT = "count"
    PART = "part of the text"
    SUM = "arithmetic"
    RECKON = "arithmetic on named numbers"
    CHECK = "yes or no by what is printed"
    LISTED = "entry of a list"
    PROGRAM = "facts about code"
    COUNTED = "number before a thing"
    CHAT = "messages of a chat"
    CALENDAR = "days of a calendar"
    BESIDE = "what stands beside"
    SHADED = "text by its colour"
    HOURS = "hours of opening"
    MEASURE = "printed measure"
    TOLD = "fact told in a sentence"
    READ = "text"
    TABLE = "table"
    VALUE = "labelled value"
    CELL = "cell of a table"
    CHART = "values of a chart"
    SECTION = "lines under a heading"
    UNSEEN = "beyond perception"
    SIZE = "size"
    QUALITY = "sharpness and light"
    COLORS = "colours"
    DESCRIBE = "description"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing asked: `text` is the part of the prompt, `subject` what it is about."""

    task: Task
    text: str
    subject: str = ""
    concepts: tuple[Concept, ...] = ()


class _Rule(msgspec.Struct):
    task: str
    early: bool
    patterns: list[str]


class _Questions(msgspec.Struct):
    rule: list[_Rule]


@cache
def _rules(*, early: bool) -> tuple[tuple[Task, re.Pattern[str]], ...]:
    """Patterns of `questions.toml` in order: those before labelled values, or those after."""
    text = resources.files(__package__).joinpath("questions.toml").read_text("utf-8")
    return tuple(
        (Task[rule.task.upper()], re.compile("|".join(rule.patterns), re.IGNORECASE))
        for rule in msgspec.convert(tomllib.loads(text), _Questions).rule
        if rule.early is early
    )


_SPLIT: Final = re.compile(
    r"(?<=[?？!！。；;])|\n+|(?<=[a-z\d)]\.)\s+(?=[A-Z])|(?<=[a-z]),? (?:and|then) (?=(?:what|"
    r"how|where|is there|are there|when|who|read|describe|list|count|tell me)\b)"
)
_ASKS: Final = re.compile(
    r"\b(?:what|which|when|who|whose|how|where|tell|give|find|extract|get|show|list|name|return|output)\b|[?？:]|什么|多少|哪|是|谁|几|提取|找|给|告诉|查",
    re.IGNORECASE,
)
_OF_OTHER: Final = re.compile(
    r"\b(?:of|on|in|from|at|by|for)(?: the| this| that)? ?$", re.IGNORECASE
)
_SUBJECT: Final = re.compile(
    r"(?:what(?:'s| is| are| was| were)|tell me|give me|find|get|show me|extract|which is|"
    r"read out) (?:the |a |an |its |my |your )?(?P<words>[^?？.,;:!]{2,60})|"
    r"(?P<han>[\u3400-\u9fff\w]{1,14}?)(?:是(?:多少|什么|谁|几|哪)|为多少|有多少)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"\s+(?:(?:shown|written|printed|given|listed|visible|displayed)\s*)?(?:in|on|of|from|at|for)\s+(?:the|this|that|these|each|my|your)?\s*(?:image|picture|photo|receipt|invoice|document|page|screenshot|bill|label|form|card|ticket|chart|table)s?.*$",
    re.IGNORECASE,
)


# Whether, how many and where are other questions about a code than what it holds.
_SEEKS: Final = re.compile(
    r"\bhow many\b|\bcount\b|^\W*(?:is|are) there\b|\bwhere (?:is|are)\b|\blocate\b|\bdetect\b|"
    r"\bbbox\b|\bbounding box|\bpoint (?:to|at|out)\b|有没有|有.{1,8}吗|几个|多少个|在哪|位置|坐标|"
    r"框出|定位|检测",
    re.IGNORECASE,
)
# "In the picture" is no subject: 图中有多少行文字 asks about the lines.
_NO_SUBJECT: Final = re.compile(
    r"(?:这|那)?(?:张|幅|个)?(?:图片|照片|画面|视频|图|页面?)?(?:中|里面?|上面?)?"
)

# How to answer, not what: "Give bbox coordinates.", "Answer in Chinese.", "Be brief."
_MANNER: Final = re.compile(
    r"^\W*(?:please )?(?:(?:give|return|output|report|use|provide)\b.{0,20}\b(?:bbox\w*|"
    r"bounding box\w*|"
    r"box(?:es)?|coordinates?|points?|json)\b(?: (?:in|as|using|too|please|for|of (?:it|them))\b"
    r".{0,24})?|(?:请)?(?:给出|返回|输出|提供|并标出)(?:它|其)?的?.{0,6}(?:坐标|框|json).{0,8}|"
    r"(?:answer|respond|reply|write)\b.{0,30}|be \w+|"
    r"(?:in|as) \w+ ?(?:format|only)?|请?(?:用|以).{1,8}(?:回答|格式|输出).{0,8}|"
    r"(?:请)?(?:简短|简要).{0,8}|谢谢|thanks?.{0,12})\W*$",
    re.IGNORECASE,
)


def read_intents(prompt: str, *, without: Task | None = None) -> list[Intent]:
    """Everything the prompt asks, in order; UNKNOWN only when nothing else was understood.

    A task that can not be meant is left out `without` it.
    """
    pieces = [piece for whole in _SPLIT.split(prompt) if whole for piece in _asked_in_a_row(whole)]
    intents: list[Intent] = []
    for piece in pieces:
        if intents and _MANNER.match(piece):
            continue
        intent = _intent(piece, without)
        # Two that were not understood may ask for two things.
        twin = intent.task is not Task.UNKNOWN and any(
            old.task is intent.task
            and old.subject == intent.subject
            and old.concepts == intent.concepts
            for old in intents
        )
        if not twin:
            intents.append(intent)
    known = [
        intent
        for intent in intents
        if intent.task is not Task.UNKNOWN
        or re.search(r"[?？]", intent.text)
        or _WH.match(intent.text)
    ]
    return _without_echo(known) or intents[:1] or [Intent(Task.DESCRIBE, prompt)]


_WH: Final = re.compile(r"^\W*(?:and )?(?:who|when|where|what|which|how)\b", re.IGNORECASE)
_NEXT_WH: Final = re.compile(r",\s+(?:and )?(?=(?:who|when|where|what|which|how)\b)", re.IGNORECASE)


def _asked_in_a_row(piece: str) -> list[str]:
    """The questions of "who was it, when, and how much": only what begins as one is cut."""
    parts = _NEXT_WH.split(piece) if _WH.match(piece) else [piece]
    return [part.strip() for part in parts if re.search(r"\w", part)]


def asks_why(text: str) -> bool:
    """Whether a question wants a reason, which no print gives."""
    return re.search(r"\bwhy\b|\bhow come\b|为什么|为何", text, re.IGNORECASE) is not None


def quoted(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    found = re.findall(r"[\"“”「『]([^\"“”」』]+)[\"“”」』]|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’", text)
    return [next(group for group in groups if group).strip() for groups in found]


def _without_echo(intents: list[Intent]) -> list[Intent]:
    """Drop a bare "look at this" beside a real question."""
    real = [intent for intent in intents if intent.task is not Task.DESCRIBE]
    weak = re.compile(r"^\W*(?:look at|here is|here are|analy[sz]e|看看|请看)", re.IGNORECASE)
    return [
        intent for intent in intents if intent in real or not (real and weak.search(intent.text))
    ]


def _intent(piece: str, without: Task | None) -> Intent:
    bare = without_quotes(piece)
    named = _subjects(mentions(bare), bare)
    for task, pattern in _rules(early=True):
        if task is without or _is_other(task, bare):
            continue
        if pattern.search(bare) and not _is_value(task, named, bare):
            return Intent(task, piece, subject_of(piece), named)
    if named and (_ASKS.search(bare) or len(bare.split()) <= 6):
        return Intent(Task.VALUE, piece, subject_of(piece), named)
    for task, pattern in _rules(early=False):
        if pattern.search(bare):
            return Intent(task, piece, subject_of(piece), named)
    subject = _SUBJECT.search(piece)
    if subject:
        return Intent(Task.VALUE, piece, subject_of(piece))
    return Intent(Task.UNKNOWN, piece, subject_of(piece))


def _is_other(task: Task, bare: str) -> bool:
    """Whether words that look like `task` ask for something else."""
    if task is Task.CODE:
        return _SEEKS.search(bare) is not None
    # "Which item is the most expensive?" is arithmetic; "how many items" a count.
    return task is Task.ITEMS and (_MOST.search(bare) or _SEEKS.search(bare)) is not None


def _is_value(task: Task, named: tuple[Concept, ...], piece: str) -> bool:
    """Whether a question that looks like `task` rather asks for a labelled value."""
    if not named:
        return False
    if task is Task.LOCATE:
        return any(concept.name in {"address", "destination", "origin"} for concept in named)
    if task is Task.COUNT:
        return any(concept.kind in {"count", "amount"} for concept in named)
    if task is Task.SUM and _MOST.search(piece):
        return False
    if task in {Task.READ, Task.TABLE, Task.SUM}:
        return not re.search(
            r"\b(?:all|whole|entire|every|column|row|sum|average)\b|全部|所有|列|文字",
            piece,
            re.IGNORECASE,
        )
    return task in {Task.WHEN, Task.MOMENT} and any(concept.kind == "date" for concept in named)


_MOST: Final = re.compile(
    r"\b(?:most|least|largest|smallest|biggest|highest|lowest|maximum|minimum|cheapest|fewest|median)\b|"
    r"最[高低大小贵多少]|最便宜|中位数|平均|总和|求和",
    re.IGNORECASE,
)


def _subjects(found: list[Mention], piece: str) -> tuple[Concept, ...]:
    """The concepts asked for: in "the date of the shop" the date, not the shop."""
    if len(found) < 2:
        return tuple(mention.concept for mention in found)
    kept = []
    for mention in found:
        before = piece[: mention.start]
        after = piece[mention.start + len(mention.words) :]
        owner = _OF_OTHER.search(before) or re.match(r"'s\b|的", after)
        if not (owner and mention.concept.name in {"company", "customer", "reference", "bank"}):
            kept.append(mention.concept)
    return tuple(kept or [found[0].concept])


_AND: Final = re.compile(
    r"\s*(?:,|，|、|\band\b|\bas well as\b|和|与|及|以及)\s*(?:(?:the|an?) )?", re.IGNORECASE
)


def parts_of(subject: str) -> list[str]:
    """The things a subject lists: `the provider and the policy number` are two."""
    return [part for part in _AND.split(subject) if part]


def subject_of(piece: str) -> str:
    """The words a question is about: quoted ones first, else what follows its verb."""
    marked = quoted(piece)
    if marked:
        return marked[0]
    match = _OF_PLACE.search(piece) or _SUBJECT.search(piece)
    if match is None or (match["han"] and _NO_SUBJECT.fullmatch(match["han"])):
        match = _THING.search(piece)
    if match is None:
        return ""
    words = next((group for group in match.groups() if group), "")
    words = _TAIL.sub("", words.strip())
    return re.sub(r"^(?:a|an|any|the|all|all the|every)\s+", "", words.strip(), flags=re.IGNORECASE)


# 点击 Cancel 的坐标是多少: the button, not "the coordinates".
_OF_PLACE: Final = re.compile(
    r"(?:点击|按下|找到|请问|图中|标出)*\s*(?P<han>[\u3400-\u9fff\w ]{1,24}?)\s*"
    r"的(?:坐标|位置|边界框|框)|\b(?:click|tap|press)(?: on)? (?:the )?"
    r"(?P<pressed>[^?？.,;:!]{2,40}?)(?= button|[:,.;?]| and\b|$)|"
    r"\b(?:coordinates?|bbox|bounding box(?:es)?)\s+(?:of|for|around)\s+(?:the |"
    r"a |an )?(?P<words>[^?？.,;:!]{2,50})",
    re.IGNORECASE,
)
_THING: Final = re.compile(
    r"^\W*(?:is|are|was|were|does|do) (?:the |a |an |any )?(?!there\b|the\b|this\b|it\b)"
    r"(?P<named>[^?？.,;:!]{1,40}?) (?:listed|mentioned|included|shown|present|visible|named|"
    r"appear|occur|(?:in|on) (?:the|this))\b|"
    r"(?:how many|count(?: all)?(?: the)?|number of|is there|are there|where (?:is|are)|locate|"
    r"detect|find|see|contain|show|mention|include|have|point (?:to|at|out)|box|"
    r"coordinates? of|bounding box(?:es)? (?:of|for|around)|when does|when do|when is) (?:the |"
    r"a |an |any |all |all the |every )?(?P<words>[^?？.,;:!]{2,50}?)(?=(?: (?:are|is|do|does|"
    r"can|in|on|at|appear\w*|shown?|with|and|there|start\w*|happen\w*)\b)|[?？.,;:!]|$)"
    r"|(?:有没有|是否有|有多少|多少|几)(?:个|行|条|只|人|辆|张|次|种|页|"
    r"枚)?(?P<han>[\u3400-\u9fff\w ]{1,12}?)(?:吗|在|[?？，。]|$)"
    r"|有(?P<some>[\u3400-\u9fff\w ]{1,12}?)吗|(?P<where>[\u3400-\u9fff\w ]{1,12}?)(?:在哪|"
    r"位于|的位置|的坐标)|(?:框出|定位|检测|找到|"
    r"标出)(?:图(?:片)?中)?(?:所有)?的?(?P<box>[\u3400-\u9fff\w ]{1,12})",
    re.IGNORECASE,
)


def without_quotes(piece: str) -> str:
    """The question with quoted words taken out: they are a subject, not an instruction."""
    return re.sub(r"[\"“「『][^\"“”」』]+[\"”」』]", " … ", piece)
