"""When each text could be seen, from readings of single frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from qwen_vision.engines.embedded.facts import TextLine, TextSpan

_SAME_TEXT = 0.8
# What was read once only, less surely than this and in so few letters, is rather a pattern.
_SURE_ONCE, _FEW_LETTERS = 0.85, 3
# What is typed grows from so many letters on.
_BEGUN = 2
# Text that grows while it is typed begins at the same place, up to this share of its height.
_SAME_PLACE = 0.6


@dataclass(slots=True)
class _Open:
    text: str
    start_s: float
    end_s: float
    line: TextLine
    readings: int = 1


def text_spans(
    readings: Sequence[tuple[float, tuple[TextLine, ...]]], end_s: float
) -> tuple[TextSpan, ...]:
    """When each text could be seen: from the reading that found it until one without it.

    `readings` holds the times at which the picture was read anew and what it said; between
    two of them nothing changed. Of spellings that differ a little the surest is kept, and of
    text that grows as it is typed its last state.
    """
    ends = [*(time_s for time_s, _ in readings), end_s][1:]
    spans: list[_Open] = []
    showing: list[_Open] = []
    for (time_s, lines), end in zip(readings, ends, strict=True):
        still: list[_Open] = []
        for line in lines:
            known = next((old for old in showing if old not in still and _goes_on(old, line)), None)
            if known is None:
                known = _Open(line.text, time_s, end, line, readings=0)
                spans.append(known)
            _lengthen(known, line, end)
            still.append(known)
        showing = still
    return tuple(
        TextSpan(span.text, span.start_s, span.end_s, span.line)
        for span in spans
        if _is_sure(span) or len(readings) == 1
    )


def _lengthen(span: _Open, line: TextLine, end_s: float) -> None:
    if line.confidence > span.line.confidence or _grows(span.line, line):
        span.text, span.line = line.text, line
    span.end_s = end_s
    span.readings += 1


def _is_sure(span: _Open) -> bool:
    letters = sum(char.isalnum() for char in span.text)
    if span.readings > 1:
        return letters > 0
    return letters > _FEW_LETTERS or (letters > 0 and span.line.confidence >= _SURE_ONCE)


def _goes_on(span: _Open, line: TextLine) -> bool:
    return _same(span.text, line.text) or _grows(span.line, line)


def _grows(before: TextLine, now: TextLine) -> bool:
    """Whether a line is an earlier one with more typed behind it."""
    old, new = before.text.casefold(), now.text.casefold()
    # The last letter may have been cut in half; a number that counts on is another text.
    begun = old if old[-1:].isdigit() else old[:-1]
    if len(new) <= len(old) or len(old) < _BEGUN or not new.startswith(begun):
        return False
    if old[-1:].isdigit() and new[len(old)].isdigit():
        return False
    height = max(1.0, before.box.bottom - before.box.top)
    return (
        abs(before.box.left - now.box.left) < _SAME_PLACE * height
        and abs(before.box.top - now.box.top) < _SAME_PLACE * height
        and now.box.right > before.box.right
    )


def _same(one: str, other: str) -> bool:
    # Spaces are read now here, now there.
    if "".join(one.split()) == "".join(other.split()):
        return True
    if any(char.isdigit() for char in one + other):
        # A counter or a clock that runs is another text each time.
        return False
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio() >= _SAME_TEXT
