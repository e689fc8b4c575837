"""What people ask about a video with three shots, one without text, and two at once."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.embedded.conftest import Drawn, Film, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def three_shots(sketch: "type[Sketch]", film: "type[Film]") -> "Film":
    shots = [
        sketch(480, 270, ground=ground).write(text, (90, 100), size_px=44, ink=ink).pixels
        for ground, text, ink in (
            ("#101a5c", "Chapter one", "white"),
            ("#f5e050", "The end", "black"),
            ("#20a040", "Credits", "white"),
        )
    ]
    return film([pixels for pixels in shots for _ in range(4)], fps=2)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("描述这个视频", "共 3 个镜头："),
        ("描述这个视频", "4.0 s-6.0 s: 以绿色为主"),
        ("Read the text in the video.", "Text over time:\n- 0.0 s-2.0 s: Chapter one\n- 2.0 s-4.0"),
        ("视频里有什么文字？", "各时刻的文字：\n- 0.0 s-2.0 s: Chapter one"),
        ("How long is it?", "6.00 s long, 480 × 270 pixels, 12 frames at 2.00 frames per second"),
        ("视频多长？", "视频长 6.00 秒，480 × 270 像素，共 12 帧"),
        ("How many shots are there?", "I count 3 shots, starting at 0.0 s, 2.0 s, 4.0 s."),
        ("有几个镜头？", "共 3 个镜头，起始时间：0.0 s, 2.0 s, 4.0 s。"),
        ("How many frames are there?", "12 frames"),
        ("第3秒是什么？", "- 第 2 个镜头，2.0 s-4.0 s: 以黄色为主"),
        ("第3秒是什么？", "- 文字：The end"),
        ("What happens at 0:01?", "- text: Chapter one"),
        ("What is shown at second 5?", "- text: Credits"),
        ("What happens at 90 seconds?", "The video is 6.0 s long; name a time within it."),
        ("第90秒是什么？", "视频长 6.0 秒，请给出其中的时间。"),
        ('When does "Credits" appear?', "“Credits” stands in the picture from 4.0 s to 6.0 s."),
        ("“Credits”什么时候出现？", "“Credits”出现在 4.0 s 到 6.0 s。"),
        ("有没有“Chapter nine”？", "视频中没有找到“Chapter nine”。"),
        ("When does the conductor appear?", "doesn't mention “conductor”"),
        ("有没有售票员？", "视频的文字没有提到“售票员”"),
        ("Why is he laughing?", "I can't answer that one"),
        ("他为什么笑？", "这个问题我无法回答"),
    ],
)
async def test_a_video_of_three_shots_is_asked(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(three_shots(sketch, film), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read the text.", "I found no text in this video."),
        ("读出文字", "视频中没有找到文字。"),
        ("Describe it.", "It is one shot without a cut"),
        ("描述", "全片一个镜头，没有剪切"),
        ("描述", "画面中没有找到文字。"),
        ("What is shown at 1 second?", "- no text in the picture"),
        ("第1秒有什么？", "- 画面中没有文字"),
        ("How many shots are there?", "I count 1 shot, starting at 0.0 s."),
    ],
)
async def test_a_video_without_text_is_asked(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    empty = film([sketch(200, 200, ground="#3070c0").pixels] * 4, fps=2)
    assert wanted in (await ask(empty, question)).text


async def test_two_videos_and_a_picture_are_told_one_by_one(
    ask: "Ask", example: "Callable[[str], Drawn]", *, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    empty = film([sketch(200, 200, ground="#3070c0").pixels] * 4, fps=2)
    lengths = (await ask(empty, three_shots(sketch, film), "How long are the videos?")).text
    assert lengths.index("2.00 s long") < lengths.index("6.00 s long")
    mixed = (await ask(example("sign.png"), three_shots(sketch, film), "Read all text.")).text
    assert mixed.index("Platform 7") < mixed.index("Chapter one")


async def test_times_from_a_minute_on_are_minutes_and_seconds(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    blue = sketch(200, 200, ground="#101a5c").pixels
    red = sketch(200, 200, ground="#d02020").pixels
    long = film([blue] * 13 + [red] * 3, fps=0.2)
    shots = (await ask(long, "How many shots are there?")).text
    assert "starting at 0.0 s, 1:05." in shots
    later = (await ask(long, "What is shown at 1 minute 10 seconds?")).text
    assert later.startswith("At 1:10:\n- shot 2, 1:05-1:20:")
    assert "red" in later
