"""Eyes read text, barcodes and plain facts, in coordinates of the picture they were given."""

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image as PillowImage

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


def _receipt(sketch: "type[Sketch]") -> "Sketch":
    page = sketch(480, 360)
    page.lines(["CORNER BAKERY", "Bread", "Coffee", "TOTAL"], (30, 30), step_px=70)
    return page.write("3.20", (360, 100)).write("2.50", (360, 170)).write("5.70", (360, 240))


async def test_text_is_read_row_by_row(eyes: Eyes, sketch: "type[Sketch]") -> None:
    reading = await eyes.read(_receipt(sketch).image)
    assert reading.text == "CORNER BAKERY\nBread 3.20\nCoffee 2.50\nTOTAL 5.70"
    assert [len(row) for row in reading.rows] == [1, 2, 2, 2]


async def test_lines_say_where_they_stand(eyes: Eyes, sketch: "type[Sketch]") -> None:
    reading = await eyes.read(sketch(400, 200).write("Hello there", (100, 80)).image)
    box = reading.lines[0].box
    assert 90 <= box.left <= 104
    assert 70 <= box.top <= 92
    assert 95 <= box.bottom <= 118
    assert len(reading.lines[0].stops) == len("Hello there")


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
async def test_turned_pages_are_read_upright(
    eyes: Eyes, sketch: "type[Sketch]", turn_deg: int
) -> None:
    upright = sketch(600, 400).lines(
        ["The quick brown fox jumps", "over the lazy dog and runs", "far away into the woods"],
        (60, 80),
    )
    reading = await eyes.read(upright.turned(turn_deg))
    assert reading.rotation_deg == turn_deg
    assert reading.text.startswith("The quick brown fox jumps\nover the lazy dog")
    first = {90: (320, 60), 180: (540, 320), 270: (80, 540)}[turn_deg]
    assert reading.lines[0].quad[0] == pytest.approx(first, abs=16)


async def test_columns_are_read_one_after_the_other(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(900, 320)
    page.lines(
        ["The first column begins", "here and it goes on for", "three lines of text."], (30, 60)
    )
    page.lines(
        ["Then comes the second,", "which stands to the right", "and says something else."],
        (500, 60),
    )
    reading = await eyes.read(page.image)
    assert reading.text.index("three lines") < reading.text.index("Then comes")


@pytest.mark.parametrize("colors", [("white", "black"), ("black", "white")])
async def test_a_small_crop_of_one_word_is_read(
    eyes: Eyes, sketch: "type[Sketch]", colors: tuple[str, str]
) -> None:
    ground, ink = colors
    crop = sketch(90, 26, ground=ground).write("Invoice", (6, 2), size_px=20, ink=ink)
    assert (await eyes.read(crop.image)).text == "Invoice"


async def test_a_blank_picture_has_no_text(eyes: Eyes, sketch: "type[Sketch]") -> None:
    image = sketch(300, 300).image
    assert (await eyes.read(image)).lines == ()
    assert (await eyes.picture(image)).is_blank


async def test_huge_letters_are_read_whole(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(1500, 500).write("HELLO", (150, 80), size_px=300)
    assert (await eyes.read(page.image)).text == "HELLO"


async def test_barcodes_say_what_and_where(eyes: Eyes, sketch: "type[Sketch]") -> None:
    code = zxingcpp.create_barcode("https://example.org/a?b=1", zxingcpp.BarcodeFormat.QRCode)
    drawn = PillowImage.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    page = sketch(400, 400)
    page.pixels.paste(drawn, (150, 100))
    codes = await eyes.codes(page.image)
    assert [code.payload for code in codes] == ["https://example.org/a?b=1"]
    assert codes[0].symbology == "QR Code"
    assert 150 <= codes[0].quad[0][0] <= 170
    assert 100 <= codes[0].quad[0][1] <= 120


async def test_picture_facts_name_colours_and_size(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(200, 100, ground="white")
    page.draw.rectangle((0, 0, 99, 99), fill=(210, 30, 40))
    facts = await eyes.picture(page.image)
    assert (facts.width_px, facts.height_px) == (200, 100)
    assert {color.name: color.share for color in facts.colors} == {"red": 0.5, "white": 0.5}
    assert not facts.is_blank
    assert not facts.is_grey


async def test_a_second_look_costs_no_decoding(eyes: Eyes, sketch: "type[Sketch]") -> None:
    image = sketch(200, 100).write("Once", (20, 30)).image
    first, second = await asyncio.gather(eyes.read(image), eyes.read(image))
    assert first is second is await eyes.read(image)
    assert image.looks == 1


async def test_a_reader_who_leaves_takes_nothing_from_the_other(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    image = sketch(200, 100).write("Stay", (20, 30)).image
    leaving = asyncio.create_task(eyes.read(image))
    staying = asyncio.create_task(eyes.read(image))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).text == "Stay"


async def test_a_picture_seen_long_ago_is_looked_at_again(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    first = sketch(8, 8).image
    for number in range(300):
        await eyes.picture(sketch(8, 9 + number).image if number else first)
    seen = first.looks
    assert (await eyes.picture(first)).height_px == 8
    assert first.looks == seen + 1


async def test_closing_ends_what_is_being_read(sketch: "type[Sketch]") -> None:
    eyes = Eyes()
    reading = asyncio.create_task(eyes.read(sketch(200, 100).write("Stay", (20, 30)).image))
    await asyncio.sleep(0)
    await eyes.aclose()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await eyes.aclose()


@pytest.mark.parametrize("door", ["perception.eyes", "engine"])
def test_an_engine_not_yet_asked_loads_no_heavy_package(*, door: str) -> None:
    code = (
        f"import sys; import qwen_vision.engines.embedded.{door}; "
        "print({'cv2', 'onnxruntime', 'rapidocr', 'numpy', 'zxingcpp'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("ink", "name"),
    [
        ("#114236", "dark green"),
        ("#c4ced6", "light grey"),
        ("#5b3a29", "brown"),
        ("#000080", "dark blue"),
        ("#4b0082", "purple"),
    ],
)
async def test_dull_colours_are_no_grey_and_greys_are_no_colour(
    eyes: Eyes, sketch: "type[Sketch]", *, ink: str, name: str
) -> None:
    facts = await eyes.picture(sketch(200, 200, ground=ink).image)
    assert [color.name for color in facts.colors] == [name]


async def test_narrow_letters_are_read(eyes: Eyes, sketch: "type[Sketch]") -> None:
    line = sketch(640, 60).write("RESTAURANT SIN DU NORTH", (20, 8), size_px=40).pixels
    page = sketch(640, 300).write("Receipt 113", (80, 208), size_px=30)
    page.pixels.paste(line.resize((230, 60)), (60, 100))
    assert (await eyes.read(page.image)).text == "RESTAURANT SIN DU NORTH\nReceipt 113"


async def test_facts_of_the_pictures_seen_last_are_kept(eyes: Eyes, sketch: "type[Sketch]") -> None:
    first = sketch(20, 10).image
    await eyes.picture(first)
    for width in range(21, 21 + 255):
        await eyes.picture(sketch(width, 10).image)
    await eyes.picture(first)
    assert first.looks == 1
    for width in range(300, 300 + 256):
        await eyes.picture(sketch(width, 10).image)
    await eyes.picture(first)
    assert first.looks == 2


async def test_eyes_that_close_leave_what_they_look_at(sketch: "type[Sketch]") -> None:
    eyes = Eyes()
    looking = asyncio.create_task(eyes.picture(sketch(400, 300).image))
    await asyncio.sleep(0)
    await eyes.aclose()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await eyes.aclose()
