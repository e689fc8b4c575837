"""Separate round shapes are counted; nothing else is taken for them."""

from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


def tray(
    sketch: "type[Sketch]", count: int, *, ground: str, tint: str, square: int = 0
) -> "Sketch":
    """A tray of `count` shapes four in a row, the first `square` of them squares."""
    page = sketch(520, 420, ground=ground)
    for number in range(count):
        left, top = 30 + number % 4 * 120, 20 + number // 4 * 95
        box = (left, top, left + 50 + number % 3 * 12, top + 50 + number % 3 * 12)
        draw = page.draw.rectangle if number < square else page.draw.ellipse
        draw(box, fill=tint)
    return page


@pytest.mark.parametrize(("ground", "tint"), [("#303840", "#d8b060"), ("white", "#802020")])
@pytest.mark.parametrize("count", [5, 16])
async def test_separate_round_shapes_are_counted(
    eyes: Eyes, sketch: "type[Sketch]", *, count: int, ground: str, tint: str
) -> None:
    seen = await eyes.rounds(tray(sketch, count, ground=ground, tint=tint).image)
    assert seen is not None
    assert (len(seen.boxes), seen.round_ones) == (count, count)
    first = min(seen.boxes, key=lambda box: (box.top, box.left))
    assert (first.left, first.top, first.right, first.bottom) == pytest.approx(
        (30, 20, 80, 70), abs=4
    )


async def test_a_few_odd_shapes_among_round_ones_are_told_apart(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = tray(sketch, 12, ground="#303840", tint="#d8b060", square=2)
    seen = await eyes.rounds(page.image)
    assert seen is not None
    assert (len(seen.boxes), seen.round_ones) == (12, 10)


@pytest.mark.parametrize("square", [5, 12])
async def test_shapes_that_are_mostly_not_round_are_not_told(
    eyes: Eyes, sketch: "type[Sketch]", square: int
) -> None:
    page = tray(sketch, 12, ground="#303840", tint="#d8b060", square=square)
    assert await eyes.rounds(page.image) is None


async def test_three_round_shapes_are_no_tray(eyes: Eyes, sketch: "type[Sketch]") -> None:
    assert await eyes.rounds(tray(sketch, 3, ground="white", tint="black").image) is None


async def test_letters_and_empty_pages_are_no_round_shapes(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(520, 420).lines(["SOON COOL WOOD", "10 000 000"], (20, 60), size_px=56)
    assert await eyes.rounds(page.image) is None
    assert await eyes.rounds(sketch(520, 420, ground="grey").image) is None
