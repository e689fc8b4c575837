"""Measures: how heavy, long, fast or warm something is, by a number with a unit in the text."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.sentences import sentences
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.rooms.finding import Finding, Quote, tell_quote
from qwen_vision.engines.embedded.scene import Scene

_LENGTH: Final = (
    r"km|m|cm|mm|met(?:re|er)s?|kilomet(?:re|er)s?|miles?|feet|ft|inch(?:es)?|"
    r"米|公里|千米|厘米|毫米"
)
# What a question wants to know, how the page may call it, and the units that answer it.
_KINDS: Final = (
    (r"\bhow (?:much|heavy)\b.{0,40}\bweighs?\b|\bhow heavy\b|多重", r"weigh|重",
     r"kg|kilo(?:gram)?s?|g|grams?|lbs?|pounds?|oz|ounces?|tonnes?|千克|公斤|克|斤|吨"),
    (r"\bhow (?:tall|high)\b|多高", r"tall|high|height|高", _LENGTH),
    (r"\bhow long\b|多长", r"\blong|length|长", _LENGTH),
    (r"\bhow deep\b|多深", r"deep|depth|深", _LENGTH),
    (r"\bhow wide\b|多宽", r"wide|width|宽", _LENGTH),
    (r"\bhow far\b|多远", r"\bfar|distance|away|距", _LENGTH),
    (r"\bhow fast\b|多快", r"fast|speed|速", r"km/h|mph|m/s|knots?|公里每小时"),
    (r"\bhow (?:hot|warm|cold)\b|多热|多冷", r"temperature|温",
     r"°\s?[CF]|℃|℉|degrees(?: celsius| fahrenheit)?"),
    (r"\bhow (?:big|large)\b|多大", r"area|size|面积",
     r"m²|m2|sq\.? ?(?:m|ft)|square (?:met(?:re|er)s?|feet)|hectares?|acres?|平方米|[kmgt]b"),
)  # fmt: skip
_ASKING: Final = stems(
    "heavy weigh weighs tall high long deep wide far thick low fast hot warm cold"
)
_TAG_WORDS: Final = 2
_OF_PICTURE: Final = re.compile(
    r"\b(?:image|picture|photo|screenshot|page|video)\b|图片|照片", re.I
)


_WHY: Final = "Looked for a number with a unit that measures it"


async def _found(scene: Scene, intent: Intent) -> Quote | None:
    """The measure of the sentences that share most words with the question, if it is one."""
    kind = next((one for one in _KINDS if re.search(one[0], intent.text, re.I)), None)
    if kind is None or _OF_PICTURE.search(intent.text):
        return None
    _, called, units = kind
    asked = stems(intent.text) - _ASKING
    told: dict[int, dict[str, str]] = {}
    for sentence in sentences(await scene.eyes.read(scene.images[0][1])):
        named = len(asked & stems(sentence)) + bool(re.search(called, sentence, re.I))
        for match in _measures(units, sentence):
            # A tag prints the measure alone; any other row must say what is measured.
            if named or not asked or len(stems(sentence)) <= _TAG_WORDS:
                told.setdefault(named, {})[match] = sentence
    best = told.get(max(told, default=0), {})
    return Quote(*next(iter(best.items())), _WHY) if len(best) == 1 else None


def _measures(units: str, sentence: str) -> list[str]:
    """Numbers with such a unit; one after a slash is no measure but what a price is for."""
    pattern = rf"(?<![\w.,/])\d+(?:[.,]\d+)*\s?(?:{units})(?![\w²³/])"
    return [match[0] for match in re.finditer(pattern, sentence, re.IGNORECASE)]


MEASURE: Final = Finding(_found, tell_quote)
