"""Listed: the entries of a numbered or bulleted list on a page, and which one is asked for."""

import re
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.words import stem, stems
from qwen_vision.engines.embedded.facts import Reading

_NUMBERED: Final = re.compile(r"^\W{0,2}(?P<number>\d{1,2})\s?[.):、]\s*(?P<text>(?=\D)\S.*)$")
_BULLET: Final = re.compile(r"^\s*[•·▪●○■□◦‣–—*➢✓✔-]\s*(?P<text>\S.*)$")
_WORDS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "last": -1, "final": -1, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6,
}  # fmt: skip
_HAN: Final = {char: number for number, char in enumerate("一二三四五六七八九十", start=1)}
_NOUN: Final = (
    r"(?:bullets?(?: points?)?|points?|rules?|steps?|reasons?|entry|entries|options?|questions?|"
    r"tips?|tasks?|instructions?|requirements?|ingredients?|topics?|items?|goals?|facts?)"
)
_ASKED: Final = re.compile(
    rf"\b{_NOUN}\s*(?:number |no\.? ?|#)?"
    r"(?P<number>\d{1,2}|one|two|three|four|five|six)\b|"
    r"\b(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final)\s+"
    rf"(?P<named>{_NOUN})\b|\b(?P<nth>\d{{1,2}})(?:st|nd|rd|th)\s+{_NOUN}\b|"
    r"第(?P<han>[一二三四五六七八九十]|\d{1,2})(?:条|点|项|步|个(?:步骤|要点|规则|原因))|"
    r"最后一?(?P<hanlast>条|点|项|步)",
    re.IGNORECASE,
)
_MANY: Final = re.compile(
    r"\bhow many (?P<words>[a-z ]{3,40}?)(?= (?:are|is|do|does|were|was|can|on|in|listed|given|"
    r"mentioned|shown|there)\b|[?.!]|$)|多少(?:条|点|项|个?步骤?)|几(?:条|点|项|个?步)",
    re.IGNORECASE,
)
_LISTS: Final = re.compile(rf"^{_NOUN}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: the number before it (None for a bullet), its text, its row."""

    number: int | None
    text: str
    row: int


def entries(reading: Reading) -> list[Entry]:
    """The entries of the page's list, wrapped rows joined; empty when fewer than two are there.

    Numbers count only when they run on from each other: 1, 2, 3.
    """
    found: list[Entry] = []
    for place, row in enumerate(reading.text.split("\n")):
        match = _NUMBERED.match(row)
        if match and (int(match["number"]) == _next(found)):
            found.append(Entry(int(match["number"]), match["text"].strip(), place))
        elif not match and (bullet := _BULLET.match(row)):
            found.append(Entry(None, bullet["text"].strip(), place))
        elif found and found[-1].row == place - 1 and re.match(r"[a-z]", row):
            last = found.pop()
            found.append(Entry(last.number, f"{last.text} {row.strip()}", place))
    return found if len(found) > 1 else []


def _next(found: list[Entry]) -> int:
    numbers = [entry.number for entry in found if entry.number is not None]
    return numbers[-1] + 1 if numbers else 1


def asked_entry(reading: Reading, question: str) -> Entry | None:
    """The entry that "rule 3", "the second bullet" or 第三条 means, if there is one."""
    match = _ASKED.search(question)
    found = entries(reading)
    if match is None or not found:
        return None
    number = _number(match)
    by_number = next((entry for entry in found if entry.number == number), None)
    if by_number is not None or (any(entry.number is not None for entry in found) and number > 0):
        return by_number
    return found[-1] if number < 0 else found[number - 1] if number <= len(found) else None


def _number(match: re.Match[str]) -> int:
    said = match["number"] or match["word"] or match["nth"] or match["han"]
    if match["hanlast"] or said is None:
        return -1
    if said.isdigit():
        return int(said)
    return _HAN.get(said, 0) or _WORDS[said.lower()]


def asks_how_many(reading: Reading, question: str) -> list[Entry]:
    """The entries when the question wants their number: by what lists hold, or by its heading."""
    match = _MANY.search(question)
    if match is None:
        return []
    found = entries(reading)
    words = (match["words"] or "").strip()
    if not found or not words or _LISTS.match(words):
        return found
    rows = reading.text.split("\n")
    head = stems(" ".join(rows[max(found[0].row - 2, 0) : found[0].row]))
    return found if stem(words.split()[-1].lower()) in head else []
