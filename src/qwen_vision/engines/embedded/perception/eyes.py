"""Eyes: the door to perception. Heavy packages load at first use, facts are kept."""

import asyncio
import importlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from qwen_vision.engines.embedded.facts import (
    Barcode,
    Box,
    ColorShare,
    Difference,
    ObjectSeen,
    PictureFacts,
    Reading,
    Rounds,
    SceneSeen,
    VideoFacts,
)
from qwen_vision.engines.embedded.heap import Heap
from qwen_vision.engines.embedded.perception.wish import Wish
from qwen_vision.media.items import Frame, Image, Pixels, Size, Video

if TYPE_CHECKING:
    from qwen_vision.engines.embedded.perception.rooms import Rooms
    from qwen_vision.engines.embedded.perception.watch import Watcher

Fact = TypeVar("Fact")
Look = Callable[["Rooms", Pixels, Size], Fact]

# Two requests at once use both cores of a small machine; more would only share them.
_WORKERS = 2
_KEPT_FACTS = 256
_READ_MAX_PX = 12_000_000
_LOOK_MAX_PX = 1_000_000
_WATCH_MAX_PX = 1_000_000


def _load_rooms(threads: int | None) -> "Rooms":
    # onnxruntime and OpenCV take 60 MB and .3 s: a server pays when the first picture comes.
    module = importlib.import_module("qwen_vision.engines.embedded.perception.rooms")
    return cast("Rooms", module.Rooms(threads=threads))


def _show(watcher: "Watcher", frame: Frame, rooms: "Rooms") -> None:
    rooms.take(watcher, frame)


