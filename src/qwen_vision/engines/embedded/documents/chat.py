"""Chat: the messages of a conversation on a screenshot: who wrote what, and at what time."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.facts import Reading

_CLOCK: Final = re.compile(
    r"(?P<text>.*?)\s*(?P<time>\b(?:[01]?\d|2[0-3])[:：][0-5]\d(?:\s?[AaPp]\.?[Mm]\.?)?)\W{0,3}$"
)
_NAME_WORDS: Final = 3
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message: its words, its time, and who wrote it where a name stands over it."""

    text: str
    time: str
    sender: str = ""


def chat_messages(reading: Reading) -> list[ChatMessage]:
    """The messages of a chat, each ended by the time printed under or after it.

    Empty when fewer than two rows end so, or most of the page does not.
    """
    blocks: list[tuple[list[str], str]] = []
    open_rows: list[str] = []
    for row in reading.text.split("\n"):
        match = _CLOCK.fullmatch(row.strip())
        if match is None:
            open_rows.append(row.strip())
            continue
        texts = [*open_rows, match["text"]] if match["text"] else open_rows
        if texts:
            blocks.append((texts, match["time"]))
        open_rows = []
    if len(blocks) < _FEWEST or len(open_rows) > len(blocks):
        return []
    senders = _senders(blocks)
    if max(len(rows) for rows, _ in blocks[1:]) > 8:
        return []
    return [_message(rows, time, senders) for rows, time in blocks]


def _senders(blocks: list[tuple[list[str], str]]) -> frozenset[str]:
    """Names that stand over several messages; "Tom" over one is one when others are there."""
    heads = Counter(
        row
        for rows, _ in blocks
        for row in rows[:-1][-2:]
        if len(row.split()) <= _NAME_WORDS and re.fullmatch(r"[^\d?!.:：]+", row)
    )
    return frozenset(name for name, count in heads.items() if count >= _FEWEST)


def _message(rows: list[str], time: str, senders: frozenset[str]) -> ChatMessage:
    place = max((at for at, row in enumerate(rows) if row in senders), default=-1)
    if place >= 0 and place < len(rows) - 1:
        return ChatMessage(" ".join(rows[place + 1 :]), time, rows[place])
    # Without a name over it the first message may follow the title of the chat.
    return ChatMessage(rows[-1] if len(rows) == _FEWEST and not senders else " ".join(rows), time)
