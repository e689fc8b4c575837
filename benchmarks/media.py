"""The media door beside bare Pillow and bare PyAV, and what a large data URI costs."""

import asyncio
import base64
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import ROUNDS, paired
from benchmarks.table import Row

CLIP_SECONDS = 60
FPS = 2
CLIP_SIZE = (1920, 1080)
PICTURE_SIZE = (4000, 3000)
SEEN = (1152, 864)
FIVE_MB = 5_000_000
# Says how much the memory of a process grew at most while it looked at the clip, in MB. The
# peak is that of the program alone; getrusage would count what its parent held at the fork.
MEMORY = """
import sys
from pathlib import Path
import av
from benchmarks.media import {name} as look
from qwen_vision.media import clip, door
def held(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024
before = held("VmRSS")
look(sys.argv[1])
print(held("VmHWM") - before)
"""


def cpu_ms(action: Callable[[], object]) -> float:
    """CPU milliseconds of this process, all threads."""
    began = time.process_time()
    action()
    return (time.process_time() - began) * 1000


def photo() -> bytes:
    """A picture of 12 megapixels with some texture."""
    from PIL import Image

    small = Image.effect_mandelbrot((500, 375), (-2, -1.5, 1, 1.5), 100)
    noise = Image.effect_noise(PICTURE_SIZE, 40)
    large = small.resize(PICTURE_SIZE, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    Image.merge("RGB", (large, noise, Image.blend(large, noise, 0.5))).save(file, "JPEG")
    return file.getvalue()


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


def see(path: str) -> None:
    """Ours: a picture file to the size a model sees."""
    from qwen_vision.catalogue.catalogue import find_model
    from qwen_vision.media.door import MediaDoor, Rules
    from qwen_vision.protocol.parts import ImagePart
    from qwen_vision.settings import MediaSettings

    async def run() -> None:
        door = MediaDoor(MediaSettings())
        rules = Rules(model=find_model("qwen-vl-max"), local_files=True)
        async with door.opening(rules) as opening:
            part = ImagePart(image_url=path, max_pixels=SEEN[0] * SEEN[1])
            [image] = await opening.image(part, param="picture")
            assert (await image.pixels()).size == SEEN
        await door.aclose()

    asyncio.run(run())


def see_bare(path: str) -> None:
    """The peer: the same with Pillow alone."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.draft("RGB", SEEN)
        picture.resize(SEEN, Image.Resampling.BICUBIC)


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
        picture = Path(folder) / "photo.jpg"
        picture.write_bytes(photo())
        cost = paired(
            lambda: cpu_ms(lambda: see(str(picture))),
            lambda: cpu_ms(lambda: see_bare(str(picture))),
        )
        note = "peer: Pillow with draft(); 12 MP JPEG"
        yield Row("picture to model size, CPU", cost.ours, "ms", cost.peer, 1.2, note)
        yield data_uri_row()
        clip = str(Path(folder) / "clip.mp4")
        film(clip)
        cost = paired(lambda: cpu_ms(lambda: watch(clip)), lambda: cpu_ms(lambda: watch_bare(clip)))
        note = "peer: PyAV, one pass, scaled in the decoder; 60 s of 1080p at 2 fps"
        yield Row("video sampling, CPU", cost.ours, "ms", cost.peer, 1.1, note)
        grown = growth_mb("watch", clip)
        bare = f"peer grows by {growth_mb('watch_bare', clip):.0f} MB"
        yield Row("video sampling, memory", grown, "MB", None, 100, bare)


def data_uri_row() -> Row:
    """A 5 MB data URI from text to a checked header."""
    from qwen_vision.catalogue.catalogue import find_model
    from qwen_vision.media.door import MediaDoor, Rules
    from qwen_vision.protocol.parts import ImagePart
    from qwen_vision.settings import MediaSettings

    data = photo().ljust(FIVE_MB, b"\0")[:FIVE_MB]
    url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"

    async def run() -> float:
        door = MediaDoor(MediaSettings())
        costs = []
        for _ in range(ROUNDS * 4):
            began = time.process_time()
            async with door.opening(Rules(model=find_model("qwen3.6-plus"))) as opening:
                await opening.image(ImagePart(image_url=url), param="picture")
            costs.append((time.process_time() - began) * 1000)
        await door.aclose()
        return sorted(costs)[len(costs) // 2]

    return Row("5 MB data URI to header, CPU", asyncio.run(run()), "ms", None, 3)
