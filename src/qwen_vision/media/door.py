"""MediaDoor: opens the media parts of a request."""

import asyncio
import time
from functools import cached_property, partial

from qwen_vision.errors import TooManyDataUrisError, TooManyImagesError, TooManyVideosError
from qwen_vision.media.blob import Blob, MediaKind
from qwen_vision.media.budget import ProcessBudget, RequestBudget
from qwen_vision.media.build import Builder, has_cheap_header, is_pdf
from qwen_vision.media.datauri import is_data_uri
from qwen_vision.media.document import read_pages
from qwen_vision.media.frame_list import check_length
from qwen_vision.media.image import Budgets, OpenedImage
from qwen_vision.media.items import Image, Video
from qwen_vision.media.limits import ImageLimits
from qwen_vision.media.pdfium import PAGE_THREADS
from qwen_vision.media.picture import PictureFile
from qwen_vision.media.progress import WatchProgress
from qwen_vision.media.rules import Rules
from qwen_vision.media.source import Sources
from qwen_vision.protocol.parts import FramesPart, ImagePart, VideoPart
from qwen_vision.settings import MediaSettings
from qwen_vision.telemetry.record import Work

__all__ = ["MediaDoor", "Opening", "Rules"]

MAX_IMAGES = 256
MAX_DATA_URIS = 250
MAX_VIDEOS = 64
_FRAMES_AT_ONCE = 8


