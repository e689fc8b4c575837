"""The media door beside bare Pillow, and what a large data URI costs."""

import asyncio
import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import ROUNDS, own_cpu_ms, paired
from benchmarks.table import Row

TITLE = "Pictures"
PICTURE_SIZE = (4000, 3000)
SEEN = (1152, 864)
FIVE_MB = 5_000_000


def photo() -> bytes:
    """A picture of 12 megapixels with some texture."""
    from PIL import Image

    small = Image.effect_mandelbrot((500, 375), (-2, -1.5, 1, 1.5), 100)
    noise = Image.effect_noise(PICTURE_SIZE, 40)
    large = small.resize(PICTURE_SIZE, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    Image.merge("RGB", (large, noise, Image.blend(large, noise, 0.5))).save(file, "JPEG")
    return file.getvalue()


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


def rows() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "photo.jpg"
        picture.write_bytes(photo())
        cost = paired(
            lambda: own_cpu_ms(lambda: see(str(picture))),
            lambda: own_cpu_ms(lambda: see_bare(str(picture))),
        )
        note = "peer: Pillow with draft(); 12 MP JPEG"
        yield Row("picture to model size, CPU", cost.ours, "ms", cost.peer, 1.2, note)
        yield data_uri_row()


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
