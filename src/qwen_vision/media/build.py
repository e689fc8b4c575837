"""Builds Image and Video handles from loaded files: checks, limits, sizes, tokens."""

import importlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwen_vision.errors import (
    AbilityError,
    ImageFormatError,
    MediaFormatError,
    VideoError,
    VideoTooLongError,
    VideoTooShortError,
)
from qwen_vision.media.blob import Blob
from qwen_vision.media.checks import SizeRules, check_picture_size, check_shape
from qwen_vision.media.document import Page
from qwen_vision.media.frame_list import FrameList
from qwen_vision.media.image import Budgets, Facts, OpenedImage
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.limits import (
    ImageLimits,
    frame_limits,
    frames_per_second,
    image_limits,
    most_frames,
)
from qwen_vision.media.picture import PictureFile, read_picture
from qwen_vision.media.progress import WatchProgress
from qwen_vision.media.resize import (
    FrameLimits,
    fit,
    fit_frames,
    image_tokens,
    sampled_count,
    video_tokens,
)
from qwen_vision.media.rules import Rules
from qwen_vision.media.sniff import PICTURES, SNIFF_BYTES, VIDEOS, is_refused_picture, sniff
from qwen_vision.media.video import OpenedVideo
from qwen_vision.protocol.parts import FramesPart, ImagePart, VideoPart

if TYPE_CHECKING:
    from qwen_vision.media.clip import Clip

_OTHER_SHAPES = "Not shaped like the first picture, shown whole between black bars: {}."
_NOT_SQUARE = "The pixels of the file are not square: {} are stored, {} are shown."
# What a caller at this machine may look at, under the dialect's two seconds.
_SHORTEST_LOCAL_S = 0.1


