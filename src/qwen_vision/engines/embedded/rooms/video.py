"""Video: answers about shots, text over time, counts, movement and moments, with time stamps."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from qwen_vision.engines.embedded.facts import Mover, VideoFacts
from qwen_vision.engines.embedded.intents import Intent, Task, without_quotes
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.rooms.captions import (
    count_texts,
    end_text,
    slides,
    spans_about,
    text_changes,
    texts_over_time,
)
from qwen_vision.engines.embedded.rooms.footage import fades, measures, shot_line, summary
from qwen_vision.engines.embedded.rooms.moments import (
    at_moment,
    in_range,
    movers_asked,
    stretches_of,
    times_of,
    when_words,
)
from qwen_vision.engines.embedded.rooms.motion import (
    at_once,
    clock,
    mover_name,
    mover_words,
    moves,
    stands_still,
    told_movers,
    upper,
    view_is_unclear,
    view_words,
)
from qwen_vision.engines.embedded.rooms.refuse import beyond
from qwen_vision.engines.embedded.rooms.things import detector_labels
from qwen_vision.engines.embedded.rooms.video_questions import (
    Ask,
    Times,
    asked_of,
    color_in,
    frame_in,
    number_in,
    times_in,
)
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.media.items import Video
from qwen_vision.protocol.receipt import Evidence

_SHOTS: Final = 12
_TEXTS: Final = 20
_MOST: Final = 6
_ROUND: Final = ("circle", "disc", "disk", "dot", "ball", "round", "coin", "圆", "球")
# What is asked of one text or one thing.
_OF_ONE: Final = frozenset({Ask.WHEN, Ask.HOW_OFTEN, Ask.HOW_LONG})
_OF_ONE_TASKS: Final = frozenset({Task.WHEN, Task.EXISTS, Task.LOCATE, Task.VALUE, Task.COUNT})


async def tell_video(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The answer about each video asked about."""
    for place, (index, video) in enumerate(scene.videos):
        if intent.task is Task.SIZE and _ask(intent) not in {Ask.NTH, Ask.HOW_LONG}:
            yield Say(("\n" if place else "") + measures(video, scene.language))
            continue
        facts = await scene.eyes.watch(video, read_text=True)
        yield Thought(
            f"Watched video {index + 1}: {facts.frames_seen} sampled frames of "
            f"{facts.duration_s:.2f} s, shots: {len(facts.shots)}, texts: {len(facts.texts)}, "
            f"movers: {sum(len(told_movers(shot)) for shot in facts.shots)}."
        )
        yield Say("\n\n" if place else "")
        for span in facts.texts[:_TEXTS]:
            yield Proof(Evidence("text", index, text=span.text, time_s=round(span.start_s, 3)))
        yield Say(_answer(scene, intent, video, facts=facts))


def _answer(scene: Scene, intent: Intent, video: Video, *, facts: VideoFacts) -> str:
    text, ask = without_quotes(intent.text), _ask(intent)
    if ask in {Ask.FRAMES, Ask.SIZE}:
        return measures(video, scene.language)
    own = _special(ask, text, facts, language=scene.language) or _counted(scene, intent, facts)
    if own:
        return own
    times = times_in(text) or _frame_time(text, video)
    read = ask is Ask.WHEN and spans_about(facts, intent)
    if not read and (intent.task is Task.MOMENT or times is not None):
        return at_moment(facts, times, scene.language)
    return _by_task(scene, intent, video, facts=facts)


def _ask(intent: Intent) -> Ask:
    """What is asked; quoted words are what it is asked about."""
    return asked_of(without_quotes(intent.text))


def _counted(scene: Scene, intent: Intent, facts: VideoFacts) -> str:
    """How many, how often or how long; empty when nothing of it is seen or asked."""
    ask = _ask(intent)
    if ask is Ask.HOW_MANY:
        return _count(scene, intent, facts)
    if ask in {Ask.HOW_OFTEN, Ask.HOW_LONG}:
        return stretches_of(scene, intent, facts, lengths=ask is Ask.HOW_LONG)
    return ""


def _by_task(scene: Scene, intent: Intent, video: Video, *, facts: VideoFacts) -> str:
    """What a question asked of a picture as well means in a video."""
    ask = _ask(intent)
    if intent.task in {Task.READ, Task.PART, Task.WORDS} or ask is Ask.TEXT:
        return texts_over_time(facts, scene.language)
    if ask in _OF_ONE or intent.task in _OF_ONE_TASKS:
        return times_of(scene, intent, facts)
    known = intent.task not in {Task.UNSEEN, Task.UNKNOWN}
    lead = "" if known else beyond(scene.language) + "\n\n"
    return lead + summary(video, facts, scene.language, note=known)


