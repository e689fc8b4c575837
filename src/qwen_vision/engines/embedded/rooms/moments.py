"""Moments: what a video shows at a time or between two, and when something comes and goes."""

from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import Mover, Shot, TextSpan, VideoFacts
from qwen_vision.engines.embedded.intents import Intent, Task, quoted
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.rooms.captions import asked_name, spans_about
from qwen_vision.engines.embedded.rooms.footage import blind, shot_line
from qwen_vision.engines.embedded.rooms.motion import (
    clock,
    crowd_words,
    is_still,
    mover_name,
    mover_words,
    place_at,
    told_movers,
    upper,
    view_moves,
    view_words,
    way_at,
)
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.things import detector_labels, named_things
from qwen_vision.engines.embedded.rooms.video_questions import Times, color_in
from qwen_vision.engines.embedded.scene import Scene

_SLACK_S: Final = 0.25
_MOST: Final = 6


def at_moment(facts: VideoFacts, times: Times | None, language: Language) -> str:
    """What the video shows at a time."""
    if times is None or times.start_s > facts.duration_s:
        return out_of_range(facts, language)
    time_s = times.start_s
    shot = _shot_at(facts, time_s)
    lines = [pick(language, f"At {clock(time_s)}:", f"{clock(time_s)} 时：")]
    number = facts.shots.index(shot) + 1
    lines.append(
        pick(language, f"- shot {number}, ", f"- 第 {number} 个镜头，") + shot_line(shot, language)
    )
    lines += [f"- {words}" for words in _there(shot, time_s, language)]
    texts = [span.text for span in facts.texts if span.start_s - _SLACK_S <= time_s < span.end_s]
    said = " / ".join(shorten(text) for text in texts)
    lines.append(
        pick(language, f"- text: {said}", f"- 文字：{said}")
        if texts
        else pick(language, "- no text in the picture", "- 画面中没有文字")
    )
    if not facts.sees_objects:
        lines.append("- " + blind(facts, language))
    return "\n".join(lines)


def in_range(facts: VideoFacts, times: Times, language: Language) -> str:
    """What changes, moves and stands in the picture from one time to another."""
    start_s = times.start_s
    end_s = min(times.end_s or facts.duration_s, facts.duration_s)
    asked = Times(start_s, end_s)
    if start_s >= facts.duration_s:
        return out_of_range(facts, language)
    head = pick(
        language,
        f"Between {clock(start_s)} and {clock(end_s)}:",
        f"{clock(start_s)} 到 {clock(end_s)} 之间：",
    )
    lines = _changes(facts, asked, language) + _moving(facts, asked, language)
    spans = [span for span in facts.texts if span.start_s < end_s and span.end_s > start_s]
    lines += [_span_words(span, asked, language) for span in spans[: 2 * _MOST]]
    if not spans:
        lines.append(pick(language, "no text in the picture", "画面中没有文字"))
    seen = [
        thing.label
        for sighting in facts.sightings
        if start_s <= sighting.time_s <= end_s
        for thing in sighting.objects or ()
    ]
    sure = {label for shot in facts.shots for label in shot.objects or ()}
    labels = [label for label in dict.fromkeys(seen) if label in sure]
    if labels:
        lines.append(pick(language, "objects: ", "物体：") + named_things(labels, language))
    return "\n".join([head, *(f"- {line}" for line in lines)])


def out_of_range(facts: VideoFacts, language: Language) -> str:
    """That a time lies beyond the end, or that none was named."""
    return pick(
        language,
        f"The video is {facts.duration_s:.1f} s long; name a time within it.",
        f"视频长 {facts.duration_s:.1f} 秒，请给出其中的时间。",
    )


def times_of(scene: Scene, intent: Intent, facts: VideoFacts) -> str:
    """When a text, an object or something of a colour is in the picture."""
    spans = spans_about(facts, intent)
    if spans:
        return "\n".join(
            scene.say(
                f"“{shorten(span.text)}” stands in the picture from {clock(span.start_s)} to "
                f"{clock(span.end_s)}.",
                f"“{shorten(span.text)}”出现在 {clock(span.start_s)} 到 {clock(span.end_s)}。",
            )
            for span in spans
        )
    subject = asked_name(intent)
    if quoted(intent.text):
        return scene.say(f"I don't find “{subject}” in this video.", f"视频中没有找到“{subject}”。")
    labels = detector_labels(subject)
    seen = [
        sighting.time_s
        for sighting in facts.sightings
        if any(thing.label in labels for thing in sighting.objects or ())
    ]
    if seen:
        return scene.say(
            f"Yes: I see “{subject}” from {clock(seen[0])} to {clock(seen[-1])}."
            if intent.task is Task.EXISTS
            else f"I see “{subject}” from {clock(seen[0])} to {clock(seen[-1])}.",
            f"“{subject}”出现在 {clock(seen[0])} 到 {clock(seen[-1])}。",
        )
    movers = movers_asked(facts, intent.text)
    if movers:
        return "\n".join(when_words(mover, scene.language) for mover in movers[:_MOST])
    if labels and facts.sees_objects:
        return scene.say(f"I don't find “{subject}” in this video.", f"视频中没有找到“{subject}”。")
    return scene.say(
        f"The text of this video doesn't mention “{subject or 'that'}”, and I can't see such "
        "things in its frames. ",
        f"视频的文字没有提到“{subject or '它'}”，而我无法从画面中辨认。",
    ) + way_out(scene.language)


