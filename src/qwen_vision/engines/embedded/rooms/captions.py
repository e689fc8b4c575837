"""Captions: what the texts of a video say over time: the first, the last, changes, how many."""

import re
from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import TextSpan, VideoFacts
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.rooms.motion import clock
from qwen_vision.engines.embedded.rooms.video_questions import is_of_numbers

_TEXTS: Final = 20
_STARTS: Final = 12
# From so many on, texts that differ in their numbers only are told as one that counts.
_COUNTS: Final = 5
# Whole clauses of a page that are replaced at once make a new slide.
_NEW_SLIDE: Final = 0.5
_NUMBER: Final = re.compile(r"\d+(?:[:.,/]\d+)*")


def texts_over_time(facts: VideoFacts, language: Language) -> str:
    """Each text with the times from which to which it stood; one that counts in one line."""
    if not facts.texts:
        return pick(language, "I found no text in this video.", "视频中没有找到文字。")
    groups = _grouped(facts.texts)
    lines = [_group_line(group, language) for group in groups[:_TEXTS]]
    more = len(groups) - _TEXTS
    if more > 0:
        lines.append(pick(language, f"- and {more} more", f"- 另有 {more} 条"))
    return pick(language, "Text over time:\n", "各时刻的文字：\n") + "\n".join(lines)


def _grouped(spans: Sequence[TextSpan]) -> list[list[TextSpan]]:
    """The texts in order; those that differ in their numbers only stand together."""
    alike: dict[str, list[TextSpan]] = {}
    for span in spans:
        alike.setdefault(re.sub(r"\d+", "0", span.text), []).append(span)
    groups: list[list[TextSpan]] = []
    for group in alike.values():
        counts = len({span.text for span in group}) >= _COUNTS
        groups += [group] if counts else [[span] for span in group]
    return sorted(groups, key=lambda group: group[0].start_s)


def _group_line(group: Sequence[TextSpan], language: Language) -> str:
    first, last = group[0], group[-1]
    span = f"- {clock(first.start_s)}-{clock(last.end_s)}: {shorten(first.text)}"
    if len(group) == 1:
        return span
    return span + pick(
        language,
        f", counting to {shorten(last.text)} in {len(group)} steps",
        f"，依次变到 {shorten(last.text)}，共 {len(group)} 种",
    )


def slides(facts: VideoFacts, language: Language) -> str:
    """How many pages of text follow each other."""
    starts = _page_starts(facts)
    listed = join_words(language, [clock(start_s) for start_s in starts[:_STARTS]])
    if not starts:
        return texts_over_time(facts, language)
    return pick(
        language,
        f"I count {len(starts)} {'page' if len(starts) == 1 else 'pages'} of text, "
        f"starting at {listed}.",
        f"共 {len(starts)} 页文字，起始时间：{listed}。",
    )


def _page_starts(facts: VideoFacts) -> list[float]:
    """When most of the text is replaced at once."""
    starts: list[float] = []
    for time_s in sorted({span.start_s for span in facts.texts}):
        new = [span for span in facts.texts if span.start_s == time_s]
        old = [span for span in facts.texts if span.start_s < time_s < span.end_s]
        if len(new) > _NEW_SLIDE * (len(new) + len(old)):
            starts.append(time_s)
    return starts


def end_text(facts: VideoFacts, question: str, language: Language, *, first: bool) -> str:
    """The text, or the number if one is asked for, that stands there first or at the end."""
    spans = _told(facts, question)
    if not spans:
        return texts_over_time(facts, language)
    time_s = min(s.start_s for s in spans) if first else max(s.end_s for s in spans)
    said = [span for span in spans if (span.start_s if first else span.end_s) == time_s]
    since = (
        pick(language, "The first text, from ", "最先出现的文字，自 ")
        if first
        else pick(language, "The last text, to ", "最后的文字，至 ")
    )
    lines = [f"> {shorten(span.text)}" for span in said]
    return "\n".join([f"{since}{clock(time_s)}:", *lines])


def text_changes(facts: VideoFacts, question: str, language: Language) -> str:
    """When another text, or another number if one is asked for, comes into the picture."""
    spans = _told(facts, question)
    if not spans:
        return texts_over_time(facts, language)
    begin_s = min(span.start_s for span in spans)
    new = [f"{clock(s.start_s)}: {shorten(s.text)}" for s in spans if s.start_s > begin_s]
    if not new:
        return pick(language, "The text does not change.", "文字没有变化。")
    listed = "\n".join(f"- {line}" for line in new[:_TEXTS])
    return pick(language, f"The text changes at:\n{listed}", f"文字在以下时刻变化：\n{listed}")


def count_texts(facts: VideoFacts, language: Language) -> str:
    """How many different texts there are, and which."""
    number = len({span.text for span in facts.texts})
    if not number:
        return texts_over_time(facts, language)
    head = pick(
        language,
        f"I count {number} different {'text' if number == 1 else 'texts'}.",
        f"共 {number} 条不同的文字。",
    )
    return f"{head}\n{texts_over_time(facts, language)}"


def asked_name(intent: Intent) -> str:
    """What a question is about, in words."""
    return intent.subject or next((concept.en for concept in intent.concepts), "")


def spans_about(facts: VideoFacts, intent: Intent) -> list[TextSpan]:
    """The texts that say what a question is about, or the numbers it names."""
    wanted = _letters(asked_name(intent))
    named = [span for span in facts.texts if wanted and wanted in _letters(span.text)]
    if named:
        return named
    numbers = set(_NUMBER.findall(intent.text))
    if not is_of_numbers(intent.text):
        # A single digit may count anything; a longer number is rather read than counted.
        numbers = {number for number in numbers if len(number) > 1}
    return [span for span in facts.texts if numbers and numbers <= set(_NUMBER.findall(span.text))]


def _told(facts: VideoFacts, question: str) -> Sequence[TextSpan]:
    """The texts a question can mean: those with a number when it asks for one."""
    numbers = [span for span in facts.texts if _NUMBER.search(span.text)]
    return numbers if numbers and is_of_numbers(question) else facts.texts


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
