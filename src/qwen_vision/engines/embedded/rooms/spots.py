"""Spots: the words for what a search found, or why it found nothing."""

from qwen_vision.engines.embedded.intents import Intent, Task, quoted
from qwen_vision.engines.embedded.language import Language, join_words, pick, shorten
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.rooms.refuse import way_out
from qwen_vision.engines.embedded.rooms.search import CODES, Search, Spot
from qwen_vision.engines.embedded.rooms.things import is_narrower, is_person_word
from qwen_vision.engines.embedded.steps import Proof, Thought
from qwen_vision.media.items import Image, Size
from qwen_vision.protocol.receipt import Evidence


def there(search: Search, subject: str, *, size: Size, language: Language) -> str:
    """That something is there, as far as it is told apart from others."""
    spot = search.spots[0]
    if search.kind == "look":
        return pick(
            language,
            f"Yes: the picture, or a part of it, looks like: {spot.label}.",
            f"有：图片整体或局部看起来像：{spot.label}。",
        )
    place = place_words(spot.box, size, language)
    if search.kind == "table":
        listed = join_words(language, [spot.label for spot in search.spots])
        return pick(language, f"Yes: {listed} (at the {place}).", f"有：{listed}（{place}）。")
    more = len(search.spots) - 1
    rest = pick(language, f", and {more} more", f"，另有 {more} 处") if more else ""
    label = shorten(spot.label, 80)
    if search.kind == "object" and is_narrower(subject):
        return pick(
            language,
            f"I see “{label}” at the {place}{rest}, but can't tell whether that is "
            f"“{subject}”: I don't tell kinds of “{label}” apart.",
            f"我看到“{label}”，在{place}{rest}，但分辨不出是不是“{subject}”。",
        )
    return pick(
        language, f"Yes: “{label}” at the {place}{rest}.", f"有：“{label}”，在{place}{rest}。"
    )


def seen_at_large(search: Search, language: Language) -> str:
    """That the picture looks like it somewhere."""
    label = search.spots[0].label
    return pick(
        language,
        f"The picture, or a part of it, looks like: {label}. I can't point to the place.",
        f"图片整体或局部看起来像：{label}。我无法指出具体位置。",
    )


def counted(search: Search, intent: Intent, language: Language) -> str:
    """How many were found, and how sure that is."""
    if search.kind == "look":
        label = search.spots[0].label
        return pick(
            language,
            f"The picture, or a part of it, looks like: {label}. I can't count them.",
            f"图片整体或局部看起来像：{label}。我无法计数。",
        )
    if search.kind == "object" and not search.spots:
        return not_found(search, intent, language)
    number = len(search.spots)
    what = CODES.search(intent.subject or intent.text)
    name = intent.subject or (what[0] if what else "?")
    told = pick(language, f"I count {number} ({name}).", f"我数到 {number} 个（{name}）。")
    if search.kind != "object":
        return told
    label = search.spots[0].label
    kind = pick(
        language,
        f" What I see is “{label}”: I don't tell its kinds apart.",
        f"我看到的是“{label}”，不再细分。",
    )
    unsure = pick(language, " Small or hidden ones can escape me.", "太小或被遮挡的可能漏数。")
    return told + (kind if is_narrower(intent.subject) else "") + unsure


def where(spot: Spot, size: Size, language: Language) -> str:
    """Where one spot is, in words and pixels."""
    place = place_words(spot.box, size, language)
    left, top, right, bottom = whole_box(spot.box)
    label = shorten(spot.label, 80)
    return pick(
        language,
        f"“{label}” is at the {place} (pixels {left}, {top} to {right}, {bottom}).",
        f"“{label}”在{place}（像素 {left}，{top} 到 {right}，{bottom}）。",
    )


def not_found(search: Search, intent: Intent, language: Language) -> str:
    """That nothing was found, and whether it could have been seen."""
    subject = intent.subject or pick(language, "that", "它")
    if search.kind == "table":
        return pick(
            language,
            "I find no table in this picture: its text does not stand in rows and columns.",
            "这张图片里没有找到表格，文字没有排成行和列。",
        )
    if search.seen and search.kind == "object":
        return pick(
            language,
            f"I see no “{subject}” among the objects I recognise here, and the text doesn't "
            "mention it. A small or half-hidden one can escape me.",
            f"在我能认出的物体中没有“{subject}”，图中文字也没有提到。太小或被遮挡的可能会漏看。",
        )
    if search.kind == "look":
        return pick(
            language,
            f"I notice no “{subject}”, but I'd only notice one that fills much of the picture, "
            "so I can't rule it out. ",
            f"我没有注意到“{subject}”，但只有它占画面较大部分时我才认得出，所以不能排除。",
        ) + way_out(language)
    if search.kind == "text" and not quoted(intent.text):
        return pick(
            language,
            f"The text of this picture doesn't mention “{subject}”.",
            f"图中文字没有提到“{subject}”。",
        )
    if search.seen:
        return pick(
            language, f"I find no “{subject}” in this picture.", f"这张图片里没有找到“{subject}”。"
        )
    note = (
        pick(language, "I don't identify people. ", "我不识别人物身份。")
        if is_person_word(subject) and intent.task is Task.LOCATE
        else ""
    )
    return (
        note
        + pick(
            language,
            f"The text of this picture doesn't mention “{subject}”, and I can't see such "
            f"things in the "
            "pixels, so I can't say whether it is there. ",
            f"图中文字没有提到“{subject}”，而我也无法从画面中辨认，所以不能判断有没有。",
        )
        + way_out(language)
    )


def looked(search: Search, intent: Intent, index: int) -> Thought:
    """What was looked for in which picture."""
    return Thought(
        f"Looked for “{intent.subject}” in picture {index + 1}: {len(search.spots)} found "
        f"({search.kind})."
    )


def spot_proof(spot: Spot, index: int, image: Image) -> Proof:
    """The evidence of one spot."""
    evidence = Evidence(
        spot.label, index, box=whole_box(spot.box), text=spot.label, confidence=spot.confidence
    )
    if image.page is not None:
        evidence.page = image.page
    return Proof(evidence)