class _Finding:
    """A fact that is being found, for as long as somebody waits for it."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task = task
        self._waiting = 0

    async def wait(self) -> None:
        """Wait for its end, good or bad. When the last who waits is cancelled, so is the work."""
        self._waiting += 1
        try:
            await asyncio.wait({self.task})
        finally:
            self._waiting -= 1
            if not self._waiting:
                # No effect on a task that has ended.
                self.task.cancel()

    @property
    def is_found(self) -> bool:
        """Whether the fact is there."""
        return self.task.done() and not self.task.cancelled() and self.task.exception() is None


class Eyes:
    """Perceives pictures and videos for one engine. Call `aclose` when done with it.

    One look takes at most `threads` of the cores; None: as many as there are, up to four.

    All coordinates are pixels of the upright original. Every method raises MediaError when
    the pixels can not be decoded. What was seen is kept by content hash, so a follow-up
    question costs nothing: `hits` and `misses` count how often.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self.hits = 0
        self.misses = 0
        self._threads = threads
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="eyes")
        self._rooms: Rooms | None = None
        self._loading = Lock()
        self._heap = Heap()
        self._facts: OrderedDict[tuple[str, str], object] = OrderedDict()
        self._running: dict[tuple[str, str], _Finding] = {}

    async def read(self, image: Image) -> Reading:
        """All text in reading order, with tables, rotation and notes."""
        return await self._see("read", image, lambda rooms, *view: rooms.reading(*view))

    async def codes(self, image: Image) -> tuple[Barcode, ...]:
        """All barcodes, from top to bottom."""
        return await self._see("codes", image, lambda rooms, *view: rooms.codes(*view))

    async def picture(self, image: Image) -> PictureFacts:
        """Size, colours, brightness, contrast, sharpness, and whether it is blank or grey."""
        return await self._see("picture", image, lambda rooms, *view: rooms.picture(*view))

    async def thing_colors(self, image: Image, box: Box) -> tuple[ColorShare, ...]:
        """The colours of the thing in a box; empty where it can not be told from the ground."""
        sense = f"colours of {box.left} {box.top} {box.right} {box.bottom}"
        return await self._see(sense, image, lambda rooms, *view: rooms.thing_colors(*view, box))

    async def objects(self, image: Image) -> tuple[ObjectSeen, ...] | None:
        """Objects that are surely there; None when the extra `objects` is not installed."""
        return await self._see("objects", image, lambda rooms, *view: rooms.objects(*view))

    async def scene(self, image: Image) -> SceneSeen | None:
        """What the picture shows as a whole; None when unsure or no model is installed."""
        return await self._see("scene", image, lambda rooms, *view: rooms.scene(*view))

    async def parts(self, image: Image) -> tuple[SceneSeen, ...]:
        """What parts of the picture surely look like; empty when no model is installed."""
        return await self._see("parts", image, lambda rooms, *view: rooms.parts(*view))

    async def rounds(self, image: Image) -> Rounds | None:
        """Separate round shapes on an even ground; None when there are none."""
        return await self._see("rounds", image, lambda rooms, *view: rooms.rounds(*view))

    async def differ(self, first: Image, second: Image) -> Difference:
        """How alike two pictures are, and where the second differs from the first."""

        async def fresh() -> Difference:
            views = [
                (await image.pixels(max_px=_LOOK_MAX_PX), image.original)
                for image in (first, second)
            ]
            return await self._in_thread(lambda rooms: rooms.difference(views[0], views[1]))

        both = f"{first.content_hash} {second.content_hash}"
        return await self._once(("differ", both), fresh)

    async def watch(self, video: Video, *, read_text: bool) -> VideoFacts:
        """Shots, motion, text over time and objects over time, from the sampled frames."""

        async def fresh() -> VideoFacts:
            watcher = await self._in_thread(
                lambda rooms: rooms.watcher(
                    video.original, duration_s=video.duration_s, read_text=read_text
                )
            )
            async for frame in video.frames(max_px=_WATCH_MAX_PX):
                await self._in_thread(partial(_show, watcher, frame))
            return await self._in_thread(lambda _: watcher.facts())

        sense = "watch and read" if read_text else "watch"
        sampled = f"{video.content_hash} {video.frame_times_s}"
        return await self._once((sense, sampled), fresh)

    async def aclose(self) -> None:
        """End what runs and free the threads. Safe to call twice."""
        for finding in self._running.values():
            finding.task.cancel()
        self._facts.clear()
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    async def _see(self, sense: str, image: Image, look: Look[Fact]) -> Fact:
        max_px = _READ_MAX_PX if sense in {"read", "codes"} else _LOOK_MAX_PX

        async def fresh() -> Fact:
            pixels = await image.pixels(max_px=max_px)
            return await self._in_thread(lambda rooms: look(rooms, pixels, image.original))

        return await self._once((sense, image.content_hash), fresh)

    async def _in_thread(self, work: Callable[["Rooms"], Fact]) -> Fact:
        wish = Wish()

        def run() -> Fact:
            with self._loading:
                rooms = self._rooms
                if rooms is None:
                    rooms = self._rooms = _load_rooms(self._threads)
            try:
                with wish.served():
                    return work(rooms)
            finally:
                self._heap.give_back()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, run)
        finally:
            # A thread can not be cancelled: it is told.
            wish.end()

    async def _once(
        self, key: tuple[str, str], fresh: Callable[[], Coroutine[None, None, Fact]]
    ) -> Fact:
        """The fact under `key`: kept, being found by another request, or found now."""
        if key in self._facts:
            self.hits += 1
            self._facts.move_to_end(key)
            return cast("Fact", self._facts[key])
        other = self._running.get(key)
        if other is not None:
            await other.wait()
            if other.is_found:
                self.hits += 1
                return cast("Fact", other.task.result())
            # The picture of the request that began may have been closed under it: use ours.
        self.misses += 1
        task = asyncio.create_task(fresh())
        finding = self._running[key] = _Finding(cast("asyncio.Task[object]", task))
        task.add_done_callback(lambda _: self._keep(key, finding))
        await finding.wait()
        return task.result()

    def _keep(self, key: tuple[str, str], finding: _Finding) -> None:
        if self._running.get(key) is finding:
            del self._running[key]
        if not finding.is_found:
            return
        self._facts[key] = finding.task.result()
        while len(self._facts) > _KEPT_FACTS:
            self._facts.popitem(last=False)
