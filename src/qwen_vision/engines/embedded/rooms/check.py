"""Check: whether a number of the page is over or under another, and yes or no by a printed word."""

import operator
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts, read_number
from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import names, shared, stems
from qwen_vision.engines.embedded.extract.terms import (
    Term,
    named_terms,
    only_amount,
    said_amounts,
)
from qwen_vision.engines.embedded.facts import Box, Reading
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_WHETHER: Final = re.compile(
    r"^\W*(?:and |so |but )?(?:is|are|was|were|does|do|did|has|have|had|can|could|will)\b|"
    r"\b(?:whether|check if|tell me if|true that)\b|吗|是否|有没有|是不是|超过了?没",
    re.IGNORECASE,
)
_OVER: Final = re.compile(
    r"\b(?:above|over|exceeds?|beyond|(?:more|greater|higher|larger|bigger|longer|heavier|"
    r"taller|older|faster|dearer|more \w+) than)\b|"
    r"超过|大于|高于|多于|超出",
    re.IGNORECASE,
)
_UNDER: Final = re.compile(
    r"\b(?:below|under|(?:less|fewer|lower|smaller|cheaper|shorter|lighter|"
    r"younger|slower|less \w+) than)\b|小于|低于|少于|"
    r"不到|不足",
    re.IGNORECASE,
)
_LEAST: Final = re.compile(r"\bat least\b|\bno less than\b|至少|不少于|不低于", re.IGNORECASE)
_MOST: Final = re.compile(r"\bat most\b|\bno more than\b|\bup to\b|至多|最多|不超过", re.IGNORECASE)
_SAME: Final = re.compile(r"\b(?:equal to|exactly|the same as)\b|等于|正好|刚好", re.IGNORECASE)
_CHECKS: Final[tuple[tuple[re.Pattern[str], Callable[[Decimal, Decimal], bool]], ...]] = (
    (_LEAST, operator.ge),
    (_MOST, operator.le),
    (_OVER, operator.gt),
    (_UNDER, operator.lt),
    (_SAME, operator.eq),
)
_NOT: Final = re.compile(r"\bnot\b|n['’]t\b|\bno longer\b|不|没", re.IGNORECASE)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ON: Final = _set(
    "on yes enabled active true ok open available paid approved confirmed valid visible "
    "connected ✓ ✔ 是 开 开启 已开启 启用 有 已支付 已付款 通过 已批准"
)
_OFF: Final = _set(
    "off no none disabled inactive false closed unavailable unpaid rejected denied cancelled "
    "canceled invalid hidden disconnected ✗ ✘ 0 nil n/a 否 关 关闭 已关闭 停用 无 没有 "
    "未支付 未付款"
)
_STATE: Final = re.compile(
    r"\b(?:on|enabled|active|activated|turned on|switched on|available|open|any)\b|开启|"
    r"打开|启用|有",
    re.IGNORECASE,
)
_STATE_OFF: Final = re.compile(
    r"\b(?:off|disabled|inactive|deactivated|turned off|switched off|unavailable|closed)\b|"
    r"关闭|停用",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)*)\s?(?P<unit>%|kg|mg|g|lbs?|oz|km|cm|mm|m|litres?|ml|l|[kmgt]b|"
    r"km/h|mph|°[cf]|minutes?|min|hours?|h|days?|weeks?|years?|pages?|千克|公斤|克|米|公里|厘米|升|"
    r"毫升|小时|分钟|天)(?![\w])",
    re.IGNORECASE,
)
_HALF: Final = 0.5
_PAIR: Final = 2
# Labels of which a thing has one value: petrol is no diesel.
_OF_ONE_VALUE: Final = stems(
    "language currency colour color fuel size gender sex nationality country status class type "
    "weekday day month year version format model brand make theme mode unit"
) | frozenset({"语言", "货币", "币种", "颜色", "性别", "国籍", "状态", "类型", "型号", "尺寸"})


@dataclass(frozen=True, slots=True)
class Checked:
    """Yes or no, with what the page says for it and where."""

    holds: bool
    why: str
    name: str
    box: Box
    text: str


