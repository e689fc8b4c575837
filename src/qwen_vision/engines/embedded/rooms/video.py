"""Video: shots, text over time, counts, motion and moments, with time stamps."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import ObjectSeen, Shot, TextSpan, VideoFacts
from qwen_vision.engines.embedded.intents import Intent, Task, quoted
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.rooms.describe import color_name
from qwen_vision.engines.embedded.rooms.motion import motion_words
from qwen_vision.engines.embedded.rooms.refuse import beyond, way_out
from qwen_vision.engines.embedded.rooms.things import detector_labels
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Video
from qwen_vision.protocol.receipt import Evidence

_SHOTS: Final = 12
_TEXTS: Final = 20
_MINUTES: Final = re.compile(r"(?P<m>\d+):(?P<s>\d{2}(?:\.\d+)?)")
_MINUTE: Final = re.compile(r"(?P<m>\d+(?:\.\d+)?) ?(?:minutes?|mins?\b|分钟?)", re.IGNORECASE)
_SECONDS: Final = re.compile(
    r"(?P<s>\d+(?:\.\d+)?) ?(?:seconds?|secs?|s\b|秒)|second (?P<n>\d+(?:\.\d+)?)", re.IGNORECASE
)
_CUTS: Final = re.compile(r"\b(?:shots?|scenes?|cuts?)\b|镜头|场景", re.IGNORECASE)
_FRAMES: Final = re.compile(r"\bframes?\b|帧", re.IGNORECASE)


async def tell_video(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The answer about each video asked about."""
    for place, (index, video) in enumerate(scene.videos):
        if intent.task is Task.SIZE:
            yield Say(("\n" if place else "") + _measures(video, scene.language))
            continue
        facts = await scene.eyes.watch(video, read_text=True)
        yield Thought(
            f"Watched video {index + 1}: {facts.frames_seen} sampled frames of "
            f"{facts.duration_s:.2f} s, shots: {len(facts.shots)}, texts: {len(facts.texts)}."
        )
        yield Say("\n\n" if place else "")
        for span in facts.texts[:_TEXTS]:
            yield Proof(Evidence("text", index, text=span.text, time_s=round(span.start_s, 3)))
        yield Say(_answer(scene, intent, video, facts=facts))


def _answer(scene: Scene, intent: Intent, video: Video, *, facts: VideoFacts) -> str:
    language = scene.language
    if intent.task in {Task.READ, Task.PART, Task.WORDS}:
        return _texts(facts, language)
    if intent.task is Task.MOMENT:
        return _moment(facts, intent, language)
    if intent.task in {Task.WHEN, Task.EXISTS, Task.LOCATE, Task.VALUE, Task.COUNT}:
        return _count(scene, intent, video, facts=facts)
    known = intent.task not in {Task.UNSEEN, Task.UNKNOWN}
    lead = "" if known else beyond(language) + "\n\n"
    return lead + _summary(video, facts, language, note=known)


def clock(time_s: float) -> str:
    """A time stamp: `3.2 s`, from a minute on `1:03`."""
    if time_s < 60:
        return f"{time_s:.1f} s"
    return f"{int(time_s // 60)}:{int(time_s % 60):02d}"


def _measures(video: Video, language: Language) -> str:
    size, stored = video.original, video.stored
    shape = (
        pick(
            language,
            f" (stored as {stored.width_px} × {stored.height_px}, pixels are not square)",
            f"（存储为 {stored.width_px} × {stored.height_px}，像素不是正方形）",
        )
        if size != stored
        else ""
    )
    return pick(
        language,
        f"The video is {video.duration_s:.2f} s long, {size.width_px} × {size.height_px} pixels"
        f"{shape}, {video.source_frames} frames at {video.source_fps:.2f} frames per second.",
        f"视频长 {video.duration_s:.2f} 秒，{size.width_px} × {size.height_px} 像素{shape}，"
        f"共 {video.source_frames} 帧，每秒 {video.source_fps:.2f} 帧。",
    )


