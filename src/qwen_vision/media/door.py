"""MediaDoor: opens the media parts of a request."""

import time
from dataclasses import dataclass
from typing import Literal

from qwen_vision.errors import (
    ImageFormatError,
    MediaFormatError,
    TooManyDataUrisError,
    TooManyImagesError,
)
from qwen_vision.media.blob import Blob
from qwen_vision.media.budget import ProcessBudget, RequestBudget
from qwen_vision.media.checks import SizeRules, check_picture_size
from qwen_vision.media.image import Budgets, Facts, OpenedImage
from qwen_vision.media.items import Image, Video
from qwen_vision.media.limits import image_limits
from qwen_vision.media.picture import read_picture
from qwen_vision.media.resize import fit, image_tokens
from qwen_vision.media.sniff import PICTURES, SNIFF_BYTES, is_refused_picture, sniff
from qwen_vision.media.source import Sources
from qwen_vision.protocol.limits import MediaLimits
from qwen_vision.protocol.parts import FramesPart, ImagePart, ImageUrl, VideoPart
from qwen_vision.settings import MediaSettings

MAX_IMAGES = 256
MAX_DATA_URIS = 250


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every item of one request.

    `local_files`: the caller sits at this machine and may name its files.
    `resolve_oss`: the request carried `X-DashScope-OssResourceResolve: enable`.
    """

    model: MediaLimits
    high_resolution: bool = False
    local_files: bool = False
    resolve_oss: bool = False


class Opening:
    """The media of one request; an async context manager that gives back files and memory."""

    def __init__(
        self, rules: Rules, *, settings: MediaSettings, sources: Sources, process: ProcessBudget
    ) -> None:
        """Open media by `rules`; `process` is shared with every other request."""
        self._rules = rules
        self._settings = settings
        self._sources = sources
        self._budgets = Budgets(process, RequestBudget(settings.request_memory_bytes))
        self._blobs: list[Blob] = []
        self._items = 0
        self._images = 0
        self._data_uris = 0

    async def __aenter__(self) -> "Opening":
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close, as `aclose`."""
        await self.aclose()

    async def image(self, part: ImagePart, *, param: str) -> tuple[Image, ...]:
        """One picture, or one per page of a PDF."""
        self._images += 1
        if self._images > MAX_IMAGES:
            raise TooManyImagesError(param=param, count=self._images, limit=MAX_IMAGES)
        index = self._next_index()
        url = part.image_url.url if isinstance(part.image_url, ImageUrl) else part.image_url
        started = time.perf_counter()
        blob = await self._load(url, kind="image", param=param)
        loaded = time.perf_counter()
        image = self._picture(blob, part, index=index, param=param)
        image.stages_ms["load"] = _ms(loaded - started)
        image.stages_ms["header"] = _ms(time.perf_counter() - loaded)
        return (image,)

    async def video(self, part: VideoPart, *, param: str) -> Video:
        """A video file."""
        raise NotImplementedError

    async def frames(self, part: FramesPart, *, param: str) -> Video:
        """A list of frames as a video."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close files, remove temporary ones, give the memory budget back. Safe to call twice."""
        for blob in self._blobs:
            blob.close()
        self._blobs.clear()

    def _next_index(self) -> int:
        self._items += 1
        return self._items - 1

    async def _load(self, url: str, *, kind: Literal["image", "video"], param: str) -> Blob:
        if url.startswith("data:"):
            self._data_uris += 1
            if self._data_uris > MAX_DATA_URIS:
                raise TooManyDataUrisError(param=param, limit=MAX_DATA_URIS)
        model = self._rules.model
        blob = await self._sources.load(
            url,
            kind=kind,
            max_bytes=model.image_url_bytes if kind == "image" else model.video_bytes,
            local_files=self._rules.local_files,
            resolve_oss=self._rules.resolve_oss,
            param=param,
        )
        self._blobs.append(blob)
        if blob.data is not None:
            self._budgets.request.take(blob.size_bytes, param=param)
        return blob

    def _picture(self, blob: Blob, part: ImagePart, *, index: int, param: str) -> OpenedImage:
        pixels = self._rules.model.pixels
        format_name = picture_format(blob, param=param)
        file = read_picture(blob, format_name=format_name, param=param)
        rules = SizeRules(
            max_decode_px=self._settings.max_decode_px,
            dialect=not self._rules.local_files,
        )
        check_picture_size(file.size, format_name=format_name, rules=rules, param=param)
        limits = image_limits(
            part,
            pixels.image,
            high_resolution=self._rules.high_resolution,
            factor=pixels.factor,
            param=param,
        )
        final = fit(file.size, factor=pixels.factor, low_px=limits.low_px, high_px=limits.high_px)
        return OpenedImage(
            param=param,
            format=format_name,
            original=file.size,
            final=final,
            tokens=image_tokens(final, factor=pixels.factor),
            facts=Facts(
                index=index,
                kind="image",
                source=blob.source,
                bytes=blob.size_bytes,
                orientation=file.orientation,
            ),
            budgets=self._budgets,
            source=file,
        )


def picture_format(blob: Blob, *, param: str) -> str:
    """What kind of picture the bytes are. Raises MediaFormatError, ImageFormatError."""
    head = blob.head(SNIFF_BYTES)
    found = sniff(head)
    if found in PICTURES:
        return found
    if found is not None or is_refused_picture(head):
        raise MediaFormatError(param=param)
    raise ImageFormatError(param=param)


class MediaDoor:
    """Opens media within the limits of the settings and the model."""

    def __init__(self, settings: MediaSettings) -> None:
        """Keep one door for the whole process: it holds the process's memory budget."""
        self._settings = settings
        self._sources = Sources(settings)
        self._process = ProcessBudget(settings.process_memory_bytes)

    def opening(self, rules: Rules) -> Opening:
        """Start taking in the media of one request."""
        return Opening(rules, settings=self._settings, sources=self._sources, process=self._process)

    async def aclose(self) -> None:
        """Close the connection pool."""
        await self._sources.aclose()


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
