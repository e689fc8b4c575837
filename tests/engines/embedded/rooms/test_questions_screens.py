"""Questions about screenshots: code, chats, calendars, buttons by colour, what stands beside."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = [
    "import json",
    "LIMIT = 5",
    "def load_orders(path):",
    "    return json.loads(path)",
    "print(load_orders('a'))",
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What programming language is this?", "Python ("),
        ("这是什么编程语言？", "Python（"),
        ("Which functions are defined?", "load_orders ("),
        ("How many functions are there? Only the number.", "1"),
        ("What are the parameters of load_orders?", "path ("),
        ("What is LIMIT set to?", "5 ("),
        ("Which modules are imported?", "json ("),
    ],
)
async def test_code_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    screen = sketch(640, 300).lines(CODE, (30, 30), size_px=28, step_px=48).image
    assert (await ask(screen, question)).text.startswith(answer)


CHAT = ["Priya", "On Monday at three", "10:04", "Tom", "When is the demo?", "10:05"]
CHAT += ["Priya", "On Thursday", "10:07", "Tom", "Great, see you there", "10:09"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What was the last message?", "Tom: Great, see you there (10:09)"),
        ("How many messages did Tom send?", "2 messages from Tom:\n- Tom: When is the demo?"),
        ("What did Priya write at 10:07?", "Priya: On Thursday (10:07)"),
        ("Who are the people in this chat?", "Priya, Tom"),
        ("最后一条消息是什么？", "Tom: Great, see you there"),
    ],
)
async def test_a_chat_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    screen = sketch(520, 600).lines(CHAT, (30, 30), step_px=44).image
    assert (await ask(screen, question)).text.startswith(answer)


def month(sketch: "type[Sketch]") -> "Sketch":
    """November 2025, which begins on a Saturday, with two entries."""
    page = sketch(820, 640).write("November 2025", (30, 20), size_px=32)
    for column, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        page.write(name, (40 + 110 * column, 80))
    for day in range(1, 31):
        week, column = divmod(day + 4, 7)
        page.write(str(day), (40 + 110 * column, 130 + 90 * week))
    return page.write("Dentist", (150, 250), size_px=20).write("Flight", (480, 520), size_px=20)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When is the dentist?", "4 November 2025 (Tue): Dentist"),
        ("What is on the 28th?", "28 November 2025 (Fri): Flight"),
        ("Which day of the week is 20 November?", "20 November 2025 (Thu): nothing written"),
        ("List all events.", "- 4 November 2025 (Tue): Dentist\n- 28 November 2025 (Fri): Flight"),
    ],
)
async def test_a_calendar_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, answer: str
) -> None:
    assert (await ask(month(sketch).image, question)).text == answer


async def test_a_button_is_found_by_its_colour(ask: "Ask", sketch: "type[Sketch]") -> None:
    screen = sketch(600, 300).write("Discard the draft?", (40, 40), size_px=30)
    screen.draw.rectangle((40, 160, 220, 230), fill=(30, 90, 215))
    screen.draw.rectangle((280, 160, 460, 230), fill=(210, 30, 30))
    screen.write("Keep it", (70, 178), size_px=30, ink="white")
    screen.write("Discard", (310, 178), size_px=30, ink="white")
    assert (await ask(screen.image, "What does the blue button say?")).text == "Keep it"
    assert (await ask(screen.image, "红色按钮上写了什么？")).text == "Discard"
    missing = (await ask(screen.image, "What does the green button say?")).text
    assert missing == "I see no text on or in green here."


async def test_what_stands_beside_words_is_told(ask: "Ask", sketch: "type[Sketch]") -> None:
    plan = sketch(640, 400)
    for text, at in (("Library", (60, 60)), ("Hospital", (420, 60)), ("Park", (440, 280))):
        plan.write(text, at, size_px=32)
    asked = (
        ("What is to the right of the library?", "“Hospital” stands to the right of “Library”."),
        ("What is below the hospital?", "“Park” stands below “Hospital”."),
        ("What is above the library?", "I read no text above “Library”."),
    )
    for question, answer in asked:
        assert (await ask(plan.image, question)).text == answer