def _frame_time(text: str, video: Video) -> Times | None:
    """When the frame that a question names is shown."""
    number = frame_in(text)
    if number is None or video.source_fps <= 0:
        return None
    place = video.source_frames if number == -1 else number
    return Times((place - 1) / video.source_fps)


def _special(ask: Ask, text: str, facts: VideoFacts, *, language: Language) -> str:
    """The answer to what only a video is asked; empty when it is asked something else."""
    times = times_in(text)
    if ask is Ask.RANGE and times is not None:
        return in_range(facts, times, language)
    if ask is Ask.NTH:
        nth = _nth_cut if "cut" in text.lower() else _nth_shot
        return nth(facts, number_in(text), language)
    if ask is Ask.CUTS and times is not None:
        return ""
    if ask in _TELLS:
        return _TELLS[ask](facts, language)
    if ask in _READS:
        return _READS[ask](facts, text, language)
    return _about_movers(ask, text, facts, language=language)


def _about_movers(ask: Ask, text: str, facts: VideoFacts, *, language: Language) -> str:
    if ask not in {Ask.HOW_MANY_MOVE, Ask.WHICH_WAY, Ask.WHAT_MOVES, Ask.WHEN_MOVES}:
        return ""
    if ask is Ask.HOW_MANY_MOVE:
        return _how_many(facts, language)
    named = movers_asked(facts, text)
    movers = named or [mover for shot in facts.shots for mover in told_movers(shot) if moves(mover)]
    if movers and (named or color_in(text) is None):
        tell = when_words if ask is Ask.WHEN_MOVES else _one_mover
        return "\n".join(tell(mover, language) for mover in movers[:_MOST])
    if color_in(text) is not None:
        return pick(
            language,
            "I don't see anything of that colour move.",
            "没有找到这种颜色的东西在移动。",
        )
    return _no_mover(facts, language)


def _one_mover(mover: Mover, language: Language) -> str:
    return _sentence(mover_words(mover, language), language)


def _no_mover(facts: VideoFacts, language: Language) -> str:
    """Whether anything moves, where no single thing could be followed."""
    views = [words for shot in facts.shots if (words := view_words(shot, language))]
    if views:
        listed = join_words(language, list(dict.fromkeys(views))[:_MOST])
        return pick(
            language,
            f"{upper(listed)}; I don't follow single things while it moves.",
            f"{listed}；画面移动时我不跟踪单个物体。",
        )
    if all(stands_still(shot) for shot in facts.shots):
        return pick(language, "No, hardly anything moves.", "没有，画面几乎静止。")
    return pick(
        language,
        "Yes, there is movement, but I can't tell single things apart in it.",
        "画面有动静，但我分辨不出单个移动的物体。",
    )


def _how_many(facts: VideoFacts, language: Language) -> str:
    movers = [mover for shot in facts.shots for mover in told_movers(shot) if moves(mover)]
    if not movers:
        return _no_mover(facts, language)
    most, time_s = at_once(movers)
    names = join_words(language, [mover_name(mover, language) for mover in movers[:_MOST]])
    if len(movers) > _MOST:
        return pick(
            language,
            f"At most {most} things move at once, at {clock(time_s)}.",
            f"{clock(time_s)} 时同时移动的最多，有 {most} 个。",
        )
    return pick(
        language,
        f"I see {len(movers)} {'thing' if len(movers) == 1 else 'things'} move: {names}.",
        f"有 {len(movers)} 个东西在动：{names}。",
    )


def _view(facts: VideoFacts, language: Language) -> str:
    """Whether the view moves, and how."""
    views = [(shot, view_words(shot, language)) for shot in facts.shots]
    moving = [(shot, words) for shot, words in views if words]
    if not moving and any(view_is_unclear(shot) for shot in facts.shots):
        return pick(
            language,
            "So much changes at once that I can't tell whether the view moves.",
            "画面变化太大，我分辨不出镜头是否移动。",
        )
    if not moving:
        return pick(language, "No, the view stands still.", "没有，画面静止。")
    if len(facts.shots) == 1:
        words = moving[0][1]
        return pick(language, f"Yes, {words}.", f"是的，{words}。")
    lines = [f"- {clock(shot.start_s)}-{clock(shot.end_s)}: {words}" for shot, words in moving]
    head = pick(
        language,
        f"Yes, in {len(moving)} of {len(facts.shots)} shots:",
        f"是的，{len(facts.shots)} 个镜头中有 {len(moving)} 个：",
    )
    return "\n".join([head, *lines[:_SHOTS]])


def _fades(facts: VideoFacts, language: Language) -> str:
    """Whether the picture fades, dissolves or is cut."""
    slow = fades(facts, language)
    cuts = [change for change in facts.changes if change.kind == "cut"]
    times = join_words(language, [clock(change.start_s) for change in cuts[:_SHOTS]])
    hard = pick(language, f"There are hard cuts at {times}.", f"硬切在 {times}。")
    if not slow and not cuts:
        return pick(language, "No, neither cuts nor fades.", "没有剪切，也没有淡入淡出。")
    none = pick(language, "There are no hard cuts.", "没有硬切。")
    return " ".join(part for part in (slow, hard if cuts else none) if part)


