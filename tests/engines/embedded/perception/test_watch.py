"""A video: shots, motion, and text over time."""

from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.media.items import Pixels

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch


def _ball(sketch: "type[Sketch]", ground: str, *, left: int) -> Pixels:
    frame = sketch(320, 180, ground=ground)
    frame.draw.ellipse((left, 60, left + 50, 110), fill="#dd3311")
    return frame.pixels


async def test_a_cut_starts_a_new_shot(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = [_ball(sketch, "#f0f0f0", left=20 + 10 * number) for number in range(6)]
    frames += [_ball(sketch, "#102050", left=20) for _ in range(4)]
    seen = await eyes.watch(film(frames), read_text=False)
    assert [(shot.start_s, shot.end_s) for shot in seen.shots] == [(0.0, 3.0), (3.0, 5.0)]
    assert max(motion.amount for motion in seen.shots[0].motions) > 0.005
    assert {motion.amount for motion in seen.shots[1].motions} == {0}
    assert seen.shots[1].picture.colors[0].name == "dark blue"
    assert seen.frames_seen == 10


async def test_text_over_time_says_when_it_stood(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    texts = ["Good morning", "Good morning", "", "Good night", "Good night"]
    frames = [
        sketch(480, 270, ground="#223344").write(text, (80, 100), size_px=40, ink="white").pixels
        for text in texts
    ]
    seen = await eyes.watch(film(frames, fps=1.0), read_text=True)
    assert [(span.text, span.start_s, span.end_s) for span in seen.texts] == [
        ("Good morning", 0.0, 2.0),
        ("Good night", 3.0, 5.0),
    ]


async def test_a_moving_view_says_which_way(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    wide = sketch(900, 180)
    for number in range(60):
        corner = ((number * 137) % 860, (number * 71) % 150)
        wide.draw.rectangle((*corner, corner[0] + 30, corner[1] + 22), fill=(number * 4, 90, 160))
    frames = [wide.pixels.crop((10 * n, 0, 10 * n + 320, 180)) for n in range(6)]
    seen = await eyes.watch(film(frames), read_text=False)
    assert len(seen.shots) == 1
    # The camera goes right, so what it shows moves left: 10 of 320 pixels each half second.
    rights = [motion.right for motion in seen.shots[0].motions]
    assert rights == [pytest.approx(-0.0625, abs=0.02)] * 5


async def test_a_ball_before_still_words_does_not_move_the_view(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = []
    for number in range(8):
        frame = sketch(320, 180).write("STILL WORDS", (20, 10), size_px=28)
        left = 20 + 30 * number
        frame.draw.ellipse((left, 80, left + 70, 150), fill="#dd3311")
        frames.append(frame.pixels)
    (shot,) = (await eyes.watch(film(frames), read_text=False)).shots
    assert not any(motion.is_of_view for motion in shot.motions)
    (mover,) = shot.movers
    middles = [(point.box.left + point.box.right) / 2 for point in mover.points]
    assert len(middles) == 8
    assert middles == sorted(middles)
    assert (mover.color, mover.came, mover.gone_s) == ("red", False, None)


async def test_a_cut_between_scenes_of_one_brightness_is_seen(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    # Both colours have the luma 100.
    frames = [sketch(320, 180, ground="#c85000").pixels] * 4
    frames += [sketch(320, 180, ground="#0088b0").pixels] * 4
    assert frames[0].convert("L").getpixel((0, 0)) == pytest.approx(
        frames[4].convert("L").getpixel((0, 0)), abs=8
    )
    seen = await eyes.watch(film(frames), read_text=False)
    assert [shot.start_s for shot in seen.shots] == [0.0, 2.0]
