"""Splits a stream of text at an opening and a closing tag, wherever the pieces were cut."""

from collections.abc import Iterator
from dataclasses import dataclass

from qwen_vision.engines.base import Event, Finished, TextDelta


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text; `inside` says whether it stood between the tags, `closed` ends a block."""

    text: str
    inside: bool
    closed: bool = False


class TagSplitter:
    """Separates what stands between two tags from the rest; the tags themselves vanish.

    `starts_inside` is for text whose opening tag was part of the prompt.
    """

    def __init__(self, opening: str, closing: str, *, starts_inside: bool = False) -> None:
        self._tags = {False: opening, True: closing}
        self._inside = starts_inside
        self._held = ""

    def feed(self, text: str) -> Iterator[Span]:
        """Spans that are certain after this piece."""
        self._held += text
        while True:
            tag = self._tags[self._inside]
            before, found, after = self._held.partition(tag)
            if not found:
                break
            if before or self._inside:
                yield Span(before, self._inside, closed=self._inside)
            self._inside = not self._inside
            self._held = after
        keep = possible_start(self._held, tag)
        sent, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        if sent:
            yield Span(sent, self._inside)

    def flush(self) -> Iterator[Span]:
        """What was held back, when no more text comes; a block left open ends here."""
        if self._held:
            yield Span(self._held, self._inside)
            self._held = ""


def spans_of(event: Event, splitter: TagSplitter) -> Iterator[Span]:
    """Spans that an event makes certain: its text, or at the end what was held back."""
    match event:
        case TextDelta(text):
            yield from splitter.feed(text)
        case Finished():
            yield from splitter.flush()
        case _:
            return


def possible_start(text: str, tag: str) -> int:
    """Length of the longest end of `text` that may be the beginning of `tag`."""
    for count in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:count]):
            return count
    return 0
