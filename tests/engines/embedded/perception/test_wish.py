"""What nobody waits for any longer ends early, and is begun anew for who asks again."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PillowImage
from typing_extensions import override

from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.engines.embedded.perception.weights import Network, package_file
from qwen_vision.engines.embedded.perception.wish import NobodyWaitsError, Wish, step
from qwen_vision.media.items import Frame, Pixels
from tests.engines.embedded.conftest import Drawn, Film

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


def _served(wish: Wish, work: Callable[[], object]) -> object:
    with wish.served():
        return work()


def test_a_step_is_stopped_and_no_other_begins_when_nobody_waits() -> None:
    begun, stopped = threading.Event(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        with step(stopped.set):
            begun.set()
            stopped.wait()
        ended.append("first")
        with step():
            ended.append("second")

    wish = Wish()
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(_served, wish, work)
        begun.wait()
        wish.end()
        with pytest.raises(NobodyWaitsError):
            working.result()
        # The thread's next work is for nobody in particular.
        threads.submit(work).result()
    assert ended == ["first", "first", "second"]


def test_a_network_is_stopped_amid_its_run_and_can_be_run_again() -> None:
    weights = package_file("rapidocr", "models/PP-OCRv6_det_small.onnx", extra="embedded")
    network = Network(weights, threads=1)
    large, small = (np.zeros((1, 3, side, side), np.float32) for side in (1600, 64))
    wish = Wish()
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(_served, wish, lambda: network.run(large))
        time.sleep(0.2)
        wish.end()
        with pytest.raises(Exception, match=r"terminate flag|^$"):
            working.result()
    assert network.run(small).shape == (1, 1, 64, 64)


class Page(Drawn):
    """A picture that says when it is looked at."""

    def __init__(self, pixels: Pixels) -> None:
        super().__init__(pixels)
        self.looked_at = asyncio.Event()

    @override
    async def pixels(self, *, max_px: int | None = None) -> Pixels:
        self.looked_at.set()
        return await super().pixels(max_px=max_px)


async def test_a_page_its_reader_has_left_is_read_no_further(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    image = Page(sketch(200, 100).write("Again", (20, 30)).pixels)
    leaving = asyncio.create_task(eyes.read(image))
    await image.looked_at.wait()
    leaving.cancel()
    await asyncio.wait({leaving})
    assert (await eyes.read(image)).text == "Again"
    # Had it been read to its end, it would not have been looked at again.
    assert (image.looks, eyes.misses, eyes.hits) == (2, 2, 0)


class Reel(Film):
    """A film that counts the frames it gave."""

    def __init__(self, frames: Sequence[Pixels]) -> None:
        super().__init__(frames)
        self.given = 0
        self.shown = asyncio.Event()

    @override
    async def frames(self, *, max_px: int | None = None) -> AsyncIterator[Frame]:
        async for frame in super().frames(max_px=max_px):
            self.given += 1
            if self.given == 3:
                self.shown.set()
            yield frame


async def test_a_video_its_watcher_has_left_is_watched_no_further(eyes: Eyes) -> None:
    reel = Reel([PillowImage.new("RGB", (64, 64), (level, 0, 0)) for level in range(200)])
    leaving = asyncio.create_task(eyes.watch(reel, read_text=False))
    await reel.shown.wait()
    leaving.cancel()
    await asyncio.wait({leaving})
    await eyes.aclose()
    assert 3 <= reel.given < 200
