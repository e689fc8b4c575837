"""Pictures made as small as the model sees them: the size, the turn, and what is left alone."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.client import Client
from qwen_vision.client.shrink import Sight, shrink_file
from qwen_vision.engines.scripted.script import Step
from qwen_vision.errors import MediaError
from qwen_vision.protocol.receipt import MediaReceipt

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


def as_frames(client: Client, frames: list[bytes], **options: Any) -> MediaReceipt:  # noqa: ANN401 - options of a call
    """What the server says of a frame list."""
    return client.analyze(frames, model=MODEL, frames=True, receipt=True, **options).receipt[0]


@pytest.mark.parametrize("count", [4, 7])
@pytest.mark.parametrize("size", [(2400, 1800), (1333, 999)])
def test_frame_list_gets_exactly_the_size_the_server_would_make(
    serve: Callable[..., str], size: tuple[int, int], count: int
) -> None:
    frame = saved(noise(*size))
    with Client(base_url=serve(Step(text="Hi"))) as client:
        as_it_is = as_frames(client, [frame] * count, shrink=False)
        smaller = as_frames(client, [frame] * count)
        bounded = as_frames(client, [frame] * count, max_pixels=100_000)
    assert as_it_is.original_size == size
    assert smaller.original_size == smaller.final_size == as_it_is.final_size
    assert smaller.tokens == as_it_is.tokens
    assert bounded.original_size == bounded.final_size
    assert bounded.tokens != smaller.tokens


def test_frames_of_a_command_or_a_request_are_shrunk_too(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(saved(noise(2400, 1800)))
    files = [str(tmp_path / f"{number}.jpg") for number in range(4)]
    message = {"role": "user", "content": [{"type": "video", "video": files}]}
    with Client(base_url=serve(Step(text="Hi")), local_files=True) as client:
        answer = client.chat([message], model=MODEL, receipt=True)
        plain = client.chat([message], model=MODEL, receipt=True, shrink=False)
    assert answer.receipt[0].original_size == plain.receipt[0].final_size
    assert plain.receipt[0].original_size == (2400, 1800)


def test_frames_of_several_sizes_travel_as_they_are(serve: Callable[..., str]) -> None:
    frames = [saved(noise(2400, 1800))] * 3 + [saved(noise(2400, 1700))]
    with Client(base_url=serve(Step(text="Hi"))) as client:
        assert as_frames(client, frames).original_size == (2400, 1800)
        turned = [frames[0]] * 3 + [b"\xff\xd8\xff but no picture" * 10_000]
        with pytest.raises(MediaError):
            as_frames(client, turned)


def test_frames_heavy_in_bytes_but_small_in_pixels_travel_as_they_are(
    serve: Callable[..., str],
) -> None:
    frame = io.BytesIO()
    noise(400, 300).save(frame, "BMP")
    with Client(base_url=serve(Step(text="Hi"))) as client:
        assert as_frames(client, [frame.getvalue()] * 4).original_size == (400, 300)
