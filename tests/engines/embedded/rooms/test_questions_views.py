"""What people ask about a view that moves, light that changes, fades and crowds."""

import math
from typing import TYPE_CHECKING

import pytest
from PIL import Image as PillowImage
from PIL import ImageEnhance

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_vision.media.items import Pixels
    from tests.engines.embedded.conftest import Film, Sketch
    from tests.engines.embedded.rooms.conftest import Ask, Patches

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def window(patches: "Patches", corner: tuple[float, float], zoom: float = 1.0) -> "Pixels":
    """What a camera sees of a scene from a corner on."""
    left, top = corner
    box = (left, top, left + 320 * zoom, top + 180 * zoom)
    return patches(0).resize((320, 180), box=box)


def tilts_up_then_rests(patches: "Patches") -> "list[Pixels]":
    return [window(patches, (100, max(60, 170 - 22 * number))) for number in range(12)]


def zooms_out_and_darkens(patches: "Patches") -> "list[Pixels]":
    frames = [window(patches, (160 - 16 * n, 90 - 9 * n), 1 + 0.1 * n) for n in range(8)]
    return [ImageEnhance.Brightness(f).enhance(1 - 0.08 * n) for n, f in enumerate(frames)]


def sways(patches: "Patches") -> "list[Pixels]":
    return [window(patches, (100 + 8 * (number % 2), 80)) for number in range(9)]


def pans_left(patches: "Patches") -> "list[Pixels]":
    return [window(patches, (200 - 22 * number, 80)) for number in range(8)]


def storms(patches: "Patches") -> "list[Pixels]":
    """Nothing of a frame is found again in the next, though all have the same colours."""
    return [patches(seed).resize((320, 180), box=(0, 0, 320, 180)) for seed in range(6)]


@pytest.mark.parametrize(
    ("frames", "question", "wanted"),
    [
        (tilts_up_then_rests, "Is the camera moving?", "Yes, the view tilts up (0.0 s-2.5 s)."),
        (tilts_up_then_rests, "相机在动吗？", "是的，画面向上移（0.0 s-2.5 s）。"),
        (tilts_up_then_rests, "What happens between 3 and 5 s?", "- hardly anything moves"),
        (tilts_up_then_rests, "What happens between 0 and 2 s?", "- the view tilts up"),
        (zooms_out_and_darkens, "Describe the video.", "zooms out, the picture becomes darker."),
        (zooms_out_and_darkens, "描述这个视频", "画面拉远缩小，画面逐渐变暗。"),
        (sways, "Is the camera steady?", "Yes, the view moves a little to and fro."),
        (pans_left, "Which way does the camera go?", "The view pans left; I don't follow single"),
        (storms, "Does the camera move?", "I can't tell whether the view moves."),
        (storms, "镜头在移动吗？", "我分辨不出镜头是否移动"),
        (storms, "Is anything moving?", "Yes, there is movement, but I can't tell single things"),
        (storms, "Describe the video.", "strong movement"),
    ],
)
async def test_how_the_view_moves_is_told(
    ask: "Ask",
    film: "type[Film]",
    *,
    patches: "Patches",
    frames: "Callable[[Patches], list[Pixels]]",
    question: str,
    wanted: str,
) -> None:
    assert wanted in (await ask(film(frames(patches)), question)).text


async def test_of_several_shots_those_whose_view_moves_are_named(
    ask: "Ask", patches: "Patches", *, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    still = [sketch(320, 180, ground="#e0b030").pixels] * 4
    answer = await ask(film(still + pans_left(patches)), "Does the camera move?")
    assert answer.text.startswith("Yes, in 1 of 2 shots:\n- 2.0 s-6.0 s: the view pans left")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Are there any fades?", "It fades in (0.0 s-1.5 s), dissolves into another picture ("),
        ("Are there any fades?", "and fades out ("),
        ("有淡入淡出吗？", "画面淡入（0.0 s-1.5 s）、叠化（"),
        ("Are there hard cuts?", "There are no hard cuts."),
        ("Describe the video.", "It fades in (0.0 s-1.5 s)"),
    ],
)
async def test_fades_and_dissolves_are_told_with_their_times(
    ask: "Ask", patches: "Patches", *, film: "type[Film]", question: str, wanted: str
) -> None:
    first, second = (patches(seed).resize((320, 180)) for seed in (1, 5))
    second = PillowImage.blend(second, PillowImage.new("RGB", (320, 180), "#f0c040"), 0.5)
    black = PillowImage.new("RGB", (320, 180), "black")
    mixed = PillowImage.blend
    frames = [mixed(black, first, share) for share in (0.1, 0.4, 0.7)] + [first] * 4
    frames += [mixed(first, second, share) for share in (0.25, 0.5, 0.75)] + [second] * 4
    frames += [mixed(second, black, share) for share in (0.3, 0.6, 0.9)] + [black]
    assert wanted in (await ask(film(frames), question)).text


