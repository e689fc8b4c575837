"""Scripts that the models do not know are read by tesseract, when it is installed."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageFont, ImageOps

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch

RUSSIAN = ["Москва является столицей", "Сегодня хорошая погода", "Счёт 4521 от 12.03.2024"]
# Georgian: DejaVu Sans has its letters, tesseract seldom has the language.
GEORGIAN = ["მაღაზია ღიაა ყოველდღე", "გთხოვთ შემოხვიდეთ შიგნით", "მადლობა თქვენი სტუმრობისთვის"]
TELUGU = ["దుకాణం ప్రతిరోజు తెరిచి ఉంటుంది", "దయచేసి తలుపు మూసివేయండి"]
HEBREW = ["שעות פתיחה", "ימי ראשון עד חמישי בין תשע לחמש", "נא לסגור את הדלת בשקט"]
KOREAN = ["문의 사항은 고객 센터로 연락하십시오", "주차는 건물 뒤편을 이용해 주세요"]
GREEK = ["Πρωτεύουσα είναι η Αθήνα", "της Ελλάδας σήμερα"]


def _page(
    sketch: "type[Sketch]", lines: Sequence[str], *, font_file: str = "DejaVuSans.ttf"
) -> "Sketch":
    try:
        font = ImageFont.truetype(font_file, 28)
    except OSError:
        pytest.skip(f"needs the font {font_file}")
    page = sketch(620, 40 + 56 * len(lines))
    for number, line in enumerate(lines):
        page.draw.text((30, 24 + 56 * number), line, font=font, fill="black")
    return page


def _languages() -> list[str]:
    program = shutil.which("tesseract")
    if program is None:
        return []
    command = [program, "--list-langs"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return listed.stdout.split()


def _needs(language: str) -> None:
    if language not in _languages():
        pytest.skip(f"needs tesseract-ocr-{language}")


@pytest.mark.parametrize("turn_deg", [0, 90, 180])
async def test_russian_is_read_whichever_way_the_page_is_turned(
    eyes: Eyes, sketch: "type[Sketch]", turn_deg: int
) -> None:
    _needs("rus")
    reading = await eyes.read(_page(sketch, RUSSIAN).turned(turn_deg))
    assert reading.text.splitlines() == RUSSIAN
    assert reading.rotation_deg == turn_deg
    assert reading.notes == ()


async def test_greek_is_read_with_its_accents(eyes: Eyes, sketch: "type[Sketch]") -> None:
    _needs("ell")
    assert (await eyes.read(_page(sketch, GREEK).image)).text.splitlines() == GREEK


async def test_korean_keeps_the_spaces_between_its_words(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    _needs("kor")
    page = _page(sketch, KOREAN, font_file="NanumGothic.ttf")
    assert (await eyes.read(page.image)).text.splitlines() == KOREAN


async def test_a_script_whose_language_is_missing_is_named_with_its_package(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    _needs("osd")
    if "tel" in _languages():
        pytest.skip("tesseract reads Telugu here")
    page = _page(sketch, TELUGU, font_file="NotoSansTelugu-Regular.ttf")
    reading = await eyes.read(page.image)
    assert reading.notes[1:] == ("It looks like Telugu: apt-get install tesseract-ocr-tel.",)
    assert "a script this OCR cannot read" in reading.notes[0]


async def test_a_script_that_is_not_recognised_gets_no_name(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    _needs("osd")
    if "kat" in _languages():
        pytest.skip("tesseract reads Georgian here")
    notes = (await eyes.read(_page(sketch, GEORGIAN).image)).notes
    assert len(notes) == 1
    assert "a script this OCR cannot read" in notes[0]


async def test_hebrew_is_read_under_a_shadow(eyes: Eyes, sketch: "type[Sketch]") -> None:
    _needs("heb")
    page = _page(sketch, HEBREW)
    small = page.pixels.resize((page.pixels.width * 3 // 5, page.pixels.height * 3 // 5))
    # Most light is lost in the middle third of the page.
    shade = Image.linear_gradient("L").point(lambda value: min(185, max(0, 4 * value - 380)))
    small.paste("black", mask=shade.rotate(90).resize(small.size))
    page.pixels = small
    lines = (await eyes.read(page.image)).lines
    assert [line.text for line in lines] == HEBREW
    assert all(abs(line.angle_deg) < 2 for line in lines)


async def test_letters_too_low_to_tell_apart_are_not_guessed(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    sign = ImageOps.mirror(sketch(179, 60).write("GARAGE", (10, 8), size_px=40).pixels)
    low = sketch(42, 24)
    low.pixels.paste(sign.resize((36, 12), Image.Resampling.BILINEAR), (3, 6))
    assert (await eyes.read(low.image)).text.isascii()


async def test_latin_lines_among_russian_ones_stay_latin(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    _needs("rus")
    lines = ["Invoice 2024-118", RUSSIAN[0], "Total amount: 1250.50", RUSSIAN[1]]
    assert (await eyes.read(_page(sketch, lines).image)).text.splitlines() == lines


async def test_letters_read_by_tesseract_say_where_they_stand(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    _needs("rus")
    line = (await eyes.read(_page(sketch, RUSSIAN).image)).lines[0]
    assert len(line.stops) == len(line.text)
    assert list(line.stops) == sorted(line.stops)
    assert 20 <= line.box.left <= 36


def test_without_tesseract_the_reader_says_how_to_get_it(
    sketch: "type[Sketch]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _page(sketch, RUSSIAN).pixels.save(tmp_path / "page.png")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    program = (
        "import sys\n"
        "from PIL import Image\n"
        "from qwen_vision.engines.embedded.perception.rooms import Rooms\n"
        "from qwen_vision.media.items import Size\n"
        "page = Image.open(sys.argv[1])\n"
        "print(*Rooms().reading(page, Size(*page.size)).notes, sep='\\n')\n"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, str(tmp_path / "page.png")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "a script this OCR cannot read" in done.stdout
    assert "apt-get install tesseract-ocr" in done.stdout


async def test_vietnamese_is_said_to_lack_letters(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = _page(sketch, ["Ch\u00fang t\u00f4i mua c\u00e1 t\u01b0\u01a1i", "N\u01b0\u1edbc cam"])
    notes = (await eyes.read(page.image)).notes
    assert any("Vietnamese" in note for note in notes)


async def test_other_accents_are_no_vietnamese(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = _page(
        sketch, ["Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105", "\u00dcber den D\u00e4chern"]
    )
    assert (await eyes.read(page.image)).notes == ()
