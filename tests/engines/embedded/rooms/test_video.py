"""Videos: shots, text over time, moments."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def two_shots(sketch: "type[Sketch]", film: "type[Film]") -> "Film":
    blue = (
        sketch(480, 270, ground="#101a5c")
        .write("Chapter one", (90, 100), size_px=44, ink="white")
        .pixels
    )
    red = sketch(480, 270, ground="#f5e050").write("The end", (130, 100), size_px=44).pixels
    return film([blue] * 4 + [red] * 4, fps=2)


async def test_a_summary_tells_length_shots_and_text_with_times(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    answer = await ask(two_shots(sketch, film), "Describe what happens in this video.")
    assert "4.00 s long" in answer.text
    assert "2 shots" in answer.text
    assert "blue" in answer.text
    assert "yellow" in answer.text
    assert answer.text.index("Chapter one") < answer.text.index("The end")
    assert answer.evidence[0].time_s == 0


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How long is the video?", "4.00 s"),
        ("How many shots are there?", "2 shots"),
        ("视频里有几个镜头？", "2 个镜头"),
        ("What is shown at 3 seconds?", "The end"),
        ('When does "The end" appear?', "2.0 s"),
        ('Is there a "Chapter nine"?', "don't find"),
    ],
)
async def test_questions_about_a_video_are_answered(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(two_shots(sketch, film), question)).text


async def test_what_people_do_in_a_video_is_refused(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    answer = await ask(two_shots(sketch, film), "Why is the man laughing?")
    assert "can't answer" in answer.text
    assert "DASHSCOPE_API_KEY" in answer.text


async def test_what_moves_before_a_still_ground_is_told_apart_from_the_view(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    frames = []
    for number in range(8):
        frame = sketch(320, 180).write("STILL WORDS", (20, 10), size_px=28)
        left = 230 - 30 * number
        frame.draw.ellipse((left, 80, left + 70, 150), fill="#dd3311")
        frames.append(frame.pixels)
    answer = await ask(film(frames), "Describe what happens in this video.")
    assert "the view stands still" in answer.text
    assert "- something red moves left, from the right to the left" in answer.text
