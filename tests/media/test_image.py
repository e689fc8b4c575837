"""Pictures through the door: formats, sizes, refusals."""

import zlib
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import (
    AspectRatioError,
    ImageDecodeError,
    ImageFormatError,
    ImageSizeError,
    LocalPathError,
    MediaFormatError,
    PixelLimitError,
    SmallImageError,
    TooManyDataUrisError,
)
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.media.items import Image, Size
from qwen_vision.protocol.parts import Detail, ImagePart, ImageUrl
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"


async def opened(
    opening: Opening, data: bytes, *, min_pixels: int | None = None, max_pixels: int | None = None
) -> Image:
    """The one picture in `data`."""
    part = ImagePart(image_url=data_uri(data), min_pixels=min_pixels, max_pixels=max_pixels)
    [image] = await opening.image(part, param=PARAM)
    return image


def is_upright(picture: PillowImage.Image) -> bool:
    """Whether red is upper left and blue lower right."""
    first = picture.getpixel((picture.width // 8, picture.height // 8))
    last = picture.getpixel((picture.width * 7 // 8, picture.height * 7 // 8))
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    return first[0] > 180 > 80 > first[2] and last[2] > 180 > 80 > last[0]


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "bmp", "tiff", "gif", "avif", "heic"])
async def test_every_format_is_recognised_by_its_content(wire: Opening, name: str) -> None:
    image = await opened(wire, encoded(corners(), name))
    assert (image.format, image.original) == (name, Size(120, 80))
    pixels = await image.pixels()
    assert (pixels.mode, pixels.size) == ("RGB", (image.final.width_px, image.final.height_px))
    assert is_upright(pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "avif", "heic"])
async def test_a_picture_is_turned_upright(wire: Opening, name: str, orientation: int) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = corners(240, 160)
    if orientation > 1:
        stored = stored.transpose(PillowImage.Transpose(turns[orientation]))
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    image = await opened(wire, encoded(stored, name, exif=exif.tobytes()))
    assert image.original == Size(240, 160)
    assert is_upright(await image.pixels())
    assert image.receipt().orientation == orientation


async def test_pixels_keep_their_shape_under_a_limit(wire: Opening) -> None:
    image = await opened(wire, encoded(corners(600, 400), "jpeg"))
    assert (await image.pixels(max_px=60_000)).size == (300, 200)
    assert (await image.pixels(max_px=10**9)).size == (600, 400)


async def test_tokens_follow_the_final_size(wire: Opening) -> None:
    image = await opened(wire, encoded(corners(3000, 2000), "jpeg"))
    assert (image.final, image.tokens) == (Size(61 * 32, 41 * 32), 2503)


async def test_limits_beside_the_url_win_over_limits_inside(wire: Opening) -> None:
    url = ImageUrl(url=data_uri(encoded(corners(1000, 1000), "png")), max_pixels=70_000)
    [inside] = await wire.image(ImagePart(image_url=url), param=PARAM)
    [beside] = await wire.image(ImagePart(image_url=url, max_pixels=262_144), param=PARAM)
    assert (inside.final, beside.final) == (Size(256, 256), Size(512, 512))


async def test_low_detail_costs_less_unless_a_limit_is_named(wire: Opening) -> None:
    url = data_uri(encoded(corners(1024, 1024), "png"))
    tokens = []
    wishes: list[tuple[Detail, int | None]] = [
        ("auto", None),
        ("high", None),
        ("low", None),
        ("low", 409_600),
    ]
    for detail, limit in wishes:
        place = ImageUrl(url=url, detail=detail, max_pixels=limit)
        [image] = await wire.image(ImagePart(image_url=place), param=PARAM)
        tokens.append(image.tokens)
    assert tokens == [1026, 1026, 258, 402]


async def test_high_resolution_ignores_max_pixels(door: MediaDoor) -> None:
    rules = Rules(model=find_model("qwen3-vl-plus"), high_resolution=True)
    async with door.opening(rules) as opening:
        image = await opened(opening, encoded(corners(4096, 4096), "jpeg"), max_pixels=65_536)
        assert image.tokens == 16_384 + 2


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"max_pixels": 16_777_217}, "max_pixels"),
        ({"max_pixels": 0}, "max_pixels"),
        ({"min_pixels": -1}, "min_pixels"),
        ({"min_pixels": 200_000, "max_pixels": 100_000}, "min_pixels"),
    ],
)
async def test_pixel_limits_out_of_range_are_refused(
    wire: Opening, limits: dict[str, int], field: str
) -> None:
    with pytest.raises(PixelLimitError, match=f"Range of {field} should be") as caught:
        await opened(wire, encoded(corners(), "png"), **limits)
    assert caught.value.param == f"{PARAM}.{field}"


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 400), (400, 10)])
async def test_a_side_of_ten_pixels_is_too_small(wire: Opening, width: int, height: int) -> None:
    with pytest.raises(SmallImageError) as caught:
        await opened(wire, encoded(corners(width, height), "png"))
    assert f"[height:{height} or width:{width} must be larger than 10]" in caught.value.message


