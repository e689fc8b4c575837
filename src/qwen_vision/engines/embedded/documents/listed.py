"""Listed: the entries of a numbered or bulleted list on a page, and which one is asked for."""

import re
from dataclasses import dataclass, replace
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
    rf"\b(?P<noun>{_NOUN})\s*(?:number |no\.? ?|#)?"
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
    """One entry of a list: the number before it (None for a bullet), its text, its rows."""

    number: int | None
    text: str
    row: int
    last_row: int


def lists(reading: Reading) -> list[list[Entry]]:
    """The lists of a page: entries of one kind without other rows between, wrapped rows joined.

    Numbers count only when they run on from each other: 1, 2, 3.
    """
    found: list[list[Entry]] = []
    for place, row in enumerate(reading.text.split("\n")):
        entry = _entry(row, place, found)
        last = found[-1][-1] if found else None
        if entry is None:
            if last is not None and last.last_row == place - 1 and re.match(r"[a-z]", row):
                joined = f"{last.text} {row.strip()}"
                found[-1][-1] = replace(last, text=joined, last_row=place)
            continue
        alike = last is not None and (last.number is None) == (entry.number is None)
        follows = last is not None and last.last_row == place - 1
        if alike and (follows or entry.number is not None):
            found[-1].append(entry)
        else:
            found.append([entry])
    return [one for one in found if len(one) > 1]


def _entry(row: str, place: int, found: list[list[Entry]]) -> Entry | None:
    match = _NUMBERED.match(row)
    if match:
        last = found[-1][-1].number if found else None
        number = int(match["number"])
        is_next = number == 1 or (last is not None and number == last + 1)
        return Entry(number, match["text"].strip(), place, place) if is_next else None
    bullet = _BULLET.match(row)
    return Entry(None, bullet["text"].strip(), place, place) if bullet else None


def _meant(reading: Reading, noun: str) -> list[Entry]:
    """The list whose heading says the noun; else the bullets, the numbered steps, the only one."""
    found = lists(reading)
    rows = reading.text.split("\n")
    wanted = stem(noun.lower())
    headed = [one for one in found if wanted in _head(rows, one)]
    if headed:
        return headed[0]
    if len(found) == 1:
        return found[0]
    bullets = [one for one in found if (one[0].number is None) is noun.lower().startswith("bullet")]
    steps = noun.lower().startswith(("bullet", "step", "rule"))
    return bullets[0] if steps and len(bullets) == 1 else []


def asked_entry(reading: Reading, question: str) -> Entry | None:
    """The entry that "rule 3", "the second bullet" or 第三条 means, if there is one."""
    match = _ASKED.search(question)
    found = _meant(reading, (match["noun"] or match["named"] or "") if match else "")
    if match is None or not found:
        return None
    number = _number(match)
    by_number = next((entry for entry in found if entry.number == number), None)
    if by_number is not None or (found[0].number is not None and number > 0):
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
    words = (match["words"] or "").strip()
    noun = words.split()[-1] if words else ""
    found = _meant(reading, noun)
    if not found or not words or _LISTS.match(words):
        return found
    rows = reading.text.split("\n")
    return found if stem(noun.lower()) in _head(rows, found) else []


def _head(rows: list[str], found: list[Entry]) -> frozenset[str]:
    """The words of the two rows over a list."""
    return stems(" ".join(rows[max(found[0].row - 2, 0) : found[0].row]))