async def _checked(scene: Scene, intent: Intent) -> Checked | None:
    """The answer of a yes-or-no question that a number or a printed word settles, or None."""
    if not _WHETHER.search(intent.text):
        return None
    reading = await scene.eyes.read(scene.images[0][1])
    question = intent.text
    return _measured(reading, question) or _stated(reading, question) or _claimed(reading, question)


async def _tell(scene: Scene, found: Checked) -> AsyncIterator[Step]:
    """Yes or no first, then what the page says."""
    index = scene.images[0][0]
    yield Thought(f"Checked “{found.name}” in picture {index + 1}: {found.why}.")
    yield Proof(Evidence(found.name, index, box=whole_box(found.box), text=found.text))
    word = scene.say("Yes", "是") if found.holds else scene.say("No", "否")
    yield Say(scene.say(f"{word}: {found.why}.", f"{word}：{found.why}。"), bare=word)


def _measured(reading: Reading, question: str) -> Checked | None:
    """A number of the page beside the one in the question, or beside another of the page."""
    for pattern, holds in _CHECKS:
        place = pattern.search(question)
        if place is None:
            continue
        before = question[: place.start()]
        found = _compared(reading, before, question[place.end() :])
        if found is None:
            return None
        first, limit, limit_text = found
        value = first.value * first.count
        said = first.text if first.count == 1 else f"{first.count} × {first.text} = {value}"
        why = f"{first.name} {said} {_sign(value, limit)} {limit_text}"
        is_so = holds(value, limit) is not bool(_NOT.search(before))
        return Checked(is_so, why, first.name, first.box, first.text)
    return None


def _compared(reading: Reading, before: str, after: str) -> tuple[Term, Decimal, str] | None:
    """The number meant before "more than", and the limit after it with its print."""
    told = said_amounts(after)
    unit = _UNIT.search(after)
    terms = named_terms(reading, before if told else f"{before} {after}")
    if unit is not None and not terms:
        limit = read_number(unit["number"])
        kind = unit["unit"]
        first = _named_in_unit(reading, before, kind) or _only_in_unit(reading, kind)
        return None if first is None or limit is None else (first, limit, unit[0])
    if told:
        first = terms[0] if terms else _total(reading, f"{before} {after}")
        one = first is not None and len(terms) <= 1
        return (first, told[0].value, told[0].text) if first is not None and one else None
    if len(terms) == _PAIR:
        first, second = terms
        return first, second.value, f"{second.name} {second.text}"
    return _both_in_unit(reading, before, after)


def _both_in_unit(reading: Reading, before: str, after: str) -> tuple[Term, Decimal, str] | None:
    """Two labelled numbers of one unit: is the volume higher than the brightness?"""
    for unit in dict.fromkeys(match["unit"].lower() for match in _UNIT.finditer(reading.text)):
        first, second = (_named_in_unit(reading, part, unit) for part in (before, after))
        if first and second and first.line is not second.line:
            return first, second.value, f"{second.name} {second.text}"
    return None


def _in_unit(reading: Reading, unit: str) -> list[Term]:
    """The numbers in that unit, with the words of their row before each."""
    found = []
    for row in reading.rows:
        text = " ".join(line.text for line in row)
        for match in _UNIT.finditer(text):
            value = read_number(match["number"])
            if value is not None and match["unit"].lower() == unit.lower():
                name = text[: match.start()].strip(" :：") or match["unit"]
                found.append(Term(name, value, match[0], row[-1].box, row[-1]))
    return found


def _named_in_unit(reading: Reading, question: str, unit: str) -> Term | None:
    """The one number in that unit whose row says nothing else than the question."""
    named = [term for term in _in_unit(reading, unit) if names(term.name, question)]
    return named[0] if len(named) == 1 else None


def _only_in_unit(reading: Reading, unit: str) -> Term | None:
    """The only number in that unit: heavier than 2 kg. A share may be one of anything."""
    found = _in_unit(reading, unit) if unit != "%" else []
    return found[0] if len(found) == 1 else None


