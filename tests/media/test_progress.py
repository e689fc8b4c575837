"""How far a video is decoded is told to who opened the door, and to nobody else."""

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.media.door import MediaDoor, Rules
from qwen_vision.media.progress import Watched
from qwen_vision.protocol.parts import FramesPart, VideoPart
from qwen_vision.settings import MediaSettings
from tests.media.clips import Film
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"


async def test_every_frame_of_a_video_is_told_with_its_time() -> None:
    heard: list[Watched] = []

    def hear(watched: Watched) -> None:
        heard.append(watched)

    door = MediaDoor(MediaSettings(), progress=hear)
    async with door.opening(Rules(model=find_model("qwen3-vl-plus"))) as opening:
        part = VideoPart(video_url=data_uri(Film().make(), "video/mp4"))
        video = await opening.video(part, param=PARAM)
        assert heard == []
        async for frame in video.frames():
            assert heard[-1].frames == frame.index + 1
    await door.aclose()
    assert [watched.frames for watched in heard] == list(range(7))
    assert {(watched.param, watched.total_frames) for watched in heard} == {(PARAM, 6)}
    assert [watched.time_s for watched in heard[1:]] == list(video.frame_times_s)
    assert heard[0].time_s == 0.0
    assert heard[0].duration_s == video.duration_s


async def test_pictures_of_a_frame_list_are_told_too() -> None:
    heard: list[int] = []
    settings = MediaSettings()
    door = MediaDoor(settings, progress=lambda watched: heard.append(watched.frames))
    async with door.opening(Rules(model=find_model("qwen3-vl-plus"))) as opening:
        urls = [data_uri(encoded(corners(), "png"))] * 4
        video = await opening.frames(FramesPart(video=urls), param=PARAM)
        async for _ in video.frames():
            pass
    await door.aclose()
    assert heard == [0, 1, 2, 3, 4]
