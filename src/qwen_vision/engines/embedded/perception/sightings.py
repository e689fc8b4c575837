"""Sightings: what the detector may have seen, by its rows, and boxes that cover one another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qwen_vision.engines.embedded.facts import Box, ObjectSeen
from qwen_vision.engines.embedded.perception.arrays import Scores
from qwen_vision.media.items import Size

# A box that may hold something: below this even a sure classifier names the ground.
_MAYBE = 0.3
# Two boxes with so much in common, as a share of what they cover together, are of one thing.
SAME = 0.5
# Numbers of the COCO detection task; some of the ninety were never used and have no name.
_COCO_NAMES = """
person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,
fire hydrant,,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,
cow,elephant,bear,zebra,giraffe,,backpack,umbrella,,,
handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,
skateboard,surfboard,tennis racket,bottle,,wine glass,cup,fork,knife,spoon,
bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,
cake,chair,couch,potted plant,bed,,dining table,,,toilet,
,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,
sink,refrigerator,,book,clock,vase,scissors,teddy bear,hair drier,toothbrush
"""
_COCO = dict(enumerate(_COCO_NAMES.replace("\n", "").split(","), start=1))


def sightings(rows: Scores, original: Size) -> Iterator[ObjectSeen]:
    """What may be there, in pixels of the original; rows as `Detector.rows` gives them."""
    wide, high = original.width_px, original.height_px
    for _, number, confidence, left, top, right, bottom in rows.tolist():
        label = _COCO.get(int(number))
        if not label or confidence < _MAYBE:
            continue
        box = Box(
            round(max(0.0, left) * wide, 1),
            round(max(0.0, top) * high, 1),
            round(min(1.0, right) * wide, 1),
            round(min(1.0, bottom) * high, 1),
        )
        yield ObjectSeen(label, confidence, box)


def seen_twice(
    seen: Sequence[ObjectSeen], mirrored: Sequence[ObjectSeen], original: Size
) -> list[ObjectSeen]:
    """What may be there by a look and one at the mirrored picture, the surest first.

    The confidence is the mean of both: what is there is mostly seen in both.
    """
    again = [replace(thing, box=_mirrored(thing.box, original)) for thing in mirrored]
    both = [_mean(thing, again) for thing in seen]
    only = [_mean(thing, ()) for thing in again if not any(_is_same(thing, one) for one in seen)]
    sure = (thing for thing in both + only if thing.confidence >= _MAYBE)
    return sorted(sure, key=lambda thing: -thing.confidence)


def _mirrored(box: Box, original: Size) -> Box:
    wide = original.width_px
    return Box(round(wide - box.right, 1), box.top, round(wide - box.left, 1), box.bottom)


def _mean(thing: ObjectSeen, others: Sequence[ObjectSeen]) -> ObjectSeen:
    """The thing with the mean confidence of this and the other look."""
    again = max((other.confidence for other in others if _is_same(thing, other)), default=0.0)
    return replace(thing, confidence=round((thing.confidence + again) / 2, 4))


def _is_same(one: ObjectSeen, other: ObjectSeen) -> bool:
    return one.label == other.label and shared(one.box, other.box) >= SAME


def shared(one: Box, other: Box) -> float:
    """How much of two rectangles is common, as a share of what they cover together."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    areas = ((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return both / (sum(areas) - both)


def within(inner: Box, outer: Box) -> float:
    """The share of the one rectangle that lies in the other."""
    across = min(inner.right, outer.right) - max(inner.left, outer.left)
    down = min(inner.bottom, outer.bottom) - max(inner.top, outer.top)
    area = (inner.right - inner.left) * (inner.bottom - inner.top)
    return max(0.0, across) * max(0.0, down) / max(area, 1.0)
