"""What people ask about things that move, the view, fades and stretches of a video."""

from typing import TYPE_CHECKING

import pytest
from PIL import Image as PillowImage

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def visit(sketch: "type[Sketch]", film: "type[Film]") -> "Film":
    """A red ball comes at 1.0 s, rolls to the right and is gone at 4.0 s; a blue box climbs."""
    frames = []
    for number in range(12):
        frame = sketch(320, 180, ground="#d8dcd8")
        frame.draw.rectangle((250, 140 - 10 * number, 290, 176 - 10 * number), fill="#1e46d8")
        if 2 <= number < 8:
            left = 5 + 38 * (number - 2)
            frame.draw.ellipse((left, 20, left + 40, 60), fill="#d81e1e")
        frames.append(frame.pixels)
    return film(frames)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What happens in this video?", "- something red comes at 1.0 s, moves right, from the "),
        ("What happens in this video?", "- something blue moves up, from the bottom right to the "),
        ("描述这个视频", "- 红色的东西1.0 s 出现，向右移动"),
        (
            "When does the red thing leave?",
            "Something red appears at 1.0 s and is last seen at 3.5",
        ),
        ("When does the red thing leave?", "at 4.0 s it is gone."),
        ("红色的东西什么时候离开？", "4.0 s 时已消失"),
        ("Which way does the blue thing move?", "Something blue moves up"),
        ("蓝色的东西往哪个方向动？", "蓝色的东西向上移动"),
        ("Does anything green move?", "I don't see anything of that colour move."),
        ("How many things move?", "I see 2 things move: something"),
        ("有几个东西在动？", "有 2 个东西在动"),
        ("What is moving?", "Something red comes at 1.0 s"),
        ("Is the camera moving?", "No, the view stands still."),
        ("相机在动吗？", "没有，画面静止。"),
        ("Are there any fades?", "No, neither cuts nor fades."),
        ("What happens between 4.5 and 5.5 seconds?", "- something blue moves up"),
        ("What is at 2 s?", "- something red at the"),
        ("从2秒到3秒发生了什么？", "2.0 s 到 3.0 s 之间："),
        ("What happens between 20 and 30 seconds?", "name a time within it"),
    ],
)
async def test_a_video_of_two_movers_is_asked(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(visit(sketch, film), question)).text


async def test_what_is_gone_is_not_told_of_a_later_stretch(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    answer = await ask(visit(sketch, film), "What happens between 4.5 and 5.5 seconds?")
    assert "red" not in answer.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Is the camera moving?", "Yes, the view pans right."),
        ("镜头在移动吗？", "是的，画面向右移。"),
        ("What moves?", "The view pans right; I don't follow single things while it moves."),
    ],
)
async def test_a_view_that_pans_is_asked(
    ask: "Ask", *, film: "type[Film]", question: str, wanted: str
) -> None:
    wide = PillowImage.effect_noise((128, 72), 90).resize((640, 360)).convert("RGB")
    frames = [wide.crop((20 * number, 60, 20 * number + 320, 240)) for number in range(6)]
    assert wanted in (await ask(film(frames), question)).text


def slides(sketch: "type[Sketch]", film: "type[Film]") -> "Film":
    pages = [
        sketch(480, 270).lines(lines, (60, 80), size_px=34, step_px=60).pixels
        for lines in (("Welcome all", "Monday"), ("The second page", "Tuesday"), ("Goodbye", "End"))
    ]
    return film([page for page in pages for _ in range(4)])


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many slides are there?", "I count 3 pages of text, starting at 0.0 s, 2.0 s and 4.0"),
        ("有几页？", "共 3 页文字"),
        ("What is the last text?", "> Goodbye"),
        ("What is the first text?", "> Welcome all"),
        ("What happens between 2.5 and 3.5 seconds?", "text: “The second page”"),
        ("What happens between 1.5 and 3.5 seconds?", "text “Welcome all” is gone at 2.0 s"),
        ("Is there any text?", "Text over time:"),
        ("What text is shown at 3 s?", "- text: The second page / Tuesday"),
    ],
)
async def test_a_video_of_slides_is_asked(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(slides(sketch, film), question)).text


async def test_a_counter_is_told_in_one_line(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = [
        sketch(320, 180).write(f"Lap {number // 2 + 1}", (80, 60), size_px=48).pixels
        for number in range(10)
    ]
    answer = await ask(film(frames), "Read the text.")
    assert "- 0.0 s-5.0 s: Lap 1, counting to Lap 5 in 5 steps" in answer.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When is the first cut?", "Cut 1 of 1 is at 2.0 s."),
        ("第一个镜头有多长？", "第 1 个镜头（共 2 个）长 2.0 s"),
        ("How long is the second shot?", "Shot 2 of 2 is 3.0 s long"),
        ("Does it dissolve anywhere?", "There are hard cuts at 2.0 s."),
    ],
)
async def test_shots_are_asked_one_by_one(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    blue, gold = (sketch(320, 180, ground=ground).pixels for ground in ("#102060", "#e0b030"))
    assert wanted in (await ask(film([blue] * 4 + [gold] * 6), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many circles are there at 3 s?", "At 3.0 s I count 5."),
        ("How many circles are there?", "At most 6 in one frame, first at 4.0 s."),
        ("When does the number of circles change?", "changes at 2.0 s and 4.0 s."),
        ("有几个圆？", "最多 6 个"),
    ],
)
async def test_circles_are_counted_over_time(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    frames = []
    for count in (4, 5, 6):
        frame = sketch(480, 270, ground="#f0f0f0")
        for place in range(count):
            frame.draw.ellipse((20 + 76 * place, 100, 80 + 76 * place, 160), fill="#7030a0")
        frames += [frame.pixels] * 4
    assert wanted in (await ask(film(frames), question)).text
