"""Blocks of a page, and text in a script that can not be read."""

import shutil
from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


async def test_a_page_is_cut_into_blocks(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(700, 760)
    page.write("Annual report", (60, 60), size_px=48)
    page.lines(["The year began with a long winter", "and ended with a mild autumn."], (60, 180))
    page.lines(["- sales grew by a tenth", "- costs stayed as they were"], (60, 320))
    for number, (left, right) in enumerate(
        [("Region", "Sales"), ("North", "120"), ("South", "95")]
    ):
        page.write(left, (60, 470 + 60 * number)).write(right, (400, 470 + 60 * number))
    blocks = (await eyes.read(page.image)).blocks
    assert [block.kind for block in blocks] == ["title", "paragraph", "list", "table"]
    assert blocks[0].lines[0].text == "Annual report"
    assert len(blocks[1].lines) == 2


async def test_every_line_stands_in_one_block(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(640, 300).lines(["One line", "another line", "and a third"], (40, 40))
    reading = await eyes.read(page.image)
    assert [line for block in reading.blocks for line in block.lines] == list(reading.lines)


@pytest.mark.skipif(shutil.which("tesseract") is not None, reason="tesseract may read it")
async def test_strokes_that_are_no_letters_are_not_passed_off_as_text(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(640, 160)
    for number in range(14):
        left = 40 + number * 40
        page.draw.arc((left, 60, left + 26, 92), 30 * number, 30 * number + 250, "black", 4)
        page.draw.line((left + 4, 96, left + 22, 70 + number), fill="black", width=4)
        page.draw.arc((left + 6, 50, left + 30, 80), 200, 330, "black", 3)
    reading = await eyes.read(page.image)
    assert all(line.confidence >= 0.6 for line in reading.lines)
    assert reading.notes or not reading.lines
