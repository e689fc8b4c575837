"""Reads video files: what is in them at once, sampled frames in one pass when somebody asks."""

import bisect
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image as PillowImage

from qwen_vision.errors import ImageSizeError, VideoError
from qwen_vision.media.blob import Blob
from qwen_vision.media.items import Pixels, Size

# Only these demuxers are ever asked, by name: no playlists, which name further files.
_DEMUXERS = {
    "mp4": "mov",
    "mov": "mov",
    "mkv": "matroska",
    "avi": "avi",
    "flv": "flv",
    "wmv": "asf",
}
# No protocol has this name, so a file that refers to others cannot reach them.
_OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0"}
MOST_FRAME_PX = 7680 * 4320
_MOST_PACKETS = 2_000_000
# What PyAV raises on bad files; the words of FFmpeg stay here, they may name paths.
_CODEC_ERRORS = (av.error.FFmpegError, OSError, ValueError, LookupError, MemoryError, RuntimeError)
_TURNS = {
    90: PillowImage.Transpose.ROTATE_90,
    180: PillowImage.Transpose.ROTATE_180,
    270: PillowImage.Transpose.ROTATE_270,
}
_SQUARE = Fraction(1)
# Tape and anamorphic film stay far within these shapes of a pixel; what does not is an error.
_NARROWEST, _WIDEST = Fraction(1, 4), Fraction(4)
# A decoder keeps about this many whole frames, at one and a half bytes a pixel.
_KEPT_FRAMES = 16


