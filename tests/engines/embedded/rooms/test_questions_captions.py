"""What people ask about the texts of a video: how long, how often, which last, when they change."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def match(sketch: "type[Sketch]", film: "type[Film]") -> "Film":
    """A name that stays, a score that changes at 2.0 s and 4.0 s, a break from 1.0 s to 2.0 s."""
    frames = []
    for number in range(12):
        score = "2-4" if number < 4 else "3-4" if number < 8 else "3-5"
        frame = sketch(480, 270).write("City stadium", (40, 20), size_px=36)
        frame.write(f"HOME {score} AWAY", (40, 110), size_px=36)
        if number in {2, 3, 8, 9}:
            frame.write("Half time", (40, 200), size_px=36)
        frames.append(frame.pixels)
    return film(frames)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the final score?", "The last text, to 6.0 s:\n> HOME 3-5 AWAY"),
        ("最后的比分是多少？", "最后的文字，至 6.0 s:\n> HOME 3-5 AWAY"),
        ("What is the first score shown?", "The first text, from 0.0 s:\n> HOME 2-4 AWAY"),
        (
            "When does the score change?",
            "The text changes at:\n- 2.0 s: HOME 3-4 AWAY\n- 4.0 s: HOME 3-5 AWAY",
        ),
        ("比分什么时候变？", "文字在以下时刻变化：\n- 2.0 s: HOME 3-4 AWAY"),
        ("When does the score reach 3-5?", "“HOME 3-5 AWAY” stands in the picture from 4.0 s"),
        ('How often does "Half time" appear?', "is in the picture 2 times: 1.0 s-2.0 s and 4.0"),
        ("“Half time”出现了几次？", "“Half time”出现了 2 次：1.0 s-2.0 s和4.0 s-5.0 s。"),
        ('How long is "City stadium" shown?', "is in the picture for about 6.0 s: 0.0 s-6.0 s."),
        ("“City stadium”显示了多久？", "“City stadium”在画面中停留约 6.0 s：0.0 s-6.0 s。"),
        ('How many times does "Overtime" appear?', "I don't find “Overtime” in this video."),
        ("How many texts are there?", "I count 5 different texts.\nText over time:"),
        ("有几条文字？", "共 5 条不同的文字。"),
        ("What does the fifth frame show?", "At 2.0 s:\n- shot 1, "),
        ("What is in the last frame?", "- text: City stadium / HOME 3-5 AWAY"),
    ],
)
async def test_the_texts_of_a_match_are_asked(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    assert wanted in (await ask(match(sketch, film), question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the last title?", "I found no text in this video."),
        ("When does the text change?", "I found no text in this video."),
        ("How many captions are there?", "I found no text in this video."),
        ("How many slides are there?", "I found no text in this video."),
    ],
)
async def test_of_a_video_without_text_no_text_is_told(
    ask: "Ask", *, sketch: "type[Sketch]", film: "type[Film]", question: str, wanted: str
) -> None:
    bare = film([sketch(200, 200, ground="#3070c0").pixels] * 4)
    assert (await ask(bare, question)).text == wanted


async def test_a_text_that_stays_does_not_change(
    ask: "Ask", sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    sign = sketch(480, 270).write("Closed today", (60, 100), size_px=44).pixels
    answer = await ask(film([sign] * 4), "When does the text change?")
    assert answer.text == "The text does not change."