def stretches_of(scene: Scene, intent: Intent, facts: VideoFacts, *, lengths: bool) -> str:
    """How often, or with `lengths` how long, a text or something of a colour is in the picture.

    Empty when it is not found.
    """
    language = scene.language
    spans, movers = spans_about(facts, intent), movers_asked(facts, intent.text)
    if not spans and not movers:
        return ""
    if spans:
        name = f"“{shorten(spans[0].text if len(spans) == 1 else asked_name(intent))}”"
        seen = _joined([(span.start_s, span.end_s) for span in spans])
    else:
        name = upper(mover_name(movers[0], language))
        seen = _joined([(m.start_s, m.end_s if m.gone_s is None else m.gone_s) for m in movers])
    listed = join_words(language, [f"{clock(start_s)}-{clock(end_s)}" for start_s, end_s in seen])
    if lengths:
        long = join_words(language, [clock(end_s - start_s) for start_s, end_s in seen])
        words = (
            f"is in the picture for about {long}: {listed}.",
            f"在画面中停留约 {long}：{listed}。",
        )
    else:
        times = "once" if len(seen) == 1 else f"{len(seen)} times"
        words = f"is in the picture {times}: {listed}.", f"出现了 {len(seen)} 次：{listed}。"
    return pick(language, f"{name} {words[0]}", f"{name}{words[1]}")


def _joined(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches in order, those that touch made one."""
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    return joined


def when_words(mover: Mover, language: Language) -> str:
    """When something was first and last seen."""
    name = mover_name(mover, language)
    if mover.came:
        first = pick(
            language, f"appears at {clock(mover.start_s)}", f"在 {clock(mover.start_s)} 出现"
        )
    else:
        first = pick(
            language,
            f"is there from {clock(mover.start_s)} on",
            f"从 {clock(mover.start_s)} 起就在",
        )
    if mover.gone_s is None:
        last = pick(
            language,
            f"stays to the end of the shot, {clock(mover.end_s)}",
            f"一直到镜头结束（{clock(mover.end_s)}）",
        )
    else:
        last = pick(
            language,
            f"is last seen at {clock(mover.end_s)}; at {clock(mover.gone_s)} it is gone",
            f"最后见于 {clock(mover.end_s)}，{clock(mover.gone_s)} 时已消失",
        )
    return pick(language, f"{upper(name)} {first} and {last}.", f"{name}{first}，{last}。")


def movers_asked(facts: VideoFacts, question: str) -> list[Mover]:
    """The movers of the colour a question names; none when it names no colour."""
    color = color_in(question)
    return [
        mover
        for shot in facts.shots
        for mover in told_movers(shot)
        if color is not None and mover.color.split(" ")[-1] == color
    ]


def _there(shot: Shot, time_s: float, language: Language) -> list[str]:
    """What moves in a shot and is in the picture at a time."""
    there = [
        mover
        for mover in told_movers(shot)
        if mover.start_s - _SLACK_S <= time_s <= mover.end_s + _SLACK_S
    ]
    if len(there) > _MOST:
        return [crowd_words(there, language)]
    words = []
    for mover in there:
        place = place_at(mover, time_s, language)
        name, way = mover_name(mover, language), way_at(mover, time_s, language)
        going = pick(language, f", moving {way}", f"，正向{way}移动") if way else ""
        words.append(pick(language, f"{name} at the {place}{going}", f"{name}在{place}{going}"))
    return words


def _changes(facts: VideoFacts, asked: Times, language: Language) -> list[str]:
    start_s, end_s = asked.start_s, asked.end_s or asked.start_s
    shots = [
        (number, shot)
        for number, shot in enumerate(facts.shots, start=1)
        if shot.start_s < end_s and shot.end_s > start_s
    ]
    lines = []
    if len(facts.shots) > 1:
        for number, shot in shots:
            lead = pick(language, f"shot {number}, ", f"第 {number} 个镜头，")
            lines.append(lead + shot_line(shot, language))
    return lines


def _moving(facts: VideoFacts, asked: Times, language: Language) -> list[str]:
    start_s, end_s = asked.start_s, asked.end_s or asked.start_s
    steps = [motion for motion in facts.motions if start_s < motion.time_s <= end_s]
    there = [
        mover
        for shot in facts.shots
        for mover in told_movers(shot)
        if mover.start_s < end_s and mover.end_s > start_s
    ]
    if len(there) > _MOST:
        return [crowd_words(there, language)]
    lines = [mover_words(mover, language) for mover in there]
    if len(facts.shots) == 1 and view_moves(steps):
        lines.append(view_words(facts.shots[0], language))
    if not lines:
        lines.append(
            pick(language, "hardly anything moves", "画面几乎静止")
            if is_still(steps)
            else pick(language, "there is some movement", "画面有动静")
        )
    return lines


def _span_words(span: TextSpan, asked: Times, language: Language) -> str:
    """A text and, if it comes or goes in the time asked about, when."""
    said = f"“{shorten(span.text)}”"
    events = []
    if span.start_s > asked.start_s:
        events.append(
            pick(language, f"appears at {clock(span.start_s)}", f"{clock(span.start_s)} 出现")
        )
    if asked.end_s is not None and span.end_s < asked.end_s:
        events.append(
            pick(language, f"is gone at {clock(span.end_s)}", f"{clock(span.end_s)} 消失")
        )
    if not events:
        return pick(language, f"text: {said}", f"文字：{said}")
    return pick(
        language, f"text {said} {join_words('en', events)}", f"文字{said}{join_words('zh', events)}"
    )


def _shot_at(facts: VideoFacts, time_s: float) -> Shot:
    return next((shot for shot in reversed(facts.shots) if shot.start_s <= time_s), facts.shots[0])