def _summary(video: Video, facts: VideoFacts, language: Language, *, note: bool) -> str:
    paragraphs = [_measures(video, language)]
    lines = [_shot_line(shot, language) for shot in facts.shots[:_SHOTS]]
    count = len(facts.shots)
    if count == 1:
        looks = _shot_words(facts.shots[0], language)
        paragraphs.append(
            pick(
                language,
                f"It is one shot without a cut: {looks}.",
                f"全片一个镜头，没有剪切：{looks}。",
            )
        )
    elif count:
        head = pick(language, f"It has {count} shots:", f"共 {count} 个镜头：")
        paragraphs.append("\n".join([head, *(f"- {line}" for line in lines)]))
    if facts.texts:
        paragraphs.append(_texts(facts, language))
    else:
        paragraphs.append(pick(language, "I found no text in it.", "画面中没有找到文字。"))
    if facts.sightings:
        paragraphs.append(_objects_over_time(facts, language))
    elif note:
        paragraphs.append(_blind(facts, language))
    return "\n\n".join(paragraphs)


def _shot_line(shot: Shot, language: Language) -> str:
    return f"{clock(shot.start_s)}-{clock(shot.end_s)}: {_shot_words(shot, language)}"


def _shot_words(shot: Shot, language: Language) -> str:
    colors = [color_name(color.name, language) for color in shot.picture.colors[:2]]
    words = [
        pick(language, f"mostly {join_words('en', colors)}", f"以{join_words('zh', colors)}为主")
    ]
    if not colors:
        words = []
    words.append(motion_words(shot, language))
    if shot.objects:
        words.append(_object_words(shot.objects, language))
    return pick(language, ", ", "，").join(words)


def _texts(facts: VideoFacts, language: Language) -> str:
    if not facts.texts:
        return pick(language, "I found no text in this video.", "视频中没有找到文字。")
    lines = [_span_line(span) for span in facts.texts[:_TEXTS]]
    more = len(facts.texts) - _TEXTS
    if more > 0:
        lines.append(pick(language, f"- and {more} more", f"- 另有 {more} 条"))
    return pick(language, "Text over time:\n", "各时刻的文字：\n") + "\n".join(lines)


def _span_line(span: TextSpan) -> str:
    return f"- {clock(span.start_s)}-{clock(span.end_s)}: {shorten(span.text)}"


def _moment(facts: VideoFacts, intent: Intent, language: Language) -> str:
    time_s = _time_in(intent.text)
    if time_s is None or time_s > facts.duration_s:
        return pick(
            language,
            f"The video is {facts.duration_s:.1f} s long; name a time within it.",
            f"视频长 {facts.duration_s:.1f} 秒，请给出其中的时间。",
        )
    shot = next((shot for shot in reversed(facts.shots) if shot.start_s <= time_s), None)
    lines = [pick(language, f"At {clock(time_s)}:", f"{clock(time_s)} 时：")]
    if shot is not None:
        number = facts.shots.index(shot) + 1
        lines.append(
            pick(language, f"- shot {number}, ", f"- 第 {number} 个镜头，")
            + _shot_line(shot, language)
        )
    texts = [
        span.text for span in facts.texts if span.start_s - 0.25 <= time_s <= span.end_s + 0.25
    ]
    said = " / ".join(shorten(text) for text in texts)
    lines.append(
        pick(language, f"- text: {said}", f"- 文字：{said}")
        if texts
        else pick(language, "- no text in the picture", "- 画面中没有文字")
    )
    if facts.sightings:
        near = min(facts.sightings, key=lambda sighting: abs(sighting.time_s - time_s))
        if near.objects:
            lines.append("- " + _object_words(near.objects, language))
    else:
        lines.append("- " + _blind(facts, language))
    return "\n".join(lines)


def _time_in(text: str) -> float | None:
    match = _MINUTES.search(text)
    if match:
        return int(match["m"]) * 60 + float(match["s"])
    minutes, seconds = _MINUTE.search(text), _SECONDS.search(text)
    if not minutes and not seconds:
        return None
    total = float(minutes["m"]) * 60 if minutes else 0.0
    return total + (float(seconds["s"] or seconds["n"]) if seconds else 0.0)


