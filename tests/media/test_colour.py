"""Every kind of pixels becomes RGB with the right colours."""

import io

import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw

from qwen_vision.media.door import Opening
from qwen_vision.protocol.parts import ImagePart
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"


async def colour(
    opening: Opening, data: bytes, place: tuple[int, int] = (12, 12)
) -> tuple[int, ...]:
    """The colour at a place of the original picture."""
    [image] = await opening.image(ImagePart(image_url=data_uri(data)), param=PARAM)
    pixels = await image.pixels(max_px=image.original.width_px * image.original.height_px)
    assert pixels.mode == "RGB"
    value = pixels.getpixel(place)
    assert isinstance(value, tuple)
    return tuple(int(part) for part in value)


def near(one: tuple[int, ...], two: tuple[int, ...], *, by: int = 12) -> bool:
    """Whether two colours differ by at most `by` a channel."""
    return all(abs(a - b) <= by for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("P", "png"),
        ("P", "gif"),
        ("RGBA", "png"),
        ("RGBA", "webp"),
        ("CMYK", "jpeg"),
        ("CMYK", "tiff"),
        ("YCbCr", "tiff"),
    ],
)
async def test_colours_survive_every_mode(wire: Opening, mode: str, name: str) -> None:
    picture = corners().quantize() if mode == "P" else corners().convert(mode)
    assert near(await colour(wire, encoded(picture, name)), (230, 20, 20), by=16)


@pytest.mark.parametrize(
    ("mode", "name"), [("1", "png"), ("1", "tiff"), ("L", "jpeg"), ("LA", "png")]
)
async def test_greys_survive_every_mode(wire: Opening, mode: str, name: str) -> None:
    picture = PillowImage.new("L", (60, 40), 255)
    picture.paste(0, (0, 0, 30, 40))
    data = encoded(picture.convert(mode), name)
    assert near(await colour(wire, data), (0, 0, 0))
    assert near(await colour(wire, data, (50, 12)), (255, 255, 255))


@pytest.mark.parametrize("name", ["png", "tiff"])
async def test_sixteen_bits_keep_their_brightness(wire: Opening, name: str) -> None:
    picture = PillowImage.new("I;16", (60, 40), 32_896)
    assert near(await colour(wire, encoded(picture, name)), (128, 128, 128), by=1)


async def test_twelve_bits_in_sixteen_are_stretched(wire: Opening) -> None:
    row = (300).to_bytes(2, "little") * 30 + (700).to_bytes(2, "little") * 30
    data = encoded(PillowImage.frombytes("I;16", (60, 40), row * 40), "tiff")
    assert near(await colour(wire, data), (0, 0, 0), by=1)
    assert near(await colour(wire, data, (50, 12)), (255, 255, 255), by=1)


async def test_whole_numbers_and_fractions_are_scaled(wire: Opening) -> None:
    fractions = PillowImage.new("F", (60, 40), 0.5)
    assert near(await colour(wire, encoded(fractions, "tiff")), (127, 127, 127), by=1)
    numbers = PillowImage.new("I", (60, 40), 200)
    assert near(await colour(wire, encoded(numbers, "tiff")), (200, 200, 200), by=1)
    wide = PillowImage.new("I", (60, 40), 0)
    wide.paste(1_000_000, (30, 0, 60, 40))
    assert near(await colour(wire, encoded(wide, "tiff"), (50, 12)), (255, 255, 255), by=1)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (90, 255), (255, 0), (235, 0)])
async def test_text_on_nothing_stays_readable(wire: Opening, ink: int, ground: int) -> None:
    picture = PillowImage.new("RGBA", (120, 60), (ink, ink, ink, 0))
    ImageDraw.Draw(picture).text((10, 20), "visible", fill=(ink, ink, ink, 255))
    assert near(await colour(wire, encoded(picture, "png"), (2, 2)), (ground,) * 3)


async def test_a_transparent_palette_colour_becomes_the_ground(wire: Opening) -> None:
    picture = PillowImage.new("P", (60, 40), 1)
    picture.putpalette([255, 0, 0, 0, 0, 200])
    picture.paste(0, (0, 0, 30, 40))
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=0)
    assert near(await colour(wire, file.getvalue()), (255, 255, 255))
    assert near(await colour(wire, file.getvalue(), (50, 12)), (0, 0, 200))


async def test_half_transparent_colours_are_mixed_with_the_ground(wire: Opening) -> None:
    picture = PillowImage.new("RGBA", (60, 40), (0, 0, 0, 128))
    assert near(await colour(wire, encoded(picture, "png")), (127, 127, 127), by=2)
