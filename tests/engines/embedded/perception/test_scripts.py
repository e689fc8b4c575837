"""Scripts that the models do not know are read by tesseract, when it is installed."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import ImageFont

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch

RUSSIAN = ["Москва является столицей", "Сегодня хорошая погода", "Счёт 4521 от 12.03.2024"]
GREEK = ["Πρωτεύουσα είναι η Αθήνα", "της Ελλάδας σήμερα"]


def _page(sketch: "type[Sketch]", lines: Sequence[str]) -> "Sketch":
    try:
        font = ImageFont.truetype("DejaVuSans.ttf", 28)
    except OSError:
        pytest.skip("needs the font DejaVu Sans")
    page = sketch(620, 40 + 56 * len(lines))
    for number, line in enumerate(lines):
        page.draw.text((30, 24 + 56 * number), line, font=font, fill="black")
    return page


def _needs(language: str) -> None:
    program = shutil.which("tesseract")
    if program is None:
        pytest.skip("needs tesseract")
    command = [program, "--list-langs"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    if language not in listed.stdout.split():
        pytest.skip(f"needs tesseract-ocr-{language}")


@pytest.mark.parametrize("turn_deg", [0, 180])
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
    sketch: "type[Sketch]", tmp_path: Path
) -> None:
    _page(sketch, RUSSIAN).pixels.save(tmp_path / "page.png")
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
        env={"PATH": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
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
