"""Thinking bridge: takes `<think> ... </think>` out of the text of an engine that mixes them."""

from collections.abc import AsyncIterator

from qwen_vision.engines.base import Event, ReasoningDelta, TextDelta
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.pipeline.bridges.tags import Span, TagSplitter, spans_of


async def split_thinking(
    events: AsyncIterator[Event], *, starts_inside: bool
) -> AsyncIterator[Event]:
    """The same events, thoughts as ReasoningDelta.

    `starts_inside`: the prompt's template has opened the thought already, so that the text
    begins with it. White space around the thought is not part of the answer.
    """
    splitter = TagSplitter("<think>", "</think>", starts_inside=starts_inside)
    answered = False
    async with closing(events):
        async for event in events:
            for span in spans_of(event, splitter):
                made = _event(span, answered=answered)
                if made is not None:
                    answered = answered or isinstance(made, TextDelta)
                    yield made
            if not isinstance(event, TextDelta):
                yield event


def _event(span: Span, *, answered: bool) -> Event | None:
    if span.inside:
        return ReasoningDelta(span.text) if span.text else None
    text = span.text if answered else span.text.lstrip()
    return TextDelta(text) if text else None
