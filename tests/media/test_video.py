"""Video files through the door: facts, sampling, exact frames, refusals."""

import asyncio
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import (
    AbilityError,
    FpsError,
    MediaFormatError,
    PixelLimitError,
    TooManyVideosError,
    VideoError,
    VideoTooLongError,
    VideoTooShortError,
)
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.media.items import Frame, Size, Video
from qwen_vision.protocol.parts import ImagePart, VideoPart, VideoUrl
from tests.media.clips import CODECS, Film, turned
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"


async def opened(
    opening: Opening, data: bytes, *, fps: float | None = None, max_pixels: int | None = None
) -> Video:
    """The video in `data`."""
    part = VideoPart(video_url=data_uri(data, "video/mp4"), fps=fps, max_pixels=max_pixels)
    return await opening.video(part, param=PARAM)


async def frames_of(video: Video) -> list[Frame]:
    """All its sampled frames."""
    return [frame async for frame in video.frames()]


def grey(frame: Frame) -> int:
    """The shade in the middle of a frame."""
    pixel = frame.pixels.getpixel((frame.pixels.width // 2, frame.pixels.height // 2))
    assert isinstance(pixel, tuple)
    return int(pixel[1])


@pytest.mark.parametrize("container", CODECS)
async def test_every_container_is_taken_and_counted(wire: Opening, container: str) -> None:
    film = Film(container=container)
    video = await opened(wire, film.make())
    assert video.original == Size(128, 96)
    assert (video.source_frames, round(video.source_fps, 2)) == (75, 25.0)
    assert video.duration_s == pytest.approx(3.0, abs=0.05)
    assert len(video.frame_times_s) == 6


@pytest.mark.parametrize("container", CODECS)
async def test_the_frame_shown_at_each_time_is_the_one_given(wire: Opening, container: str) -> None:
    film = Film(container=container)
    video = await opened(wire, film.make())
    frames = await frames_of(video)
    assert [frame.time_s for frame in frames] == list(video.frame_times_s)
    assert [frame.index for frame in frames] == list(range(6))
    for frame in frames:
        expected = film.shade(round(frame.time_s * 25))
        assert abs(grey(frame) - expected) <= 6
        assert frame.pixels.size == (video.final.width_px, video.final.height_px)
        assert frame.pixels.mode == "RGB"


async def test_tokens_follow_the_frames_and_their_size(wire: Opening) -> None:
    video = await opened(wire, Film().make())
    assert video.final == Size(320, 224)
    assert video.tokens == 3 * (320 // 32) * (224 // 32) + 2


async def test_fps_sets_the_number_of_frames(wire: Opening) -> None:
    film = Film().make()
    assert len((await opened(wire, film, fps=10)).frame_times_s) == 30
    assert len((await opened(wire, film, fps=0.1)).frame_times_s) == 4
    inside = VideoPart(video_url=VideoUrl(url=data_uri(film), fps=5))
    assert len((await wire.video(inside, param=PARAM)).frame_times_s) == 15


@pytest.mark.parametrize("fps", [0.0, 0.09, 10.1, -1.0, float("nan")])
async def test_fps_out_of_range_is_refused(wire: Opening, fps: float) -> None:
    with pytest.raises(FpsError, match=r"Range of fps should be \[0.1, 10\]") as caught:
        await opened(wire, b"never looked at", fps=fps)
    assert caught.value.param == f"{PARAM}.fps"


async def test_frame_pixels_out_of_range_are_refused(wire: Opening) -> None:
    with pytest.raises(PixelLimitError, match=r"\[4096, 2048000\], got 2048001"):
        await opened(wire, b"never looked at", max_pixels=2_048_001)


async def test_variable_frame_rates_are_sampled_by_time(wire: Opening) -> None:
    times = [*range(0, 1000, 40), *range(1000, 6000, 500)]
    film = Film(container="matroska", frames=len(times), times_ms=times)
    video = await opened(wire, film.make())
    assert video.source_frames == 35
    assert video.duration_s == pytest.approx(6.0, abs=0.6)
    frames = await frames_of(video)
    for frame in frames:
        assert round(frame.time_s * 1000) in times
        assert abs(grey(frame) - film.shade(times.index(round(frame.time_s * 1000)))) <= 6
    assert all(one.time_s < two.time_s for one, two in pairwise(frames))


async def test_a_late_start_does_not_shift_the_times(wire: Opening) -> None:
    times = range(10_000, 13_000, 40)
    video = await opened(wire, Film(container="matroska", times_ms=times).make())
    assert video.duration_s == pytest.approx(3.0, abs=0.05)
    assert video.frame_times_s[0] == 0
    assert video.frame_times_s[-1] == pytest.approx(2.96, abs=0.01)


@pytest.mark.parametrize(
    ("container", "options"),
    [("matroska", {"live": "1"}), ("flv", {"flvflags": "no_duration_filesize"})],
)
async def test_a_missing_duration_is_counted(
    wire: Opening, container: str, options: dict[str, str]
) -> None:
    video = await opened(wire, Film(container=container, options=options).make())
    assert video.source_frames == 75
    assert video.duration_s == pytest.approx(3.0, abs=0.05)


async def test_the_picture_counts_and_not_the_sound(wire: Opening) -> None:
    video = await opened(wire, Film(sound=True).make())
    assert video.duration_s == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska", "avi"])
async def test_pixels_that_are_not_square_are_shown_in_their_proportions(
    wire: Opening, container: str
) -> None:
    film = Film(container=container, width=96, height=96, pixel_shape=Fraction(4, 3))
    video = await opened(wire, film.make())
    assert (video.original, video.stored) == (Size(128, 96), Size(96, 96))
    assert video.final.width_px > video.final.height_px
    first = (await frames_of(video))[0].pixels
    assert first.size == (video.final.width_px, video.final.height_px)
    note = "The pixels of the file are not square: 96 x 96 are stored, 128 x 96 are shown."
    assert video.receipt().note == note


async def test_pixels_that_are_not_square_keep_their_proportions_when_turned(
    wire: Opening,
) -> None:
    film = Film(width=96, height=96, pixel_shape=Fraction(4, 3))
    video = await opened(wire, turned(film.make()))
    assert (video.original, video.stored) == (Size(96, 128), Size(96, 96))
    assert (await frames_of(video))[0].pixels.height == video.final.height_px


async def test_an_impossible_shape_of_pixels_is_not_believed(wire: Opening) -> None:
    video = await opened(wire, Film(pixel_shape=Fraction(1, 60)).make())
    assert (video.original, video.stored) == (Size(128, 96), Size(128, 96))


async def test_a_turned_video_is_upright(wire: Opening) -> None:
    video = await opened(wire, turned(Film().make()))
    assert video.original == Size(96, 128)
    [first, *_] = await frames_of(video)
    assert first.pixels.size == (video.final.width_px, video.final.height_px)
    corner = first.pixels.getpixel((first.pixels.width - 6, 6))
    assert isinstance(corner, tuple)
    assert corner[0] > 150 > corner[1]


async def test_a_clip_under_two_seconds_is_too_short_over_the_wire(
    wire: Opening, local: Opening
) -> None:
    film = Film(frames=25).make()
    with pytest.raises(VideoTooShortError, match=r"too short. It lasts 1.00 s"):
        await opened(wire, film)
    assert len(await frames_of(await opened(local, film))) == 4


async def test_a_clip_over_the_limit_of_the_model_is_too_long(door: MediaDoor) -> None:
    film = Film(container="matroska", frames=4, times_ms=[0, 1000, 2000, 601_000]).make()
    async with door.opening(Rules(model=find_model("qvq-max"))) as opening:
        with pytest.raises(VideoTooLongError, match=r"The video file is too long\."):
            await opened(opening, film)


async def test_a_model_without_video_says_so(door: MediaDoor) -> None:
    async with door.opening(Rules(model=find_model("qwen-vl-ocr"))) as opening:
        with pytest.raises(AbilityError, match="takes no videos"):
            await opened(opening, Film().make())


async def test_a_file_cut_short_gives_what_arrived(wire: Opening) -> None:
    film = Film(container="matroska", frames=250)
    whole = film.make()
    video = await opened(wire, whole[: len(whole) * 2 // 3])
    assert 60 < video.source_frames < 250
    assert len(await frames_of(video)) == len(video.frame_times_s)


async def test_frames_missing_from_a_cut_file_are_filled_up(wire: Opening, tmp_path: Path) -> None:
    film = Film(frames=250, options={"movflags": "faststart"})
    film.write(str(tmp_path / "film.mp4"))
    whole = (tmp_path / "film.mp4").read_bytes()
    video = await opened(wire, whole[: len(whole) * 3 // 4])
    frames = await frames_of(video)
    assert len(frames) == len(video.frame_times_s)
    assert abs(grey(frames[0]) - film.shade(0)) <= 6


async def test_broken_bytes_in_the_middle_are_passed_over(wire: Opening) -> None:
    whole = bytearray(Film(container="matroska", frames=250, width=320, height=240).make())
    middle = len(whole) // 2
    whole[middle : middle + 200] = b"\xff" * 200
    video = await opened(wire, bytes(whole))
    assert len(await frames_of(video)) == len(video.frame_times_s)


async def test_sound_alone_is_no_video(wire: Opening) -> None:
    with pytest.raises(VideoError):
        await opened(wire, Film(sound=True, frames=0).make())


async def test_two_copies_of_a_file_share_a_hash(wire: Opening) -> None:
    one, two = Film().make(), Film(frames=80).make()
    first = (await opened(wire, one)).content_hash
    assert (await opened(wire, one)).content_hash == first
    assert (await opened(wire, two)).content_hash != first


@pytest.mark.parametrize(
    "data",
    [b"", b"only words", b"\x00\x00\x00\x20ftypisom" + bytes(64), Film().make()[:600]],
    ids=["empty", "words", "header", "no index"],
)
async def test_what_is_no_video_is_refused(wire: Opening, data: bytes) -> None:
    with pytest.raises(VideoError, match=r"Invalid video file\."):
        await opened(wire, data)


@pytest.mark.parametrize(
    "playlist",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["hls", "concat", "sdp"],
)
async def test_playlists_are_never_followed(wire: Opening, playlist: bytes) -> None:
    with pytest.raises(VideoError):
        await opened(wire, playlist)


async def test_pictures_and_videos_do_not_change_places(wire: Opening) -> None:
    with pytest.raises(VideoError):
        await opened(wire, encoded(corners(), "png"))
    with pytest.raises(MediaFormatError):
        await wire.image(ImagePart(image_url=data_uri(Film().make())), param=PARAM)


async def test_leaving_in_the_middle_ends_the_decoding(wire: Opening) -> None:
    video = await opened(wire, Film(frames=250).make())

    async def watch() -> None:
        async for _ in video.frames():
            await asyncio.sleep(0)

    for _ in range(5):
        task = asyncio.create_task(watch())
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(await frames_of(video)) == 20


async def test_the_65th_video_is_refused(wire: Opening) -> None:
    film = Film(frames=50, width=32, height=32).make()
    for _ in range(64):
        await opened(wire, film)
    with pytest.raises(TooManyVideosError, match="65 videos; at most 64"):
        await opened(wire, film)


async def test_the_receipt_lists_the_frames(wire: Opening) -> None:
    video = await opened(wire, Film().make())
    await frames_of(video)
    receipt = video.receipt()
    assert (receipt.kind, receipt.source, receipt.format) == ("video", "data", "mp4")
    assert (receipt.frames, receipt.duration_s) == (6, 3.0)
    assert receipt.frame_times_s == [0.0, 0.6, 1.2, 1.76, 2.36, 2.96]
    assert isinstance(receipt.stages_ms, dict)
    assert set(receipt.stages_ms) == {"load", "header", "decode"}
