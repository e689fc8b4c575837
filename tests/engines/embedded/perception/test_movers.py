"""What moves before a still ground is told apart, named by colour, and timed."""

from typing import TYPE_CHECKING

import pytest
from PIL import Image as PillowImage

from qwen_vision.engines.embedded.facts import Shot
from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch


async def only_shot(eyes: Eyes, film: "Film") -> Shot:
    (shot,) = (await eyes.watch(film, read_text=False)).shots
    return shot


async def test_two_things_that_cross_keep_their_colours_and_ways(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = []
    for number in range(10):
        frame = sketch(320, 180, ground="#d8dcd8")
        frame.draw.ellipse((10 + 28 * number, 20, 50 + 28 * number, 60), fill="#d81e1e")
        frame.draw.rectangle((260 - 24 * number, 110, 296 - 24 * number, 146), fill="#1e46d8")
        frames.append(frame.pixels)
    shot = await only_shot(eyes, film(frames))
    ways = {
        mover.color: mover.points[-1].box.left - mover.points[0].box.left for mover in shot.movers
    }
    assert ways.keys() == {"red", "blue"}
    assert ways["red"] > 0.5
    assert ways["blue"] < -0.5


async def test_what_comes_and_goes_has_its_times(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = []
    for number in range(12):
        frame = sketch(320, 180, ground="#d8dcd8")
        if 3 <= number < 8:
            left = 20 + 50 * (number - 3)
            frame.draw.ellipse((left, 60, left + 50, 110), fill="#1fa038")
        frames.append(frame.pixels)
    (mover,) = (await only_shot(eyes, film(frames))).movers
    assert (mover.color, mover.came) == ("green", True)
    assert (mover.start_s, mover.end_s, mover.gone_s) == (1.5, 3.5, 4.0)


async def test_what_stays_from_its_coming_to_the_end_is_no_hole_before_it(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = []
    for number in range(12):
        frame = sketch(320, 180, ground="#d8dcd8")
        if number >= 4:
            frame.draw.ellipse((120, 60, 180, 120), fill="#82309e")
        frames.append(frame.pixels)
    (mover,) = (await only_shot(eyes, film(frames))).movers
    assert (mover.color, mover.start_s, mover.gone_s) == ("purple", 2.0, None)


@pytest.mark.parametrize("lamp", ["brightens", "flickers"])
async def test_a_lamp_moves_nothing(
    eyes: Eyes, *, sketch: "type[Sketch]", film: "type[Film]", lamp: str
) -> None:
    room = sketch(320, 180, ground="#908070")
    for number in range(20):
        corner = ((number * 137) % 280, (number * 71) % 140)
        room.draw.rectangle((*corner, corner[0] + 30, corner[1] + 22), fill=(number * 9, 90, 110))
    shades = {"brightens": range(50, 110, 6), "flickers": (100, 84, 106, 90, 100, 80, 96, 88)}
    frames = [
        room.pixels.point(lambda value, shade=shade: value * shade // 100) for shade in shades[lamp]
    ]
    shot = await only_shot(eyes, film(frames))
    assert shot.movers == ()
    assert not any(motion.is_of_view for motion in shot.motions)
    assert (shot.brighter > 0.1) is (lamp == "brightens")


async def test_a_view_that_comes_nearer_is_a_zoom(eyes: Eyes, film: "type[Film]") -> None:
    # Patches of every size and shade, as a real scene has them.
    wide = PillowImage.effect_noise((128, 72), 90).resize((640, 360)).convert("RGB")
    frames = [
        wide.crop((16 * n, 9 * n, 640 - 16 * n, 360 - 9 * n)).resize((320, 180)) for n in range(8)
    ]
    shot = await only_shot(eyes, film(frames))
    assert all(motion.nearer > 0.05 for motion in shot.motions)
    assert shot.movers == ()
