"""What the detector may have seen, and boxes that cover one another."""

import numpy as np
import pytest

from qwen_vision.engines.embedded.facts import Box, ObjectSeen
from qwen_vision.engines.embedded.perception.sightings import (
    seen_twice,
    shared,
    sightings,
    within,
)
from qwen_vision.media.items import Size

_SIZE = Size(1000, 500)


def _seen(label: str, confidence: float, box: Box) -> ObjectSeen:
    return ObjectSeen(label, confidence, box)


def test_rows_become_things_within_the_picture_in_pixels_of_the_original() -> None:
    rows = np.array(
        [
            [0, 17, 0.75, -0.1, 0.2, 0.5, 1.2],
            [0, 17, 0.25, 0.0, 0.0, 1.0, 1.0],  # too unsure
            [0, 12, 0.99, 0.0, 0.0, 1.0, 1.0],  # a number without a name
            [0, 99, 0.99, 0.0, 0.0, 1.0, 1.0],  # no number of a class
        ],
        np.float32,
    )
    assert list(sightings(rows, _SIZE)) == [_seen("cat", 0.75, Box(0, 100, 500, 500))]


def test_what_both_looks_see_keeps_its_confidence_and_what_one_sees_has_half() -> None:
    cat, mirrored = Box(100, 100, 300, 300), Box(700, 100, 900, 300)
    only, elsewhere = Box(600, 0, 700, 100), Box(300, 0, 400, 100)
    seen = [_seen("cat", 0.9, cat), _seen("dog", 0.5, only)]
    again = [_seen("cat", 0.7, mirrored), _seen("cup", 0.8, elsewhere)]
    assert seen_twice(seen, again, _SIZE) == [_seen("cat", 0.8, cat), _seen("cup", 0.4, only)]


def test_another_name_at_the_same_place_is_another_thing() -> None:
    box = Box(100, 100, 300, 300)
    found = seen_twice(
        [_seen("cat", 0.8, box)], [_seen("dog", 0.7, Box(700, 100, 900, 300))], _SIZE
    )
    assert [(thing.label, thing.confidence) for thing in found] == [("cat", 0.4), ("dog", 0.35)]


@pytest.mark.parametrize(
    ("other", "common", "inside"),
    [
        (Box(0, 0, 10, 10), 1.0, 1.0),
        (Box(5, 0, 15, 10), 1 / 3, 0.5),
        (Box(0, 0, 20, 20), 0.25, 1.0),
        (Box(10, 0, 20, 10), 0.0, 0.0),
        (Box(12, 12, 20, 20), 0.0, 0.0),
    ],
)
def test_what_two_rectangles_have_in_common_is_measured(
    other: Box, common: float, inside: float
) -> None:
    one = Box(0, 0, 10, 10)
    assert shared(one, other) == shared(other, one) == pytest.approx(common)
    assert within(one, other) == pytest.approx(inside)
