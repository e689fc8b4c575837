"""Pictures with a colour profile come out as they look, those with a bad one as they are."""

import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from qwen_vision.media.door import Opening
from qwen_vision.media.items import Pixels
from qwen_vision.protocol.parts import ImagePart
from tests.media.files import data_uri, encoded
from tests.media.profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    grey_profile,
    press_profile,
    rgb_profile,
)

PARAM = "messages[0].content[0]"
ADOBE, P3 = rgb_profile(ADOBE_RGB, gamma=2.2), rgb_profile(DISPLAY_P3, gamma=2.2)


async def shown(opening: Opening, data: bytes) -> tuple[int, ...]:
    """The colour in the middle of the decoded picture."""
    [image] = await opening.image(ImagePart(image_url=data_uri(data)), param=PARAM)
    pixels = await image.pixels()
    assert pixels.mode == "RGB"
    value = pixels.getpixel((pixels.width // 2, pixels.height // 2))
    assert isinstance(value, tuple)
    return tuple(int(part) for part in value)


def flat(mode: str, colour: tuple[int, ...] | int) -> Pixels:
    return PillowImage.new(mode, (64, 64), colour)


def near(one: tuple[int, ...], two: tuple[int, ...], *, by: int = 5) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
async def test_colours_of_a_wider_space_become_those_of_srgb(wire: Opening, name: str) -> None:
    # Adobe RGB (181, 120, 87) is the skin tone that sRGB writes as (204, 119, 84) or so.
    data = encoded(flat("RGB", (181, 120, 87)), name, icc_profile=ADOBE, quality=100)
    assert near(await shown(wire, data), (203, 119, 84))


async def test_red_of_display_p3_is_a_fuller_red_in_srgb(wire: Opening) -> None:
    data = encoded(flat("RGB", (200, 60, 50)), "png", icc_profile=P3)
    red, green, _ = await shown(wire, data)
    assert red > 210
    assert green < 55


async def test_opacity_stays_as_it_is(wire: Opening) -> None:
    picture = flat("RGBA", (181, 120, 87, 0))
    picture.paste((181, 120, 87, 255), (16, 16, 48, 48))
    assert near(await shown(wire, encoded(picture, "png", icc_profile=ADOBE)), (203, 119, 84))


async def test_colours_of_a_palette_are_those_of_the_profile(wire: Opening) -> None:
    data = encoded(flat("RGB", (181, 120, 87)).quantize(), "png", icc_profile=ADOBE)
    assert near(await shown(wire, data), (203, 119, 84))


@pytest.mark.parametrize(("mode", "shade"), [("L", 64), ("I;16", 64 * 256 + 64)])
async def test_linear_grey_is_shown_as_light_as_it_is(wire: Opening, mode: str, shade: int) -> None:
    data = encoded(flat(mode, shade), "png", icc_profile=grey_profile(1.0))
    assert near(await shown(wire, data), (137, 137, 137))


@pytest.mark.parametrize("name", ["jpeg", "tiff"])
async def test_inks_look_as_the_press_prints_them(wire: Opening, name: str) -> None:
    # Cyan prints Lab (50, 0, 0), a middle grey.
    press = press_profile((128, 128, 128))
    data = encoded(flat("CMYK", (255, 0, 0, 0)), name, icc_profile=press)
    assert near(await shown(wire, data), (119, 119, 119))


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        ADOBE[:200],
        ADOBE[:128] + bytes(len(ADOBE) - 128),
        ADOBE[:132] + b"\xff" * (len(ADOBE) - 132),
        grey_profile(1.0),
        press_profile((128, 128, 128)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["noise", "cut", "empty", "wild", "of grey", "of inks", "sRGB"],
)
async def test_a_profile_that_says_nothing_usable_changes_nothing(
    wire: Opening, profile: bytes
) -> None:
    data = encoded(flat("RGB", (181, 120, 87)), "png", icc_profile=profile)
    assert await shown(wire, data) == (181, 120, 87)
