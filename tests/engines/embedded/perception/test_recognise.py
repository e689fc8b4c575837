"""One line of text: the spaces and letters that faded print leaves in doubt."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from qwen_vision.engines.embedded.perception.recognise import LineReader
from qwen_vision.engines.embedded.perception.weights import package_file
from qwen_vision.errors import MissingExtraError


@pytest.fixture(scope="module")
def reader() -> LineReader:
    weights = package_file("rapidocr", "models/PP-OCRv6_rec_small.onnx", extra="embedded")
    return LineReader(weights)


def _line(text: str, *, size_px: int, narrow: float = 1.0, blur: float = 0.0) -> Image.Image:
    """One line of print, made narrower and blurred."""
    font = ImageFont.load_default(size_px)
    line = Image.new("RGB", (int(font.getlength(text)) + 10, int(size_px * 1.4)), "white")
    ImageDraw.Draw(line).text((5, size_px // 6), text, "black", font)
    line = line.resize((int(line.width * narrow), line.height), Image.Resampling.LANCZOS)
    return line.filter(ImageFilter.GaussianBlur(blur)) if blur else line


@pytest.mark.parametrize(
    ("text", "size_px", "narrow"), [("VAT No. GB 125 5364", 16, 0.6), ("2 x 4.50", 14, 0.8)]
)
def test_narrow_spaces_of_faded_print_are_kept(
    reader: LineReader, *, text: str, size_px: int, narrow: float
) -> None:
    line = _line(text, size_px=size_px, narrow=narrow, blur=1.2)
    words = reader.read([np.asarray(line)])[0]
    assert words.text == text
    assert len(words.stops) == len(text)
    assert list(words.stops) == sorted(words.stops)


@pytest.mark.parametrize("text", ["Postcode", "2024-03-14", "1,250.00", "WA43-A-24"])
def test_no_spaces_are_put_into_words(reader: LineReader, text: str) -> None:
    assert reader.read([np.asarray(_line(text, size_px=24, blur=0.8))])[0].text == text


def test_the_letter_x_between_numbers_is_a_letter(reader: LineReader) -> None:
    line = _line("4 x 1080", size_px=32)
    assert reader.read([np.asarray(line)])[0].text == "4 x 1080"


@pytest.mark.parametrize(("text", "wanted"), [("20O4", "2004"), ("1O5 kg", "105 kg")])
def test_a_round_letter_among_digits_is_a_zero(
    reader: LineReader, *, text: str, wanted: str
) -> None:
    assert reader.read([np.asarray(_line(text, size_px=32))])[0].text == wanted


def test_a_letter_beside_few_digits_stays_a_letter(reader: LineReader) -> None:
    assert reader.read([np.asarray(_line("A380 to O2", size_px=32))])[0].text == "A380 to O2"


def test_a_package_without_its_weights_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtraError, match=r"rapidocr.*embedded"):
        package_file("rapidocr", "models/none.onnx", extra="embedded")
    with pytest.raises(MissingExtraError, match="no_such_package"):
        package_file("no_such_package", "none.onnx", extra="embedded")


@pytest.mark.parametrize(("count", "size_px", "wide"), [(20, 16, 1.0), (30, 12, 1.8)])
def test_a_row_of_stars_is_no_chinese(
    reader: LineReader, *, count: int, size_px: int, wide: float
) -> None:
    row = _line("*" * count, size_px=size_px, narrow=wide, blur=1.2)
    assert set(reader.read([np.asarray(row)])[0].text) == {"*"}


def test_a_multiplication_sign_stays_one(reader: LineReader) -> None:
    line = _line("1920     1080", size_px=32)
    draw = ImageDraw.Draw(line)
    middle = line.width // 2
    draw.line((middle - 8, 16, middle + 8, 32), "black", 3)
    draw.line((middle - 8, 32, middle + 8, 16), "black", 3)
    assert "\u00d7" in reader.read([np.asarray(line)])[0].text