def _times_of(scene: Scene, intent: Intent, facts: VideoFacts) -> str:
    subject = intent.subject or next((concept.en for concept in intent.concepts), "")
    wanted = re.sub(r"[\W_]+", "", subject).lower()
    spans = [
        span
        for span in facts.texts
        if wanted and wanted in re.sub(r"[\W_]+", "", span.text).lower()
    ]
    if spans:
        return "\n".join(
            scene.say(
                f"“{shorten(span.text)}” stands in the picture from {clock(span.start_s)} to "
                f"{clock(span.end_s)}.",
                f"“{shorten(span.text)}”出现在 {clock(span.start_s)} 到 {clock(span.end_s)}。",
            )
            for span in spans
        )
    labels = detector_labels(subject)
    times = [
        sighting.time_s
        for sighting in facts.sightings
        if any(thing.label in labels for thing in sighting.objects)
    ]
    if times:
        return scene.say(
            f"I see “{subject}” from {clock(times[0])} to {clock(times[-1])}.",
            f"“{subject}”出现在 {clock(times[0])} 到 {clock(times[-1])}。",
        )
    if quoted(intent.text) or (labels and facts.sightings):
        return scene.say(f"I don't find “{subject}” in this video.", f"视频中没有找到“{subject}”。")
    return scene.say(
        f"The text of this video doesn't mention “{subject or 'that'}”, and I can't see such "
        f"things "
        "in its frames. ",
        f"视频的文字没有提到“{subject or '它'}”，而我无法从画面中辨认。",
    ) + way_out(scene.language)


def _count(scene: Scene, intent: Intent, video: Video, *, facts: VideoFacts) -> str:
    if intent.task is not Task.COUNT:
        return _times_of(scene, intent, facts)
    if _CUTS.search(intent.text):
        number = len(facts.shots)
        starts = ", ".join(clock(shot.start_s) for shot in facts.shots[:_SHOTS])
        return scene.say(
            f"I count {number} {'shot' if number == 1 else 'shots'}, starting at {starts}.",
            f"共 {number} 个镜头，起始时间：{starts}。",
        )
    if _FRAMES.search(intent.text):
        return _measures(video, scene.language)
    labels = detector_labels(intent.subject)
    counts = [
        (sum(thing.label in labels for thing in sighting.objects), sighting.time_s)
        for sighting in facts.sightings
    ]
    if labels and counts:
        most, time_s = max(counts, key=lambda item: item[0])
        return scene.say(
            f"At most {most} ({intent.subject}) in one frame, at {clock(time_s)}.",
            f"同一帧中最多 {most} 个（{intent.subject}），在 {clock(time_s)}。",
        )
    return _times_of(scene, intent, facts)


def _objects_over_time(facts: VideoFacts, language: Language) -> str:
    seen: dict[str, list[float]] = {}
    for sighting in facts.sightings:
        for label in {thing.label for thing in sighting.objects}:
            seen.setdefault(label, []).append(sighting.time_s)
    if not seen:
        return pick(language, "I recognise no objects in it.", "没有认出物体。")
    lines = [
        f"- {label}: {clock(times[0])}-{clock(times[-1])}"
        for label, times in sorted(seen.items(), key=lambda item: -len(item[1]))
    ]
    return pick(language, "Objects I recognise:\n", "我认出的物体：\n") + "\n".join(lines)


def _object_words(objects: Sequence[ObjectSeen], language: Language) -> str:
    counts = Counter(thing.label for thing in objects)
    words = [f"{count} × {label}" if count > 1 else label for label, count in counts.items()]
    return pick(language, "objects: ", "物体：") + ", ".join(words)


def _blind(facts: VideoFacts, language: Language) -> str:
    if any(shot.objects is not None for shot in facts.shots):
        return pick(language, "I recognise no objects in it.", "没有认出物体。")
    return pick(
        language,
        "I can't see what people or things do in it. ",
        "我看不出其中的人和物在做什么。",
    ) + way_out(language)