@dataclass(frozen=True, slots=True)
class VideoTerms:
    """What one video part asks for, checked: sampling rate and pixel limits."""

    fps: float
    limits: FrameLimits
    max_frames: int


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the handles of one request."""

    rules: Rules
    max_decode_px: int
    budgets: Budgets
    progress: WatchProgress | None = None

    def image_terms(self, part: ImagePart, *, param: str) -> ImageLimits:
        """The pixel limits of a picture part. Raises PixelLimitError."""
        pixels = self.rules.model.pixels
        return image_limits(
            part,
            pixels.image,
            high_resolution=self.rules.high_resolution,
            factor=pixels.factor,
            param=param,
        )

    def video_terms(self, part: VideoPart | FramesPart, *, param: str) -> VideoTerms:
        """Sampling rate and limits of a video part.

        Raises AbilityError when the model takes no videos, FpsError, PixelLimitError.
        """
        pixels = self.rules.model.pixels.video
        if pixels is None:
            raise AbilityError(
                f"The model {self.rules.model.id} takes no videos. "
                "Use qwen3.6-plus or qwen3-vl-plus.",
                param=param,
            )
        return VideoTerms(
            fps=frames_per_second(part, param=param),
            limits=frame_limits(part, pixels, param=param),
            max_frames=most_frames(part, pixels, param=param),
        )

    def picture_file(self, blob: Blob, *, param: str) -> PictureFile:
        """The checked header of a picture file. Blocks, shortly.

        Raises ImageFormatError, MediaFormatError, ImageDecodeError, SmallImageError,
        AspectRatioError, ImageSizeError.
        """
        format_name = picture_format(blob, param=param)
        file = read_picture(blob, format_name=format_name, param=param)
        rules = SizeRules(
            max_decode_px=self.max_decode_px,
            dialect=not self.rules.local_files,
            model_px=self.rules.model.max_image_px,
        )
        check_picture_size(file, rules=rules, param=param)
        return file

    def picture(
        self, file: PictureFile, terms: ImageLimits, *, index: int, param: str
    ) -> OpenedImage:
        """The handle of a picture."""
        facts = Facts(
            index=index,
            kind="image",
            source=file.blob.source,
            bytes=file.blob.size_bytes,
            orientation=file.orientation,
        )
        return self._image(file, terms, facts=facts, format_name=file.format, param=param)

    def page(
        self, page: Page, terms: ImageLimits, *, index: int, param: str, note: str | None
    ) -> OpenedImage:
        """The handle of a page. Raises SmallImageError, AspectRatioError."""
        check_shape(page.size, param=param)
        facts = Facts(
            index=index,
            kind="page",
            source=page.blob.source,
            bytes=page.blob.size_bytes,
            note=note,
        )
        image = self._image(page, terms, facts=facts, format_name="pdf", param=param)
        image.page = page.number
        return image

    def clip(self, blob: Blob, terms: VideoTerms, *, index: int, param: str) -> OpenedVideo:
        """The handle of a video file. Blocks while the file is read once.

        Raises VideoError, VideoTooLongError, VideoTooShortError and what a picture of its size
        raises.
        """
        format_name = sniff(blob.head(SNIFF_BYTES))
        if format_name not in VIDEOS:
            raise VideoError(param=param)
        clip = _read_clip(blob, format_name=format_name, param=param)
        self._check_duration(clip.duration_s, param=param)
        check_shape(clip.size, param=param)
        count = sampled_count(
            total=clip.frame_count,
            source_fps=clip.fps,
            fps=terms.fps,
            max_frames=terms.max_frames,
        )
        numbers = clip.sample(count)
        factor = self.rules.model.pixels.factor
        final = fit_frames(clip.size, factor=factor, frames=count, limits=terms.limits)
        return OpenedVideo(
            param=param,
            format=format_name,
            original=clip.size,
            stored=clip.coded,
            final=final,
            tokens=video_tokens(final, factor=factor, frames=count),
            duration_s=clip.duration_s,
            source_fps=clip.fps,
            source_frames=clip.frame_count,
            frame_times_s=tuple(map(clip.time_s, numbers)),
            facts=Facts(
                index=index,
                kind="video",
                source=blob.source,
                bytes=blob.size_bytes,
                note=_shape_note(clip),
            ),
            budgets=self.budgets,
            source=_Sample(clip, numbers),
            progress=self.progress,
        )

    def frame_list(
        self, pictures: Sequence[PictureFile], terms: VideoTerms, *, index: int, param: str
    ) -> OpenedVideo:
        """The handle of a frame list."""
        source = FrameList(tuple(pictures))
        first = pictures[0]
        odd = sum(not source.fills(picture) for picture in pictures)
        factor = self.rules.model.pixels.factor
        final = fit_frames(first.size, factor=factor, frames=source.shown, limits=terms.limits)
        return OpenedVideo(
            param=param,
            format=first.format,
            original=first.size,
            stored=first.size,
            final=final,
            tokens=video_tokens(final, factor=factor, frames=source.shown),
            duration_s=len(pictures) / terms.fps,
            source_fps=terms.fps,
            source_frames=len(pictures),
            frame_times_s=tuple(number / terms.fps for number in range(source.shown)),
            facts=Facts(
                index=index,
                kind="frames",
                source=first.blob.source,
                bytes=sum(picture.blob.size_bytes for picture in pictures),
                note=_OTHER_SHAPES.format(odd) if odd else None,
            ),
            budgets=self.budgets,
            source=source,
            progress=self.progress,
        )

    def _image(
        self,
        source: PictureFile | Page,
        terms: ImageLimits,
        *,
        facts: Facts,
        format_name: str,
        param: str,
    ) -> OpenedImage:
        factor = self.rules.model.pixels.factor
        final = fit(source.size, factor=factor, low_px=terms.low_px, high_px=terms.high_px)
        return OpenedImage(
            param=param,
            format=format_name,
            original=source.size,
            final=final,
            tokens=image_tokens(final, factor=factor),
            facts=facts,
            budgets=self.budgets,
            source=source,
        )

    def _check_duration(self, duration_s: float, *, param: str) -> None:
        shortest_s, longest_s = self.rules.model.video_seconds
        if self.rules.local_files:
            shortest_s = min(shortest_s, _SHORTEST_LOCAL_S)
        if duration_s < shortest_s:
            raise VideoTooShortError(
                f"{VideoTooShortError.text} It lasts {duration_s:.2f} s; "
                f"{self.rules.model.id} takes {shortest_s:g} s to {longest_s:g} s.",
                param=param,
            )
        if duration_s > longest_s:
            raise VideoTooLongError(param=param)


@dataclass(frozen=True, slots=True)
class _Sample:
    """The chosen frames of a clip."""

    clip: "Clip"
    numbers: tuple[int, ...]

    @property
    def content_hash(self) -> str:
        return self.clip.content_hash

    @property
    def working_bytes(self) -> int:
        return self.clip.working_bytes

    def decode(self, target: Size) -> Generator[Pixels, None, None]:
        return self.clip.decode(self.numbers, target)


def _shape_note(clip: "Clip") -> str | None:
    if clip.size == clip.coded:
        return None
    return _NOT_SQUARE.format(
        f"{clip.coded.width_px} x {clip.coded.height_px}",
        f"{clip.size.width_px} x {clip.size.height_px}",
    )


def _read_clip(blob: Blob, *, format_name: str, param: str) -> "Clip":
    # PyAV takes a tenth of a second to load, and most processes never see a video.
    module = importlib.import_module("qwen_vision.media.clip")
    clip: Clip = module.read_clip(blob, format_name=format_name, param=param)
    return clip


def picture_format(blob: Blob, *, param: str) -> str:
    """What kind of picture the bytes are. Raises MediaFormatError, ImageFormatError."""
    head = blob.head(SNIFF_BYTES)
    found = sniff(head)
    if found in PICTURES:
        return found
    if found is not None or is_refused_picture(head):
        raise MediaFormatError(param=param)
    raise ImageFormatError(param=param)


def is_pdf(blob: Blob) -> bool:
    """Whether the bytes are a PDF."""
    return sniff(blob.head(SNIFF_BYTES)) == "pdf"


def has_cheap_header(blob: Blob) -> bool:
    """Whether the header is in memory and read in less time than a thread takes to start."""
    return blob.data is not None and sniff(blob.head(SNIFF_BYTES)) in ("jpeg", "png")
