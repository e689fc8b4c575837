"""Print made of dots that stand apart."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from qwen_vision.engines.embedded.perception.text import TextReader

LINES = [
    "CORNER HARDWARE STORE",
    "45 Mill Road, Leeds",
    "Receipt No. 004512",
    "Wood screws 6.25",
    "Masking tape 2.10",
    "Paint brush 4.99",
    "Subtotal 13.34",
    "TOTAL 13.34",
    "Thank you, come again",
]


def dotted(*, size_px: int, pitch_px: int, dot_px: int) -> Image.Image:
    """A page of which only dots at this distance are printed."""
    page = Image.new("L", (size_px * 18, size_px * 2 * (len(LINES) + 1)), "white")
    draw = ImageDraw.Draw(page)
    for number, text in enumerate(LINES):
        at = (size_px, size_px * (1 + 2 * number))
        draw.text(at, text, 20, ImageFont.load_default(size_px))
    dots = np.zeros((page.height, page.width), np.uint8)
    for down in range(dot_px):
        for right in range(dot_px):
            dots[down::pitch_px, right::pitch_px] = 255
    # The needles press soft dots.
    soft = Image.fromarray(dots).filter(ImageFilter.GaussianBlur(0.7))
    blank = Image.new("L", page.size, "white")
    return Image.composite(page, blank, soft).convert("RGB")


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.mark.parametrize(("size_px", "pitch_px", "dot_px"), [(40, 4, 2), (52, 5, 3)])
def test_most_of_a_page_printed_in_dots_is_read(
    reader: TextReader, *, size_px: int, pitch_px: int, dot_px: int
) -> None:
    page = dotted(size_px=size_px, pitch_px=pitch_px, dot_px=dot_px)
    found = reader.read(np.asarray(page)[:, :, ::-1].copy()).found
    words = " ".join(item.words.text for item in found)
    missing = [text for text in LINES if text.replace(" ", "") not in words.replace(" ", "")]
    assert len(missing) <= len(LINES) // 3
