"""Near: the lines of text that share the words of a question and hold what it wants to know."""

import re
from collections.abc import Callable
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.dates import find_dates, find_times
from qwen_vision.engines.embedded.documents.parties import is_place
from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.take import take
from qwen_vision.engines.embedded.documents.words import stem, stems
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.language import shorten
from qwen_vision.engines.embedded.rooms.ways import asks_for_sum
from qwen_vision.engines.embedded.scene import Scene

_SHOWN: Final = 3
_IS_QUESTION: Final = re.compile(r"[?？]\W*(?:\d{1,2}:\d{2}\W*)?$")
# What a line of the wanted kind counts beside a shared word.
_OF_KIND: Final = 1.5
_DAY: Final = re.compile(
    r"(?i)\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}(?:st|nd|rd|th)? (?:jan|feb|"
    r"mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|"
    r"oct|nov|dec)[a-z]* \d{1,2}\b|\d{1,2}月\d{1,2}|周[一二三四五六日]|星期"
)
_CLOCK: Final = re.compile(
    r"(?i)\b\d{1,2}(?:[:.]\d{2})? ?(?:am|pm|a\.m|p\.m|uhr)\b|\d{1,2} ?[点时]"
)


_WHILE: Final = re.compile(
    r"(?i)\b\d+ ?(?:s|sec(?:ond)?s?|min(?:ute)?s?|h|hrs?|hours?|days?|weeks?|months?|years?)\b|"
    r"\d+ ?(?:秒|分钟|小时|天|周|个月|年)"
)


def _is_when(text: str) -> bool:
    return bool(_DAY.search(text) or find_dates(text) or _is_hour(text))


def _is_hour(text: str) -> bool:
    return bool(_CLOCK.search(text) or find_times(text))


def _is_while(text: str) -> bool:
    return _WHILE.search(text) is not None


def _is_where(text: str) -> bool:
    return is_place(text) or re.search(r"\b(?:at|in) (?:the )?[A-Z]\w+", text) is not None


def _is_money(text: str) -> bool:
    taken = take(text, "amount")
    return taken is not None and take(text, "currency") is not None


def _is_dialled(text: str) -> bool:
    return take(text, "phone") is not None


_KINDS: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]] = (
    (re.compile(r"(?i)\bwhat time\b|几点|\ba qué hora\b"), _is_hour),
    (
        re.compile(
            r"(?i)\bwhen\b|\bwhat (?:day|date)\b|什么时候|哪一?天|何时|いつ|cuándo|quand|wann"
        ),
        _is_when,
    ),
    (re.compile(r"(?i)\bhow long\b|多久|多长时间"), _is_while),
    (re.compile(r"(?i)\bhow much\b(?!.*\bweigh)|\bprice|\bcost|\bfee\b|多少钱|价|费"), _is_money),
    (re.compile(r"(?i)\bwhere\b|在哪(?!一?[天日年月])|哪里|地点|dónde"), _is_where),
    (re.compile(r"(?i)\bcall\b|\bphone|\btelephone|电话"), _is_dialled),
)


# "When was the castle destroyed?" is told by what says that it was destroyed.
_DONE: Final = re.compile(
    r"(?i)^\W*(?:and )?(?:when|where|who|by whom|in (?:which|what) year)\b.{0,16}"
    r"\b(?:was|were|did)\b.*?\b(?P<verb>[a-z]{3,})\W*$"
)
_PRICE: Final = re.compile(r"(?i)\bcosts?\b|\bpays?\b|\bprices?\b|多少钱")
_IN_MONEY: Final = re.compile(
    r"(?i)\bfree\b|includ|\b(?:dollars?|euros?|pounds?|cents?|yuan)\b|免费|元"
)
_SAYS_HOW_MUCH: Final = re.compile(r"(?i)\d|\bfree\b|includ|免费|[一二三四五六七八九十]")
# Questions that a line of text may answer; others want a judgement.
_FACT: Final = re.compile(
    r"(?i)^\W*(?:and )?(?:when|what|where|who|which|how (?:much|many|long|far|old))\b"
    r"(?!.{0,30}\b(?:think|feel|best|better)\b)|什么时候|何时|几点|多少|哪|谁|¿|^\W*(?:wann|wo|wer|quand|où|qui)\b"
)