def crowd(sketch: "type[Sketch]") -> "list[Pixels]":
    """Eight squares of their own colours, each in its own lane."""
    frames = []
    for number in range(8):
        frame = sketch(320, 200, ground="#d8dcd8")
        for lane in range(8):
            left = 20 + 30 * number if lane % 2 else 250 - 30 * number
            color = ("#d81e1e", "#1e46d8", "#1fa038", "#101010")[lane % 4]
            frame.draw.rectangle((left, 4 + 24 * lane, left + 26, 18 + 24 * lane), fill=color)
        frames.append(frame.pixels)
    return frames


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Describe the video.", "- many things move; at most 8 at once, at 0.0 s"),
        ("描述这个视频", "- 有许多东西在动；0.0 s 时最多，同时 8 个"),
        ("How many things move?", "At most 8 things move at once, at 0.0 s."),
        ("What is at 2 s?", "- many things move; at most 8 at once"),
        ("What happens between 1 and 2 seconds?", "- many things move; at most 8 at once"),
    ],
)
async def test_a_crowd_is_counted(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(film(crowd(sketch)), question)).text


def dance(sketch: "type[Sketch]") -> "list[Pixels]":
    """Blue goes right and back, red in a circle, black a little way; green stands from 2.0 s on."""
    frames = []
    for number in range(17):
        frame = sketch(480, 270, ground="#d8dcd8")
        left = 20 + 22 * min(number, 16 - number)
        frame.draw.rectangle((left, 10, left + 40, 50), fill="#1e46d8")
        x, y = 120 + 60 * math.cos(0.9 * number), 165 + 60 * math.sin(0.9 * number)
        frame.draw.ellipse((x - 18, y - 18, x + 18, y + 18), fill="#d81e1e")
        right = 215 + 4.6 * number
        frame.draw.rectangle((right, 120, right + 30, 150), fill="#101010")
        if number >= 4:
            frame.draw.rectangle((400, 200, 460, 260), fill="#1fa038")
        frames.append(frame.pixels)
    return frames


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (
            "Which way does the blue thing move?",
            "Something blue moves right until 4.0 s, then left",
        ),
        ("蓝色的东西往哪个方向动？", "蓝色的东西向右移动到 4.0 s，再向左移动"),
        ("When does the blue thing turn around?", "moves right until 4.0 s, then left."),
        ("Which way does the red thing move?", "Something red moves here and there."),
        ("红色的东西往哪个方向动？", "红色的东西来回移动"),
        ("Which way does the black thing move?", "Something black moves right at the "),
        ("黑色的东西往哪个方向动？", "黑色的东西在"),
        (
            "Which way does the green thing move?",
            "comes at 2.0 s, stands at the bottom right",
        ),
        ("绿色的东西什么时候出现？", "绿色的东西在 2.0 s 出现，一直到镜头结束"),
        ("How long is the green thing visible?", "Something green is in the picture for about 6."),
        ("What is at 1 s?", "- something blue at the top left, moving right"),
        ("What is at 6 s?", "- something blue at the top left, moving left"),
        ("第6秒有什么？", "- 蓝色的东西在"),
        ("When does the blue thing stop moving?", "Something blue is there from 0.0 s on"),
        ("Is there a violin?", "can't see such things in its frames"),
    ],
)
async def test_things_that_turn_roam_or_stand_are_told(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(film(dance(sketch)), question)).text


async def test_a_single_frame_has_no_movement(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    answer = await ask(film([sketch(320, 180, ground="#3070c0").pixels]), "Describe the video.")
    assert "It is one shot without a cut: mostly blue." in answer.text
