"""Video files made on the spot: every frame has its own shade of grey."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import av
from PIL import Image

CODECS = {
    "mp4": "libx264",
    "mov": "libx264",
    "matroska": "libx264",
    "avi": "mpeg4",
    "flv": "flv",
    "asf": "wmv2",
}
_MILLISECONDS = Fraction(1, 1000)
_QUARTER_TURN = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
_MATRIX_AT = 44


@dataclass(frozen=True, kw_only=True)
class Film:
    """What a test video is like; `times_ms` makes the frame rate variable."""

    container: str = "mp4"
    frames: int = 75
    fps: int = 25
    width: int = 128
    height: int = 96
    times_ms: Sequence[int] = ()
    options: dict[str, str] = field(default_factory=dict)
    sound: bool = False
    pixel_shape: Fraction = Fraction(1)

    def shade(self, number: int) -> int:
        """The grey of frame `number`."""
        return 20 + 220 * number // self.frames

    def make(self) -> bytes:
        """The file. Its upper left corner is brighter than the rest by up to 30."""
        file = io.BytesIO()
        self.write(file)
        return file.getvalue()

    def write(self, target: io.BytesIO | str) -> None:
        """Write the file to a path or into memory; some options need a path."""
        with av.open(target, "w", format=self.container, options=self.options) as container:
            stream = container.add_stream(CODECS[self.container], rate=self.fps)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = self.width, self.height
            stream.pix_fmt = "yuv420p"
            stream.codec_context.sample_aspect_ratio = self.pixel_shape
            sound = container.add_stream("aac", rate=8000) if self.sound else None
            if self.times_ms:
                stream.codec_context.time_base = _MILLISECONDS
            for number in range(self.frames):
                container.mux(stream.encode(self._frame(number)))
            container.mux(stream.encode(None))
            if sound is not None:
                for start in range(0, 8000 * 10, 1024):
                    tone = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                    tone.sample_rate = 8000
                    tone.pts = start
                    for plane in tone.planes:
                        plane.update(bytes(plane.buffer_size))
                    container.mux(sound.encode(tone))
                container.mux(sound.encode(None))

    def _frame(self, number: int) -> av.VideoFrame:
        shade = self.shade(number)
        picture = Image.new("RGB", (self.width, self.height), (shade, shade, shade))
        picture.paste((255, 0, 0), (0, 0, self.width // 8, self.height // 8))
        frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
        if self.times_ms:
            frame.pts, frame.time_base = self.times_ms[number], _MILLISECONDS
        else:
            frame.pts, frame.time_base = number, Fraction(1, self.fps)
        return frame


def turned(mp4: bytes) -> bytes:
    """The same MP4 with a display matrix that turns it by 90 degrees clockwise."""
    at = mp4.index(b"tkhd") + _MATRIX_AT
    matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in _QUARTER_TURN)
    return mp4[:at] + matrix + mp4[at + len(matrix) :]