async def test_a_side_of_eleven_pixels_passes(wire: Opening) -> None:
    assert (await opened(wire, encoded(corners(11, 11), "png"))).original == Size(11, 11)


async def test_a_ratio_over_two_hundred_is_refused(wire: Opening) -> None:
    assert (await opened(wire, encoded(corners(2200, 11), "png"))).tokens > 2
    with pytest.raises(AspectRatioError, match="must be smaller than 200, got 201"):
        await opened(wire, encoded(corners(2211, 11), "png"))


async def test_large_pictures_are_only_taken_as_jpeg_and_png(wire: Opening, local: Opening) -> None:
    large = corners(3840, 2161)
    assert (await opened(wire, encoded(large, "jpeg"))).original == Size(3840, 2161)
    with pytest.raises(ImageSizeError):
        await opened(wire, encoded(large, "webp"))
    assert (await opened(local, encoded(large, "webp"))).format == "webp"


async def test_a_picture_for_ocr_has_at_most_fifteen_megapixels(door: MediaDoor) -> None:
    ocr = find_model("qwen-vl-ocr")
    async with door.opening(Rules(model=ocr)) as wire:
        assert (await opened(wire, encoded(corners(4480, 3500), "jpeg"))).tokens > 2
        with pytest.raises(ImageSizeError):
            await opened(wire, encoded(corners(4480, 3501), "jpeg"))
    async with door.opening(Rules(model=ocr, local_files=True)) as local:
        assert (await opened(local, encoded(corners(4480, 3501), "jpeg"))).tokens > 2


async def test_too_many_pixels_are_refused_from_the_header(local: Opening) -> None:
    header = bytearray(encoded(corners(), "png"))
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    chunk = bytes(header[12:29])
    header[29:33] = zlib.crc32(chunk).to_bytes(4, "big")
    with pytest.raises(ImageSizeError):
        await opened(local, bytes(header))


@pytest.mark.parametrize("name", ["ico", "ppm", "sgi", "dds", "jpeg2000", "tga"])
async def test_other_formats_are_refused(wire: Opening, name: str) -> None:
    with pytest.raises((MediaFormatError, ImageFormatError)):
        await opened(wire, encoded(corners(), name))


async def test_text_is_no_picture(wire: Opening) -> None:
    with pytest.raises(ImageFormatError, match="illegal and cannot be opened"):
        await opened(wire, b"just some words, no picture")


@pytest.mark.parametrize("name", ["jpeg", "png"])
async def test_a_picture_cut_short_shows_what_arrived(wire: Opening, name: str) -> None:
    noisy = PillowImage.effect_noise((400, 300), 80).convert("RGB")
    noisy.paste(corners(400, 300).crop((0, 0, 400, 60)), (0, 0))
    data = encoded(noisy, name)
    image = await opened(wire, data[: len(data) * 3 // 4])
    pixels = await image.pixels()
    first = pixels.getpixel((10, 10))
    assert isinstance(first, tuple)
    assert first[0] > 200 > 60 > first[2]


async def test_a_picture_without_pixels_is_refused_when_decoded(wire: Opening) -> None:
    data = encoded(corners(), "webp")
    with pytest.raises(ImageDecodeError) as caught:
        await (await opened(wire, data[:-200] if len(data) > 400 else data[:30])).pixels()
    assert caught.value.param == PARAM


async def test_a_path_is_only_opened_for_a_local_caller(
    wire: Opening, local: Opening, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(corners(), "png"))
    with pytest.raises(LocalPathError):
        await wire.image(ImagePart(image_url=str(path)), param=PARAM)
    [image] = await local.image(ImagePart(image_url=str(path)), param=PARAM)
    assert image.receipt().source == "path"


async def test_equal_pictures_share_a_hash(wire: Opening) -> None:
    data = encoded(corners(), "png")
    other = encoded(corners(121), "png")
    assert (await opened(wire, data)).content_hash == (await opened(wire, data)).content_hash
    assert (await opened(wire, data)).content_hash != (await opened(wire, other)).content_hash


async def test_the_251st_data_uri_is_refused(wire: Opening) -> None:
    data = encoded(corners(), "png")
    for _ in range(250):
        await opened(wire, data)
    with pytest.raises(TooManyDataUrisError, match="max data-uri per request: 250"):
        await opened(wire, data)


async def test_the_receipt_says_what_was_done(wire: Opening) -> None:
    image = await opened(wire, encoded(corners(), "png"))
    await image.pixels()
    receipt = image.receipt()
    assert (receipt.kind, receipt.source, receipt.format) == ("image", "data", "png")
    assert (receipt.original_size, receipt.final_size) == ((120, 80), (320, 224))
    assert isinstance(receipt.stages_ms, dict)
    assert set(receipt.stages_ms) == {"load", "header", "decode"}
