"""Check: whether a number of the page is over or under another, and yes or no by a printed word."""

import operator
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.words import shared, stems
from qwen_vision.engines.embedded.extract.terms import (
    Term,
    named_terms,
    only_amount,
    said_amounts,
)
from qwen_vision.engines.embedded.facts import Box, Reading
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import whole_box
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
    r"(?P<number>\d+(?:[.,]\d+)?)\s?(?P<unit>kg|mg|g|lbs?|oz|km|cm|mm|m|litres?|ml|l|[kmgt]b|"
    r"km/h|mph|°[cf]|minutes?|min|hours?|h|days?|weeks?|years?|pages?|千克|公斤|克|米|公里|厘米|升|"
    r"毫升|小时|分钟|天)(?![\w])",
    re.IGNORECASE,
)
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Checked:
    """Yes or no, with what the page says for it and where."""

    holds: bool
    why: str
    name: str
    box: Box
    text: str


async def checked(scene: Scene, intent: Intent) -> Checked | None:
    """The answer of a yes-or-no question that a number or a printed word settles, or None."""
    if not _WHETHER.search(intent.text) or len(scene.images) != 1:
        return None
    reading = await scene.eyes.read(scene.images[0][1])
    return _measured(reading, intent.text) or _stated(reading, intent.text)


async def tell_checked(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Yes or no first, then what the page says."""
    found = await checked(scene, intent)
    if found is None:
        return
    index = scene.images[0][0]
    yield Thought(f"Checked “{found.name}” in picture {index + 1}: {found.why}.")
    yield Proof(Evidence(found.name, index, box=whole_box(found.box), text=found.text))
    word = scene.say("Yes", "是") if found.holds else scene.say("No", "否")
    yield Say(scene.say(f"{word}: {found.why}.", f"{word}：{found.why}。"), bare=word)


def _measured(reading: Reading, question: str) -> Checked | None:
    """A number of the page beside the one in the question, or beside another of the page."""
    check = next((check for check in _CHECKS if check[0].search(question)), None)
    if check is None:
        return None
    pattern, holds = check
    place = pattern.search(question)
    after = question[place.end() :] if place else ""
    terms = named_terms(reading, question)
    told = said_amounts(after)
    if told:
        terms = [term for term in terms if term.asked_at < (place.start() if place else 0)]
        alike = None if terms else _same_unit(reading, after)
        first = terms[0] if terms else alike or _total(reading, question)
        if first is None or len(terms) > 1:
            return None
        limit, limit_text = told[0].value, told[0].text
    elif len(terms) == 2:
        first, limit, limit_text = terms[0], terms[1].value, f"{terms[1].name} {terms[1].text}"
    else:
        return None
    value = first.value * first.count
    is_so = holds(value, limit) is not bool(_NOT.search(question[: place.start() if place else 0]))
    said = first.text if first.count == 1 else f"{first.count} × {first.text} = {value}"
    return Checked(
        is_so,
        f"{first.name} {said} {_sign(value, limit)} {limit_text}",
        first.name,
        first.box,
        first.text,
    )


def _same_unit(reading: Reading, after: str) -> Term | None:
    """The only number of the page in the unit that the question gives: heavier than 2 kg."""
    unit = _UNIT.search(after)
    if unit is None:
        return None
    found = [
        (line, match)
        for line in reading.lines
        for match in _UNIT.finditer(line.text)
        if match["unit"].lower() == unit["unit"].lower()
    ]
    if len(found) != 1:
        return None
    line, match = found[0]
    name = line.text[: match.start()].strip(" :：") or unit["unit"]
    return Term(name, Decimal(match["number"].replace(",", ".")), match[0], line.box, line)


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
