"""Text in a script that cannot be read."""

import shutil
from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


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
