"""Two pictures: how alike, and where the second differs from the first."""

from typing import TYPE_CHECKING

import pytest
from PIL import Image as PillowImage

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


def _room(sketch: "type[Sketch]") -> "Sketch":
    room = sketch(600, 400, ground="#dde4ee")
    room.draw.rectangle((40, 220, 200, 380), fill="#884422")
    room.draw.ellipse((260, 60, 360, 160), fill="#2255bb")
    room.draw.polygon([(420, 360), (500, 200), (580, 360)], fill="#22aa55")
    return room.write("ROOM 12", (60, 40), size_px=40)


async def test_a_picture_is_like_itself(eyes: Eyes, sketch: "type[Sketch]") -> None:
    seen = await eyes.differ(_room(sketch).image, _room(sketch).image)
    assert seen.identical
    assert seen.likeness == 1.0
    assert seen.regions == ()


async def test_a_thing_taken_away_is_found(eyes: Eyes, sketch: "type[Sketch]") -> None:
    after = _room(sketch)
    after.draw.rectangle((255, 55, 365, 165), fill="#dde4ee")
    seen = await eyes.differ(_room(sketch).image, after.image)
    assert len(seen.regions) == 1
    box = seen.regions[0].box
    assert (box.left, box.top) == pytest.approx((260, 60), abs=6)
    assert (box.right, box.bottom) == pytest.approx((360, 160), abs=6)
    assert 0.6 < seen.likeness < 1


async def test_a_resized_copy_is_aligned_and_unchanged(eyes: Eyes, sketch: "type[Sketch]") -> None:
    copy = _room(sketch)
    copy.pixels = copy.pixels.resize((900, 600), PillowImage.Resampling.BICUBIC)
    seen = await eyes.differ(_room(sketch).image, copy.image)
    assert (seen.first_px, seen.second_px) == ((600, 400), (900, 600))
    assert seen.aligned
    assert seen.regions == ()
    assert seen.likeness > 0.85


async def test_strangers_are_not_aligned(eyes: Eyes, sketch: "type[Sketch]") -> None:
    noise = sketch(300, 500)
    noise.pixels = PillowImage.effect_noise((300, 500), 120).convert("RGB")
    seen = await eyes.differ(_room(sketch).image, noise.image)
    assert not seen.aligned
    assert seen.regions == ()
    assert seen.likeness < 0.3


async def test_two_different_pages_of_one_size_are_no_same_view(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    pages = (
        sketch(420, 700).lines(
            ["CORNER SHOP", "Milk 1.20", "Bread 2.45", "Eggs 3.10", "Total 6.75", "Thank you"],
            (40, 40),
            step_px=70,
        ),
        sketch(420, 700).lines(
            ["GARAGE NORTH", "Oil filter 9.90", "Labour 45.00", "Tax 10.98", "Due 65.88", "Paid"],
            (30, 52),
            step_px=66,
        ),
    )
    seen = await eyes.differ(pages[0].image, pages[1].image)
    assert seen.likeness < 0.4
    assert not seen.aligned


async def test_a_page_with_one_word_changed_stays_the_same_view(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    lines = ["CORNER SHOP", "Milk 1.20", "Bread 2.45", "Eggs 3.10", "Total 6.75", "Thank you"]
    before = sketch(420, 700).lines(lines, (40, 40), step_px=70)
    after = sketch(420, 700).lines([*lines[:4], "Total 7.75", lines[5]], (40, 40), step_px=70)
    seen = await eyes.differ(before.image, after.image)
    assert seen.aligned
    assert seen.likeness > 0.9
    assert len(seen.regions) == 1
