"""Broken and hostile files end in an error of ours or in pixels, never in anything else."""

import io
import zlib
from collections.abc import Callable, Coroutine

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import ImageDecodeError, ImageSizeError, QwenVisionError
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.protocol.parts import FramesPart, ImagePart, VideoPart
from qwen_vision.settings import MediaSettings
from tests.media.clips import CODECS, Film
from tests.media.files import corners, data_uri, encoded

# Pillow warns of odd metadata; a server only logs that.
pytestmark = pytest.mark.filterwarnings("ignore")
PARAM = "messages[0].content[0]"
RULES = Rules(model=find_model("qwen3-vl-plus"), local_files=True)
NAMES = ["jpeg", "png", "webp", "bmp", "tiff", "gif", "avif", "heic"]


def pdf() -> bytes:
    """A PDF with one page."""
    file = io.BytesIO()
    corners().save(file, "PDF")
    return file.getvalue()


PICTURES = {name: encoded(corners(64, 48), name) for name in NAMES} | {"pdf": pdf()}
FILMS = {name: Film(container=name, frames=12, width=32, height=32).make() for name in CODECS}


async def look_at_picture(data: bytes) -> None:
    """Open a picture and decode it."""
    door = MediaDoor(MediaSettings(max_decode_px=1_000_000))
    async with door.opening(RULES) as opening:
        for image in await opening.image(ImagePart(image_url=data_uri(data)), param=PARAM):
            pixels = await image.pixels()
            assert pixels.size == (image.final.width_px, image.final.height_px)


async def look_at_video(data: bytes) -> None:
    """Open a video and decode its frames."""
    door = MediaDoor(MediaSettings())
    async with door.opening(RULES) as opening:
        video = await opening.video(VideoPart(video_url=data_uri(data)), param=PARAM)
        count = len([frame async for frame in video.frames(max_px=4096)])
        assert count == len(video.frame_times_s)


Look = Callable[[bytes], Coroutine[None, None, None]]


async def only_our_errors(look: Look, data: bytes) -> None:
    """Anything but an error of ours fails the test; ours must not carry foreign words."""
    failure: QwenVisionError | None = None
    try:
        await look(data)
    except QwenVisionError as error:
        failure = error
    if failure is not None:
        assert failure.param is not None
        assert " at 0x" not in failure.message
        assert "Errno" not in failure.message


def mutated(data: bytes, changes: list[tuple[float, int]], kept: float) -> bytes:
    """The file with some bytes changed, most of them near its start, and its end cut off."""
    out = bytearray(data)
    for place, value in changes:
        out[int(place**3 * (len(out) - 1))] = value
    return bytes(out[: max(8, int(len(out) * kept))])


CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12)
KEPT = st.one_of(st.just(1.0), st.floats(0, 1))
FUZZ = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", PICTURES)
@given(changes=CHANGES, kept=KEPT)
@FUZZ
async def test_a_mutated_picture_ends_in_an_error_of_ours(
    name: str, changes: list[tuple[float, int]], kept: float
) -> None:
    await only_our_errors(look_at_picture, mutated(PICTURES[name], changes, kept))


@pytest.mark.parametrize("name", FILMS)
@given(changes=CHANGES, kept=KEPT)
@FUZZ
async def test_a_mutated_video_ends_in_an_error_of_ours(
    name: str, changes: list[tuple[float, int]], kept: float
) -> None:
    await only_our_errors(look_at_video, mutated(FILMS[name], changes, kept))


@given(data=st.binary(max_size=200))
@FUZZ
async def test_any_bytes_end_in_an_error_of_ours(data: bytes) -> None:
    await only_our_errors(look_at_picture, data)
    await only_our_errors(look_at_video, data)


@given(url=st.text(max_size=80))
@FUZZ
async def test_any_text_in_place_of_a_url_ends_in_an_error_of_ours(url: str) -> None:
    door = MediaDoor(MediaSettings())
    rules = Rules(model=find_model("qwen3-vl-plus"))
    async with door.opening(rules) as opening:
        with pytest.raises(QwenVisionError):
            await opening.image(ImagePart(image_url=url), param=PARAM)
        with pytest.raises(QwenVisionError):
            await opening.frames(FramesPart(video=[url] * 4), param=PARAM)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    chunk = b"\0\0\0\x0d" + header + zlib.crc32(header).to_bytes(4, "big")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT\x35\xaf\x06\x1e" + b"\0\0\0\0IEND\xaeB`\x82"
    )


def gif_header(width: int, height: int) -> bytes:
    """A GIF that claims a size."""
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"GIF89a" + size + b"\0\0\0" + b"," + b"\0\0\0\0" + size + b"\0\x02\0;"


@pytest.mark.parametrize(
    "bomb",
    [
        png_header(60_000, 60_000),
        png_header(2**31 - 1, 2**31 - 1),
        gif_header(65_535, 65_535),
        encoded(PillowImage.new("1", (20_000, 20_000)), "png"),
    ],
    ids=["png", "largest png", "gif", "real png"],
)
async def test_a_bomb_is_refused_before_it_is_decoded(wire: Opening, bomb: bytes) -> None:
    with pytest.raises((ImageSizeError, ImageDecodeError)):
        await wire.image(ImagePart(image_url=data_uri(bomb)), param=PARAM)


async def test_a_progressive_jpeg_is_held_to_what_is_decoded_at_once(wire: Opening) -> None:
    large = PillowImage.new("L", (8000, 7000))
    plain, progressive = encoded(large, "jpeg"), encoded(large, "jpeg", progressive=True)
    assert len(await wire.image(ImagePart(image_url=data_uri(plain)), param=PARAM)) == 1
    with pytest.raises(ImageSizeError):
        await wire.image(ImagePart(image_url=data_uri(progressive)), param=PARAM)


async def test_only_the_first_picture_of_a_long_animation_is_looked_at(wire: Opening) -> None:
    frames = [PillowImage.new("P", (64, 64), number) for number in range(200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], loop=0)
    [image] = await wire.image(ImagePart(image_url=data_uri(file.getvalue())), param=PARAM)
    assert (await image.pixels()).size == (256, 256)


async def test_a_password_on_a_document_is_named(wire: Opening) -> None:
    document = pypdfium2.PdfDocument(PICTURES["pdf"])
    file = io.BytesIO()
    document.save(file)
    # An encryption dictionary that nobody's empty password opens.
    locked = file.getvalue().replace(
        b"trailer\r\n<<",
        b"trailer\r\n<</Encrypt<</Filter/Standard/V 1/R 2/P -4/O("
        + b"x" * 32
        + b")/U("
        + b"y" * 32
        + b")>>/ID[(a)(a)]",
    )
    with pytest.raises(QwenVisionError) as caught:
        await wire.image(ImagePart(image_url=data_uri(locked)), param=PARAM)
    assert caught.value.param == PARAM
