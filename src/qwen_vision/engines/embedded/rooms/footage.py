"""Footage: what a video shows as a whole, told shot by shot, with its text and its objects."""

from collections.abc import Sequence
from typing import Final

from qwen_vision.engines.embedded.facts import Change, Shot, VideoFacts
from qwen_vision.engines.embedded.language import Language, join_words, pick
from qwen_vision.engines.embedded.rooms.captions import texts_over_time
from qwen_vision.engines.embedded.rooms.describe import color_name
from qwen_vision.engines.embedded.rooms.motion import clock, motion_words, movers_words
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.things import named_things, object_name, scene_words
from qwen_vision.media.items import Video

_SHOTS: Final = 12
_SEEN: Final = 8
_MAIN_SHARE: Final = 0.15


def measures(video: Video, language: Language) -> str:
    """Length, size, frames; the stored size as well where pixels are not square."""
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


def summary(video: Video, facts: VideoFacts, language: Language, *, note: bool) -> str:
    """The whole video: measures, shots, fades, text over time, objects; `note` says what not."""
    paragraphs = [measures(video, language), _shots(facts, language)]
    paragraphs.append(fades(facts, language))
    if facts.texts:
        paragraphs.append(texts_over_time(facts, language))
    else:
        paragraphs.append(pick(language, "I found no text in it.", "画面中没有找到文字。"))
    things = objects_over_time(facts, language)
    if things or note:
        paragraphs.append(things or blind(facts, language))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _shots(facts: VideoFacts, language: Language) -> str:
    count = len(facts.shots)
    if count == 1:
        (shot,) = facts.shots
        head = pick(
            language,
            f"It is one shot without a cut: {shot_words(shot, language)}.",
            f"全片一个镜头，没有剪切：{shot_words(shot, language)}。",
        )
        moving = "\n".join(f"- {words}" for words in movers_words(shot, language))
        lead = pick(language, "\n\nWhat moves:\n", "\n\n画面中的动静：\n")
        return head + (lead + moving if moving else "")
    lines = [f"- {shot_line(shot, language, movers=2)}" for shot in facts.shots[:_SHOTS]]
    if count > _SHOTS:
        lines.append(pick(language, f"- and {count - _SHOTS} more", f"- 另有 {count - _SHOTS} 个"))
    return "\n".join([pick(language, f"It has {count} shots:", f"共 {count} 个镜头："), *lines])


def shot_line(shot: Shot, language: Language, *, movers: int = 0) -> str:
    """A shot with its times and, of what moves in it, as many as `movers`."""
    words = [shot_words(shot, language), *movers_words(shot, language)[:movers]]
    joined = pick(language, "; ", "；").join(word for word in words if word)
    return f"{clock(shot.start_s)}-{clock(shot.end_s)}: {joined}"


def shot_words(shot: Shot, language: Language) -> str:
    """Colours, movement of the view, objects, and what it looks like as a whole."""
    colors = [
        color_name(color.name, language)
        for color in shot.picture.colors[:2]
        if color.share >= _MAIN_SHARE
    ]
    words = []
    if colors:
        words.append(
            pick(
                language, f"mostly {join_words('en', colors)}", f"以{join_words('zh', colors)}为主"
            )
        )
    words.append(motion_words(shot, language))
    if shot.objects:
        words.append(_named(shot.objects, language))
    if shot.scene is not None:
        look = scene_words(shot.scene, language)
        words.append(pick(language, f"looks like: {look}", f"看起来像：{look}"))
    return pick(language, ", ", "，").join(word for word in words if word)


def fades(facts: VideoFacts, language: Language) -> str:
    """Where the picture fades or dissolves, in a sentence; empty where it does not."""
    slow = [change for change in facts.changes if change.kind != "cut"]
    if not slow:
        return ""
    words = [_change_words(change, language) for change in slow[:_SHOTS]]
    return pick(language, f"It {join_words('en', words)}.", f"画面{join_words('zh', words)}。")


def _change_words(change: Change, language: Language) -> str:
    span = f"{clock(change.start_s)}-{clock(change.end_s)}"
    en = {
        "dissolve": "dissolves into another picture",
        "fade in": "fades in",
        "fade out": "fades out",
        "cut": "cuts",
    }[change.kind]
    zh = {"dissolve": "叠化", "fade in": "淡入", "fade out": "淡出", "cut": "剪切"}[change.kind]
    return pick(language, f"{en} ({span})", f"{zh}（{span}）")


def objects_over_time(facts: VideoFacts, language: Language) -> str:
    """What was recognised surely, with the first and the last time and the most at once."""
    sure = {label for shot in facts.shots for label in shot.objects or ()}
    seen: dict[str, list[float]] = {}
    most: dict[str, int] = {}
    for sighting in facts.sightings:
        labels = [thing.label for thing in sighting.objects or ()]
        for label in sure & set(labels):
            seen.setdefault(label, []).append(sighting.time_s)
            most[label] = max(most.get(label, 0), labels.count(label))
    if not seen:
        return ""
    lines = []
    for label, times in sorted(seen.items(), key=lambda item: -len(item[1]))[:_SEEN]:
        span = clock(times[0]) if len(times) == 1 else f"{clock(times[0])}-{clock(times[-1])}"
        count = pick(language, f", at most {most[label]} at once", f"，最多同时 {most[label]} 个")
        often = count if most[label] > 1 else ""
        lines.append(f"- {object_name(label, language)}: {span}{often}")
    return pick(language, "Objects I recognise:\n", "我认出的物体：\n") + "\n".join(lines)


def blind(facts: VideoFacts, language: Language) -> str:
    """That nothing was recognised, or that nothing could be."""
    if facts.sees_objects:
        return pick(language, "I recognise no objects in it.", "没有认出物体。")
    return pick(
        language,
        "I can't see what people or things do in it. ",
        "我看不出其中的人和物在做什么。",
    ) + way_out(language)


def _named(labels: Sequence[str], language: Language) -> str:
    return pick(language, "objects: ", "物体：") + named_things(labels[:_SEEN], language)