def _sign(one: Decimal, two: Decimal) -> str:
    return ">" if one > two else "<" if one < two else "="


def _total(reading: Reading, question: str) -> Term | None:
    """What a question about "it" or "the bill" means: the total, or the only price there is."""
    if not re.search(
        r"\b(?:it|this|bill|receipt|invoice|order|price)\b|这|它|账单|价", question, re.I
    ):
        return None
    for value in find_field(Sheet.of(reading), concepts()["total"])[:1]:
        if isinstance(value.plain, Decimal):
            return Term("total", value.plain, value.text, value.box, value.lines[0])
    return only_amount(reading)


def _stated(reading: Reading, question: str) -> Checked | None:
    """A label that the question names with On, Off, Yes, No and the like printed beside it.

    Or the very word asked about as the value of some label: "Is it approved?", Status: Approved.
    """
    turned = bool(_STATE_OFF.search(question)) is not bool(_NOT.search(question))
    asked = stems(question)
    for label, value, box in _pairs(reading):
        word = fold(value).strip(" .!")
        if word in _ON | _OFF and shared(label, question) >= _HALF:
            if not (
                _STATE.search(question)
                or _STATE_OFF.search(question)
                or word in {"yes", "no", "none"}
            ):
                continue
            holds = (word in _ON) is not turned
            return Checked(holds, f"“{label}: {value}”", label, box, value)
        if (
            len(stems(value)) == 1
            and len(word.split()) == 1
            and stems(value) <= asked
            and word in _ON | _OFF
        ):
            holds = not _NOT.search(question)
            return Checked(holds, f"“{label}: {value}”", label, box, value)
    return None


def _pairs(reading: Reading) -> list[tuple[str, str, Box]]:
    """The labels and values of a page: `label: value` on a line, or two lines of a row."""
    found = []
    for row in reading.rows:
        texts = [line.text.strip() for line in row]
        label, mark, value = texts[0].replace("：", ":").partition(":")
        if mark and value.strip():
            found.append((label.strip(), value.strip(), row[0].box))
        elif len(texts) == 2:
            found.append((label.strip(), texts[1], row[1].box))
    return found


def _claimed(reading: Reading, question: str) -> Checked | None:
    """A labelled value beside the one that the question claims: is the language French?

    Other words deny a claim only where both cannot hold: numbers, names, and the values of
    labels of which a thing has one.
    """
    for label, value, box in _pairs(reading):
        claim = _claim(label, question)
        if not claim or not stems(claim):
            continue
        if stems(claim) <= stems(value):
            holds = True
        elif _excludes(label, value, claim):
            holds = False
        else:
            continue
        is_so = holds is not bool(_NOT.search(question))
        return Checked(is_so, f"“{label}: {value}”", label, box, value)
    return None


def _claim(label: str, question: str) -> str:
    """What a question says of a label: "set to French" of "is the language set to French?"."""
    words = r"\W+".join(re.escape(word) for word in re.findall(r"\w+", label))
    match = words and re.search(
        rf"^\W*(?:is|are|was|were)(?: the| its| this| his| her| their| your| my| our)? {words} "
        rf"(?:not )?(?:set to |now |currently |equal to |exactly |at )?(?P<en>[\w%.,° -]+?)\W*$|"
        rf"{words}(?:是不是|不是|是|为)(?P<zh>\w+?)吗",
        question,
        re.IGNORECASE,
    )
    return (match["en"] or match["zh"] or "") if match else ""


def _excludes(label: str, value: str, claim: str) -> bool:
    numbers = [find_amounts(text)[:1] for text in (claim, value)]
    if any(numbers):
        return all(numbers)
    short = max(len(claim.split()), len(value.split())) <= _PAIR
    is_name = claim[0].isupper() and value[0].isupper()
    return short and (is_name or bool(stems(label) & _OF_ONE_VALUE))


CHECKED: Final = Finding(_checked, _tell)