async def near_lines(scene: Scene, question: str, *, missing: str = "") -> str:
    """A sentence that quotes the lines nearest to the question, or "" when none is near.

    `missing` is what was looked for in vain, if it has a name.
    """
    quotes: list[str] = []
    for _, image in scene.images:
        quotes += nearest(await scene.eyes.read(image), question)
    if not quotes:
        return ""
    listed = "\n".join(f"> {shorten(quote)}" for quote in quotes[:_SHOWN])
    if missing:
        return scene.say(
            f"I find nothing labelled “{missing}”; what comes nearest in the text:\n{listed}",
            f"没有找到标为“{missing}”的内容，图中最接近的文字是：\n{listed}",
        )
    if _is_untold(question, " ".join(quotes)):
        return scene.say(
            f"The text doesn't say that in so many words; what comes nearest:\n{listed}",
            f"图中文字没有直接说明，最接近的是：\n{listed}",
        )
    if _FACT.search(question):
        return scene.say(f"The text says about it:\n{listed}", f"图中与之相关的文字是：\n{listed}")
    return scene.say(
        f"I can't judge that myself, but this is what the picture says about it:\n{listed}",
        f"这一点我无法判断，但图中与之相关的文字是：\n{listed}",
    )


def _is_untold(question: str, quotes: str) -> bool:
    """Whether the quotes share no word, or leave out what was done, when, or for how much."""
    if not _words(question) & _words(quotes):
        return True
    done = _DONE.search(question)
    if done is not None and stem(done["verb"].lower()) not in stems(quotes):
        return True
    if any(words.search(question) for words, fits in _KINDS if fits in {_is_hour, _is_when}):
        return not _is_when(quotes)
    is_amount = re.search(r"(?i)\bhow (?:much|long)\b|多少钱|多久", question) is not None
    if _PRICE.search(question) and not (_IN_MONEY.search(quotes) or _is_priced(quotes)):
        return True
    return asks_for_sum(question) or (is_amount and not _SAYS_HOW_MUCH.search(quotes))


def _is_priced(quotes: str) -> bool:
    return any(amount.currency or amount.has_cents for amount in find_amounts(quotes))


def nearest(reading: Reading, question: str) -> list[str]:
    """Rows that share the most words with the question; one of the wanted kind counts more."""
    asked, numbers = _words(question), _numbers(question)
    wanted = next((fits for words, fits in _KINDS if words.search(question)), None)
    scored = []
    for place, row in enumerate(sentences(reading)):
        kind = wanted is not None and wanted(row)
        shared = len(asked & _words(row))
        # A number alone is said by chance: "epoch 2" is, "a 6 year old" is no 6:30.
        shared += len(numbers & _numbers(row)) if shared else 0
        scored.append((shared + _OF_KIND * kind, -place, row))
    best = max((score for score, _, _ in scored), default=0)
    if not best:
        return []
    rows = [row for score, _, row in sorted(scored, reverse=True) if score == best]
    if len(rows) == 1 and _IS_QUESTION.search(rows[0]):
        # In a chat the answer follows the question.
        said = sentences(reading)
        rows += said[said.index(rows[0]) + 1 :][:2]
    # Without a shared word, many lines of a kind are no answer.
    return rows if best != _OF_KIND or len(rows) <= _SHOWN else []


def _words(text: str) -> set[str]:
    han = re.findall(r"[\u3400-\u9fff]{2,}", text)
    pairs = {run[i : i + 2] for run in han for i in range(len(run) - 1)}
    return {word for word in stems(text) if len(word) > 2 and word.isascii()} | pairs


def _numbers(text: str) -> set[str]:
    return {word for word in stems(text) if word.isdigit()}