def _cuts(facts: VideoFacts, language: Language) -> str:
    number = len(facts.shots)
    starts = ", ".join(clock(shot.start_s) for shot in facts.shots[:_SHOTS])
    return pick(
        language,
        f"I count {number} {'shot' if number == 1 else 'shots'}, starting at {starts}.",
        f"共 {number} 个镜头，起始时间：{starts}。",
    )


def _nth_cut(facts: VideoFacts, number: int | None, language: Language) -> str:
    """When one of the changes from shot to shot is."""
    starts = [shot.start_s for shot in facts.shots[1:]]
    place = _place(number, len(starts))
    if place is None:
        return pick(
            language, f"The video has {len(starts)} cuts.", f"视频有 {len(starts)} 处剪切。"
        )
    return pick(
        language,
        f"Cut {place + 1} of {len(starts)} is at {clock(starts[place])}.",
        f"第 {place + 1} 处剪切在 {clock(starts[place])}（共 {len(starts)} 处）。",
    )


def _nth_shot(facts: VideoFacts, number: int | None, language: Language) -> str:
    """One of the shots: its times, how long it is and what it shows."""
    place = _place(number, len(facts.shots))
    if place is None:
        return _cuts(facts, language)
    shot = facts.shots[place]
    length = clock(shot.end_s - shot.start_s)
    lead = pick(
        language,
        f"Shot {place + 1} of {len(facts.shots)} is {length} long, ",
        f"第 {place + 1} 个镜头（共 {len(facts.shots)} 个）长 {length}，",
    )
    texts = [span.text for span in facts.texts if shot.start_s <= span.start_s < shot.end_s]
    said = " / ".join(shorten(text) for text in texts[:_MOST])
    text = pick(language, f"; text: {said}", f"；文字：{said}") if said else ""
    return lead + shot_line(shot, language, movers=_MOST) + text


def _place(number: int | None, count: int) -> int | None:
    """The index of the nth of `count`, -1 being the last; None when there is none."""
    if number is None or not count:
        return None
    place = count - 1 if number == -1 else number - 1
    return place if 0 <= place < count else None


def _count(scene: Scene, intent: Intent, facts: VideoFacts) -> str:
    """How many there are at most or at a time, and when the number changes; empty if unknown."""
    labels = detector_labels(intent.subject)
    rounds = any(word in intent.text.lower() for word in _ROUND)
    counts = [
        (
            sighting.time_s,
            sighting.circles
            if rounds
            else sum(thing.label in labels for thing in sighting.objects or ()),
        )
        for sighting in facts.sightings
    ]
    if not (rounds or (labels and facts.sees_objects)) or not any(n for _, n in counts):
        return ""
    return _number_words(counts, intent.text, scene.language)


def _number_words(counts: Sequence[tuple[float, int]], question: str, language: Language) -> str:
    """A number at the time asked about, when it changes, or the largest."""
    times = times_in(question)
    if times is not None:
        time_s = times.start_s
        before = [count for count in counts if count[0] <= time_s] or counts[:1]
        # None may also be too few to be told from other shapes.
        number = before[-1][1]
        words = (f"At {clock(time_s)} I count {number}.", f"{clock(time_s)} 时有 {number} 个。")
        return pick(language, *words) if number else ""
    if re.search(r"\bwhen\b|什么时候|何时", question, re.IGNORECASE):
        new = [clock(after[0]) for before, after in pairwise(counts) if before[1] != after[1]]
        listed = join_words(language, new[:_SHOTS])
        words = (f"The number I count changes at {listed}.", f"数量在 {listed} 变化。")
        return pick(language, *words) if new else ""
    time_s, most = max(counts, key=lambda item: item[1])
    return pick(
        language,
        f"At most {most} in one frame, first at {clock(time_s)}.",
        f"同一帧中最多 {most} 个，最早在 {clock(time_s)}。",
    )


def _sentence(words: str, language: Language) -> str:
    return upper(words) + pick(language, ".", "。")


_TELLS: Final[dict[Ask, Callable[[VideoFacts, Language], str]]] = {
    Ask.VIEW: _view,
    Ask.FADES: _fades,
    Ask.SLIDES: slides,
    Ask.CUTS: _cuts,
    Ask.HOW_MANY_TEXTS: count_texts,
}
_READS: Final[dict[Ask, Callable[[VideoFacts, str, Language], str]]] = {
    Ask.FIRST_TEXT: partial(end_text, first=True),
    Ask.LAST_TEXT: partial(end_text, first=False),
    Ask.TEXT_CHANGES: text_changes,
}
