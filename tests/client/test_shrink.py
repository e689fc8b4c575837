"""Pictures made as small as the model sees them: the size, the turn, and what is left alone."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.client import Client
from qwen_vision.client.shrink import Sight, shrink_file
from qwen_vision.engines.scripted.script import Step

MODEL = "qwen3-vl-plus"
SIGHT = Sight(find_model(MODEL).pixels)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    size = (width // 2, height // 2)
    grain = random.Random(1).randbytes(size[0] * size[1] * len(mode))  # noqa: S311 - pixels
    return Image.frombytes(mode, size, grain).resize((width, height))


def saved(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 95} if kind == "JPEG" else {}), **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def shrunk(data: bytes, sight: Sight = SIGHT) -> Image.Image | None:
    found = shrink_file(data, size_bytes=len(data), sight=sight)
    return None if found is None else opened(found[0])


@pytest.fixture(scope="module")
def photo() -> bytes:
    return saved(noise(2400, 1800))


def test_picture_gets_exactly_the_size_the_server_would_make(
    serve: Callable[..., str], photo: bytes
) -> None:
    with Client(base_url=serve(Step(text="Hi"))) as client:
        as_it_is = client.analyze(photo, model=MODEL, shrink=False, receipt=True)
        smaller = client.analyze(photo, model=MODEL, receipt=True)
    assert as_it_is.receipt[0].original_size == (2400, 1800)
    assert smaller.receipt[0].original_size == as_it_is.receipt[0].final_size
    assert smaller.receipt[0].tokens == as_it_is.receipt[0].tokens


def test_limits_of_the_request_count(photo: bytes) -> None:
    bounded = shrunk(photo, Sight(SIGHT.rules, max_pixels=200_000))
    assert bounded is not None
    assert bounded.width * bounded.height <= 200_000
    assert shrunk(photo, Sight(SIGHT.rules, high_resolution=True)) is None


def test_picture_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = shrunk(saved(noise(2400, 1600), exif=exif))
    assert picture is not None
    assert picture.height > picture.width
    assert picture.getexif().get(0x0112, 1) == 1


def test_lossless_pictures_stay_lossless_and_keep_their_transparency() -> None:
    picture = shrunk(saved(noise(2000, 1600, "RGBA"), "PNG"))
    assert picture is not None
    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    palette = noise(2400, 1800).convert("P")
    small = shrunk(saved(palette, "BMP"))
    assert small is None or small.mode == "RGB"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff" + bytes(300_000),
        b"GIF89a" + bytes(300_000),
        saved(Image.new("RGB", (4000, 3000))),
        saved(noise(600, 400), "PNG"),
    ],
    ids=["broken", "animated", "few bytes", "few pixels"],
)
def test_what_gains_nothing_travels_as_it_is(data: bytes) -> None:
    assert shrunk(data) is None


def test_series_of_pictures_is_left_whole(tmp_path: Path) -> None:
    pages = [noise(1200, 1200) for _ in range(2)]
    pages[0].save(tmp_path / "pages.tiff", save_all=True, append_images=pages[1:])
    size_bytes = (tmp_path / "pages.tiff").stat().st_size
    assert shrink_file(tmp_path / "pages.tiff", size_bytes=size_bytes, sight=SIGHT) is None


def test_pillow_picture_is_shrunk_before_it_is_written(serve: Callable[..., str]) -> None:
    with Client(base_url=serve(Step(text="Hi"))) as client:
        answer = client.analyze(noise(2400, 1800), model=MODEL, receipt=True)
    assert answer.receipt[0].original_size == (1856, 1376)
