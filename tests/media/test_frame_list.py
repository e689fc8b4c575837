"""Lists of pictures seen as videos."""

import pytest
from PIL import Image as PillowImage

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import (
    AbilityError,
    FpsError,
    FrameListError,
    ImageFormatError,
    SmallImageError,
)
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.media.items import Size
from qwen_vision.protocol.parts import FramesPart
from tests.media.files import data_uri, encoded

PARAM = "messages[0].content[0]"


def shade(grey: int, width: int = 160, height: int = 120) -> str:
    """A picture of one grey."""
    return data_uri(encoded(PillowImage.new("RGB", (width, height), (grey, grey, grey)), "png"))


async def test_a_list_is_a_video_with_a_step(wire: Opening) -> None:
    part = FramesPart(video=[shade(grey) for grey in (10, 60, 110, 160)], fps=0.5)
    video = await wire.frames(part, param=PARAM)
    assert video.frame_times_s == (0.0, 2.0, 4.0, 6.0)
    assert (video.duration_s, video.source_fps, video.source_frames) == (8.0, 0.5, 4)
    assert video.original == Size(160, 120)
    assert video.tokens == 2 * (video.final.width_px // 32) * (video.final.height_px // 32) + 2


async def test_the_frames_come_in_order(wire: Opening) -> None:
    part = FramesPart(video=[shade(grey) for grey in (10, 60, 110, 160)])
    video = await wire.frames(part, param=PARAM)
    frames = [frame async for frame in video.frames()]
    assert [frame.pixels.getpixel((5, 5)) for frame in frames] == [
        (g, g, g) for g in (10, 60, 110, 160)
    ]
    assert {frame.pixels.size for frame in frames} == {
        (video.final.width_px, video.final.height_px)
    }


async def test_fps_changes_the_times_and_not_the_count(wire: Opening) -> None:
    urls = [shade(50)] * 4
    slow = await wire.frames(FramesPart(video=urls, fps=0.1), param=PARAM)
    fast = await wire.frames(FramesPart(video=urls, fps=10), param=PARAM)
    assert slow.tokens == fast.tokens
    assert (slow.frame_times_s[-1], fast.frame_times_s[-1]) == (30.0, 0.3)


async def test_an_odd_list_shows_its_last_picture_twice(wire: Opening) -> None:
    part = FramesPart(video=[shade(grey) for grey in (10, 60, 110, 160, 210)])
    video = await wire.frames(part, param=PARAM)
    frames = [frame async for frame in video.frames()]
    assert len(frames) == len(video.frame_times_s) == 6
    assert frames[-1].pixels.getpixel((5, 5)) == (210, 210, 210)
    assert video.source_frames == 5


async def test_pictures_of_other_sizes_are_brought_to_the_first(wire: Opening) -> None:
    part = FramesPart(video=[shade(10), shade(60, 300, 200), shade(110), shade(160, 64, 64)])
    video = await wire.frames(part, param=PARAM)
    frames = [frame.pixels async for frame in video.frames()]
    width, height = video.final.width_px, video.final.height_px
    assert {frame.size for frame in frames} == {(width, height)}


async def test_a_picture_of_another_shape_is_shown_whole_between_black_bars(wire: Opening) -> None:
    half = shade(60, 80, 60)
    tall = FramesPart(video=[shade(200), half, shade(200), shade(200, 60, 120), shade(90, 300, 20)])
    video = await wire.frames(tall, param=PARAM)
    frames = [frame.pixels.convert("L") async for frame in video.frames()]
    width, height = video.final.width_px, video.final.height_px
    assert [frame.getextrema() for frame in frames[:3]] == [(200, 200), (60, 60), (200, 200)]
    assert frames[3].point(lambda grey: grey and 255).getbbox() == (
        round(width * 5 / 16), 0, width - round(width * 5 / 16), height,
    )  # fmt: skip
    assert frames[4].getpixel((width // 2, height // 2)) == 90
    assert frames[4].getpixel((width // 2, 2)) == 0
    assert frames[5].getpixel((width // 2, 2)) == 0
    assert "between black bars: 2." in str(video.receipt().note)


@pytest.mark.parametrize("count", [0, 1, 3, 513])
async def test_a_list_too_short_or_too_long_is_refused(door: MediaDoor, count: int) -> None:
    async with door.opening(Rules(model=find_model("qwen-vl-max"))) as opening:
        with pytest.raises(FrameListError, match=r"sequence images shoule be \(4, 512\)\."):
            await opening.frames(FramesPart(video=["data:,"] * count), param=PARAM)


async def test_a_bad_picture_in_a_list_is_named(wire: Opening) -> None:
    words = data_uri(b"only words")
    with pytest.raises(ImageFormatError) as caught:
        await wire.frames(FramesPart(video=[shade(1), shade(2), words, shade(4)]), param=PARAM)
    assert caught.value.param == f"{PARAM}.video[2]"
    with pytest.raises(SmallImageError):
        await wire.frames(FramesPart(video=[shade(1, 8, 8)] * 4), param=PARAM)


async def test_fps_of_a_list_has_the_same_range(wire: Opening) -> None:
    with pytest.raises(FpsError):
        await wire.frames(FramesPart(video=[shade(1)] * 4, fps=11), param=PARAM)


async def test_a_model_without_video_takes_no_list(door: MediaDoor) -> None:
    async with door.opening(Rules(model=find_model("qwen-vl-ocr"))) as opening:
        with pytest.raises((AbilityError, FrameListError)):
            await opening.frames(FramesPart(video=[shade(1)] * 4), param=PARAM)


async def test_the_hash_depends_on_the_order(wire: Opening) -> None:
    one, two = shade(10), shade(20)
    forth = await wire.frames(FramesPart(video=[one, one, two, two]), param=PARAM)
    back = await wire.frames(FramesPart(video=[two, two, one, one]), param=PARAM)
    assert forth.content_hash != back.content_hash
    assert forth.receipt().kind == "frames"
