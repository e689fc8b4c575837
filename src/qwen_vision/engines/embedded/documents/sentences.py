"""Sentences: the text of a page with wrapped rows joined, cut at the ends of sentences."""

import re
from typing import Final

from qwen_vision.engines.embedded.facts import Reading

# A row this long, beside the longest of the page, may have been wrapped.
_LONG: Final = 0.75
_FEWEST_WORDS: Final = 5
# A paragraph of more characters is cut into its sentences.
_SHORT_CHARS: Final = 110
_WORD: Final = re.compile(r"[^\W\d_]{2,}|[\u3400-\u9fff]")


def sentences(reading: Reading) -> list[str]:
    """The sentences of a page in reading order; a short paragraph is left whole.

    A row goes on in the next one when it is one long line of words without an end.
    """
    rows = [row for row in reading.rows if row]
    longest = max((len(row[0].text) for row in rows if len(row) == 1), default=0)
    joined: list[str] = []
    last = ""
    for row in rows:
        text = " ".join(line.text for line in row)
        if joined and len(row) == 1 and _goes_on(last, text, longest=longest):
            joined[-1] += " " + text
        else:
            joined.append(text)
        last = text if len(row) == 1 else ""
    return [part.strip() for text in joined for part in _cut(text) if part.strip()]


def _cut(text: str) -> list[str]:
    if len(text) <= _SHORT_CHARS:
        return [text]
    return re.split(r"(?<=[a-z\d)”\"][.!?])\s+(?=[A-Z“\"])|(?<=[。！？；])", text)


def _goes_on(row: str, following: str, *, longest: int) -> bool:
    if re.search(r"[.!?:;。！？：；]\W*$", row) or len(row) < _LONG * longest:
        return False
    is_prose = len(_WORD.findall(row)) >= _FEWEST_WORDS
    return is_prose and re.match(r"[^\W_]|[$€£(“\"]", following) is not None
