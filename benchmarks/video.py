"""Frames of a clip through the media door, beside one bare pass of PyAV."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import own_cpu_ms, paired
from benchmarks.table import Row

TITLE = "Videos"
CLIP_SECONDS = 60
FPS = 2
CLIP_SIZE = (1920, 1080)
# Says how much the memory of a process grew at most while it looked at the clip, in MB. The
# peak is that of the program alone; getrusage would count what its parent held at the fork.
MEMORY = """
import sys
from pathlib import Path
import av
from benchmarks.video import {name} as look
from qwen_vision.media import clip, door
def held(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024
before = held("VmRSS")
look(sys.argv[1])
print(held("VmHWM") - before)
"""


def film(path: str) -> None:
    """A minute of moving test pattern, H.264 with sound-less MP4 around it."""
    import av
    import av.filter

    width, height = CLIP_SIZE
    graph = av.filter.Graph()
    source = graph.add("testsrc2", f"size={width}x{height}:rate=30:duration={CLIP_SECONDS}")
    shape = graph.add("format", "yuv420p")
    sink = graph.add("buffersink")
    source.link_to(shape)
    shape.link_to(sink)
    graph.configure()
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "30"}
        for _ in range(CLIP_SECONDS * 30):
            container.mux(stream.encode(graph.pull()))
        container.mux(stream.encode(None))


def watch(path: str) -> None:
    """Ours: every sampled frame of a clip."""
    from qwen_vision.catalogue.catalogue import find_model
    from qwen_vision.media.door import MediaDoor, Rules
    from qwen_vision.protocol.parts import VideoPart
    from qwen_vision.settings import MediaSettings

    async def run() -> None:
        door = MediaDoor(MediaSettings())
        rules = Rules(model=find_model("qwen3-vl-plus"), local_files=True)
        async with door.opening(rules) as opening:
            part = VideoPart(video_url=path, fps=FPS, max_pixels=640 * 352)
            video = await opening.video(part, param="clip")
            count = 0
            async for frame in video.frames():
                count += frame.pixels.width > 0
            assert count == CLIP_SECONDS * FPS
        await door.aclose()

    asyncio.run(run())


def watch_bare(path: str) -> None:
    """The peer: one sequential pass of PyAV, the wanted frames scaled by its decoder."""
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(stream)):
            if number % 15 == 0:
                frame.to_image(width=608, height=352)


def growth_mb(name: str, path: str) -> float:
    """How much memory grows in a fresh process that watches the clip."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", MEMORY.format(name=name), path],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def rows() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        clip = str(Path(folder) / "clip.mp4")
        film(clip)
        cost = paired(
            lambda: own_cpu_ms(lambda: watch(clip)), lambda: own_cpu_ms(lambda: watch_bare(clip))
        )
        note = "peer: PyAV, one pass, scaled in the decoder; 60 s of 1080p at 2 fps"
        yield Row("video sampling, CPU", cost.ours, "ms", cost.peer, 1.1, note)
        grown = growth_mb("watch", clip)
        bare = f"peer grows by {growth_mb('watch_bare', clip):.0f} MB"
        yield Row("video sampling, memory", grown, "MB", None, 100, bare)
