"""Reports, price tags, settings and forms drawn here: changes, weights, switches, places."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORT = [
    "Quarterly report",
    "Revenue rose from 4.1 million to 5.3 million.",
    "The share of returns fell from 5.1% to 3.9%.",
    "Staff: 48",
    "Train leaves 09:15 arrives 11:40",
]
SWITCHES = ["Settings", "Wi-Fi: On", "Bluetooth: Off", "Brightness: 80%", "Language: English"]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("By how much did the revenue rise?", "1.2"),
        ("By how many percentage points did the share of returns fall?", "1.2"),
        ("How long does the train take?", "2 h 25 min"),
        ("How many staff are there?", "48"),
        ("Locate the word Revenue, give the bounding box as JSON.", "bbox_2d"),
        ("Point to the text Staff. Answer with point coordinates.", "point_2d"),
        ("用坐标框出Staff", "bbox_2d"),
        ("Is there any text?", "Yes"),
        ("有文字吗？", "有"),
        ("How many lines of text are there?", "5"),
        ("Where is the staff number?", "48"),
        ("What does the bottom line say?", "09:15"),
    ],
)
async def test_a_report_is_asked(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(820, 420).lines(REPORT, (50, 40), step_px=68, size_px=28)
    assert wanted.lower() in (await ask(page.image, question)).text.lower()


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Is Wi-Fi on?", "Yes"),
        ("Is Bluetooth on?", "No"),
        ("Is Bluetooth turned off?", "Yes"),
    ],
)
async def test_switches_are_told(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(520, 420).lines(SWITCHES, (50, 40), step_px=68, size_px=28)
    assert (await ask(page.image, question)).text.startswith(wanted)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the price per kilo?", "11.60"),
        ("What is the price per 100 g?", "1.16"),
        ("每公斤多少钱？", "11.60"),
    ],
)
async def test_a_price_tag_is_weighed(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(460, 260).lines(["Mountain cheese", "500 g", "$5.80"], (50, 40), step_px=64)
    assert wanted in (await ask(page.image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Is there a cat?", "Yes"),
        ("How many cats are there?", "1"),
        ("Where is the cat? Give bounding boxes in JSON.", "bbox_2d"),
        ("Where is the cat?", "cat"),
        ("Is there an animal?", "Yes"),
        ("Is there a kitten?", "cat"),
        ("Is there a dog?", "no"),
        ("图里有猫吗？", "有"),
        ("有几只猫？", "1"),
        ("Is there a unicorn?", "unicorn"),
    ],
)
async def test_a_photo_is_searched(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    pytest.importorskip("ai_edge_litert")
    assert wanted.lower() in (await ask(example("cat.jpg"), question)).text.lower()