@dataclass(frozen=True, slots=True)
class Clip:
    """A video file whose packets were counted; one frame was decoded to see its rotation.

    `times` are the presentation times of all shown frames, ascending, in `time_base` units;
    `stored` is the size before `rotation` (degrees, counter-clockwise), `pixel_shape` how many
    times as wide as high each pixel is shown.
    """

    blob: Blob
    format: str
    stored: Size
    rotation: int
    time_base: Fraction
    times: Sequence[int]
    duration_s: float
    fps: float
    pixel_shape: Fraction = _SQUARE

    @property
    def size(self) -> Size:
        """The upright size, of square pixels."""
        width_px = max(1, round(self.stored.width_px * self.pixel_shape))
        return self._turned(Size(width_px, self.stored.height_px))

    @property
    def coded(self) -> Size:
        """The upright size in pixels as they are stored, whatever their shape."""
        return self._turned(self.stored)

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file."""
        return self.blob.content_hash

    @property
    def frame_count(self) -> int:
        """How many frames are shown."""
        return len(self.times)

    @property
    def working_bytes(self) -> int:
        """Memory of the decoder, roughly: it does not grow with the length of the clip."""
        return self.stored.width_px * self.stored.height_px * 3 // 2 * _KEPT_FRAMES

    def sample(self, count: int) -> tuple[int, ...]:
        """Numbers of `count` frames, evenly spread in time from the first to the last."""
        first, last = self.times[0], self.times[-1]
        step = (last - first) / max(1, count - 1)
        return tuple(self._nearest(first + step * place) for place in range(count))

    def time_s(self, number: int) -> float:
        """When frame `number` is shown, in seconds from the first."""
        return float((self.times[number] - self.times[0]) * self.time_base)

    def decode(self, numbers: Sequence[int], target: Size) -> Generator[Pixels, None, None]:
        """Frames `numbers` (ascending), upright RGB of exactly `target`, in one pass. Blocks.

        Where the file breaks off the last frame is repeated. Raises VideoError when nothing
        can be decoded.
        """
        wanted = self._turned(target)
        left = [self.times[number] for number in reversed(numbers)]
        pixels: Pixels | None = None
        with _opened(self.blob, self.format) as (container, stream):
            stream.thread_type = "AUTO"
            frame: VideoFrame | None = None
            for frame in _frames(container, stream):
                if frame.pts is None or frame.pts < left[-1]:
                    continue
                pixels = self._rendered(frame, wanted)
                while left and frame.pts >= left[-1]:
                    left.pop()
                    yield pixels
                if not left:
                    return
            if frame is not None:
                pixels = self._rendered(frame, wanted)
        if pixels is None:
            raise VideoError
        yield from [pixels] * len(left)

    def _rendered(self, frame: VideoFrame, wanted: Size) -> Pixels:
        _check_frame(frame.width, frame.height)
        pixels: Pixels = frame.to_image(  # type: ignore[no-untyped-call]  # PyAV left it so
            width=wanted.width_px, height=wanted.height_px
        )
        turn = _TURNS.get(self.rotation)
        return pixels if turn is None else pixels.transpose(turn)

    def _turned(self, size: Size) -> Size:
        return Size(size.height_px, size.width_px) if self.rotation in (90, 270) else size

    def _nearest(self, time: float) -> int:
        after = bisect.bisect_left(self.times, time)
        if after == 0:
            return 0
        if after == len(self.times):
            return after - 1
        return after if self.times[after] - time < time - self.times[after - 1] else after - 1


def read_clip(blob: Blob, *, format_name: str, param: str) -> Clip:
    """What is in a video file. Blocks: it reads the whole file once, decoding one frame.

    Raises VideoError when there is no video in it that can be decoded, ImageSizeError when
    its frames are larger than 8K.
    """
    try:
        with _opened(blob, format_name) as (container, stream):
            stored, rotation = _first_frame(container, stream)
        with _opened(blob, format_name) as (container, stream):
            return _counted(container, stream, blob=blob, look=(format_name, stored, rotation))
    except (VideoError, ImageSizeError) as error:
        raise type(error)(param=param) from error


def _first_frame(container: InputContainer, stream: VideoStream) -> tuple[Size, int]:
    stream.thread_type = "SLICE"
    for frame in _frames(container, stream):
        _check_frame(frame.width, frame.height)
        return Size(frame.width, frame.height), round(frame.rotation) % 360
    raise VideoError


def _counted(
    container: InputContainer, stream: VideoStream, *, blob: Blob, look: tuple[str, Size, int]
) -> Clip:
    times = array("q")
    end = 0
    try:
        for packet in container.demux(stream):
            time = packet.dts if packet.pts is None else packet.pts
            if time is None or packet.is_discard:
                continue
            times.append(time)
            end = max(end, time + (packet.duration or 0))
            if len(times) > _MOST_PACKETS:
                raise VideoError
    except _CODEC_ERRORS:
        # A file cut short: what was found so far is the video.
        pass
    if not times or stream.time_base is None:
        raise VideoError
    times = array("q", sorted(times))
    average = float(stream.average_rate or 0)
    duration_s = _duration_s(times, end=end, time_base=stream.time_base, average=average)
    steady = average > 0 and abs(len(times) / average - duration_s) * average < 1
    format_name, stored, rotation = look
    return Clip(
        blob=blob,
        format=format_name,
        stored=stored,
        rotation=rotation,
        time_base=stream.time_base,
        times=times,
        duration_s=len(times) / average if steady else duration_s,
        fps=average if steady else len(times) / duration_s,
        pixel_shape=_pixel_shape(stream, stored),
    )


def _pixel_shape(stream: VideoStream, stored: Size) -> Fraction:
    """How many times as wide as high a pixel is shown; 1 where the file says nothing usable."""
    shape = stream.sample_aspect_ratio or _SQUARE
    if not _NARROWEST <= shape <= _WIDEST:
        return _SQUARE
    fits = stored.width_px * stored.height_px * shape <= MOST_FRAME_PX
    return shape if fits else _SQUARE


def _duration_s(times: Sequence[int], *, end: int, time_base: Fraction, average: float) -> float:
    """From the first frame to the end of the last, whose own length may be unknown."""
    shown_s = float((times[-1] - times[0]) * time_base)
    last_s = float((end - times[-1]) * time_base)
    if last_s > 0:
        return shown_s + last_s
    if len(times) > 1 and shown_s > 0:
        return shown_s * len(times) / (len(times) - 1)
    return 1 / average if average > 0 else 1.0


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that can be decoded; broken packets are passed over."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue
    except _CODEC_ERRORS:
        # The container breaks off here; what was decoded stands.
        return


def _check_frame(width_px: int, height_px: int) -> None:
    if width_px * height_px > MOST_FRAME_PX:
        raise ImageSizeError


@contextmanager
def _opened(blob: Blob, format_name: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    with blob.open() as file:
        container = _container(file, format_name)
        with container:
            stream = _main_stream(container)
            _check_frame(stream.codec_context.width, stream.codec_context.height)
            yield container, stream


def _main_stream(container: InputContainer) -> VideoStream:
    """The first video stream marked as default, or the first; cover pictures do not count."""
    streams = [
        stream
        for stream in container.streams.video
        # A stream in a codec nobody knows has no context, whatever PyAV's types say.
        if getattr(stream, "codec_context", None) is not None
        and not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise VideoError
    marked = (stream for stream in streams if stream.disposition & Disposition.default)
    return next(marked, streams[0])


def _container(file: BinaryIO, format_name: str) -> InputContainer:
    try:
        return av.open(
            file,
            mode="r",
            format=_DEMUXERS[format_name],
            container_options=_OPTIONS,
            metadata_errors="replace",
        )
    except _CODEC_ERRORS:
        raise VideoError from None