class Opening:
    """The media of one request; an async context manager that gives back files and memory."""

    def __init__(
        self,
        rules: Rules,
        *,
        settings: MediaSettings,
        sources: Sources,
        process: ProcessBudget,
        progress: WatchProgress | None = None,
    ) -> None:
        """Open media by `rules`; `process` is shared with every other request."""
        self._rules = rules
        self._settings = settings
        self._sources = sources
        self._process = process
        self._progress = progress
        self._blobs: list[Blob] = []
        self._items = 0
        self._images = 0
        self._videos = 0
        self._data_uris = 0

    @property
    def resolves_uploads(self) -> bool:
        """Whether `oss://` URLs are looked up here."""
        return self._rules.uploads is not None

    async def __aenter__(self) -> "Opening":
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close, as `aclose`."""
        await self.aclose()

    async def image(self, part: ImagePart, *, param: str) -> tuple[Image, ...]:
        """One picture, or one per page of a PDF.

        Raises MediaError and its family, with `param`.
        """
        self._count_image(param=param)
        terms = self._builder.image_terms(part, param=param)
        blob, load_ms = await self._load(part.reference.url, kind="image", param=param)
        with Work("header", kind="image") as header:
            images = await self._pictures(blob, terms, pages=part.pages, param=param)
        for image in images:
            image.stages_ms.update(load=load_ms, header=header.ms)
        return images

    async def video(self, part: VideoPart, *, param: str) -> Video:
        """A video file. Raises MediaError and its family, with `param`."""
        self._count_video(param=param)
        terms = self._builder.video_terms(part, param=param)
        index = self._next_index()
        blob, load_ms = await self._load(part.reference.url, kind="video", param=param)
        with Work("header", kind="video") as header:
            make = partial(self._builder.clip, blob, terms, index=index, param=param)
            video = await asyncio.to_thread(make)
        video.stages_ms.update(load=load_ms, header=header.ms)
        return video

    async def frames(self, part: FramesPart, *, param: str) -> Video:
        """A list of frames as a video. Raises MediaError and its family, with `param`."""
        self._count_video(param=param)
        terms = self._builder.video_terms(part, param=param)
        index = self._next_index()
        check_length(len(part.video), limit=self._rules.model.max_frame_list, param=param)
        started = time.perf_counter()
        gate = asyncio.Semaphore(_FRAMES_AT_ONCE)

        async def picture(number: int, url: str) -> PictureFile:
            place = f"{param}.video[{number}]"
            async with gate:
                blob, _ = await self._load(url, kind="image", param=place)
                return await self._picture_file(blob, param=place)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(picture(*item)) for item in enumerate(part.video)]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        pictures = [task.result() for task in tasks]
        video = self._builder.frame_list(pictures, terms, index=index, param=param)
        video.stages_ms["load"] = _ms_since(started)
        return video

    # Most requests hold no media: what opens them is made for the first one.
    @cached_property
    def _budget(self) -> RequestBudget:
        return RequestBudget(self._settings.request_memory_bytes)

    @cached_property
    def _builder(self) -> Builder:
        budgets = Budgets(self._process, self._budget)
        return Builder(
            self._rules,
            max_decode_px=self._settings.max_decode_px,
            budgets=budgets,
            progress=self._progress,
        )

    async def aclose(self) -> None:
        """Close files, remove temporary ones, give the memory budget back. Safe to call twice."""
        blobs, self._blobs = self._blobs, []
        for blob in blobs:
            blob.close()
            if blob.data is not None:
                self._budget.give(blob.size_bytes)

    async def _pictures(
        self, blob: Blob, terms: ImageLimits, *, pages: str | None, param: str
    ) -> tuple[OpenedImage, ...]:
        if is_pdf(blob) if blob.data is not None else await asyncio.to_thread(is_pdf, blob):
            return await self._pages(blob, terms, pages=pages, param=param)
        file = await self._picture_file(blob, param=param)
        return (self._builder.picture(file, terms, index=self._next_index(), param=param),)

    async def _pages(
        self, blob: Blob, terms: ImageLimits, *, pages: str | None, param: str
    ) -> tuple[OpenedImage, ...]:
        most = MAX_IMAGES - self._images + 1
        read = partial(read_pages, blob, pages=pages, most=most, param=param)
        found = await asyncio.get_running_loop().run_in_executor(PAGE_THREADS, read)
        self._images += len(found.chosen) - 1
        return tuple(
            self._builder.page(page, terms, index=self._next_index(), param=param, note=found.note)
            for page in found.chosen
        )

    async def _picture_file(self, blob: Blob, *, param: str) -> PictureFile:
        if has_cheap_header(blob):
            return self._builder.picture_file(blob, param=param)
        return await asyncio.to_thread(self._builder.picture_file, blob, param=param)

    async def _load(self, url: str, *, kind: MediaKind, param: str) -> tuple[Blob, float]:
        """The bytes behind a reference, and the milliseconds that took."""
        if is_data_uri(url):
            self._data_uris += 1
            if self._data_uris > MAX_DATA_URIS:
                raise TooManyDataUrisError(param=param, limit=MAX_DATA_URIS)
        model = self._rules.model
        with Work("load", kind=kind) as load:
            blob = await self._sources.load(
                url,
                kind=kind,
                max_bytes=model.image_url_bytes if kind == "image" else model.video_bytes,
                local_files=self._rules.local_files,
                uploads=self._rules.uploads,
                param=param,
            )
            load.took(source=blob.source, size_bytes=blob.size_bytes)
        if blob.data is not None:
            self._budget.take(blob.size_bytes, param=param)
        self._blobs.append(blob)
        return blob, load.ms

    def _count_image(self, *, param: str) -> None:
        self._images += 1
        if self._images > MAX_IMAGES:
            raise TooManyImagesError(param=param, count=self._images, limit=MAX_IMAGES)

    def _count_video(self, *, param: str) -> None:
        self._videos += 1
        if self._videos > MAX_VIDEOS:
            raise TooManyVideosError(param=param, count=self._videos, limit=MAX_VIDEOS)

    def _next_index(self) -> int:
        self._items += 1
        return self._items - 1


class MediaDoor:
    """Opens media within the limits of the settings and the model."""

    def __init__(self, settings: MediaSettings, *, progress: WatchProgress | None = None) -> None:
        """Keep one door for the whole process: it holds the process's memory budget.

        `progress` hears how far videos are decoded; it is for a caller who looks on.
        """
        self._settings = settings
        self._progress = progress
        self._sources = Sources(settings)
        self._process = ProcessBudget(settings.process_memory_bytes)

    def opening(self, rules: Rules) -> Opening:
        """Start taking in the media of one request."""
        return Opening(
            rules,
            settings=self._settings,
            sources=self._sources,
            process=self._process,
            progress=self._progress,
        )

    async def aclose(self) -> None:
        """Close the connection pool."""
        await self._sources.aclose()


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
