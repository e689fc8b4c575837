"""A list of pictures seen as a video."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass

from PIL import Image as PillowImage

from qwen_vision.errors import FrameListError
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.picture import PictureFile
from qwen_vision.media.resize import MIN_FRAMES
from qwen_vision.protocol.resize import FRAMES_PER_PATCH

# Shapes that differ by less are the same, rounded to whole pixels.
_SAME_SHAPE = 0.02


@dataclass(frozen=True, slots=True)
class FrameList:
    """Pictures in the order they are shown; an odd list shows its last picture twice."""

    pictures: tuple[PictureFile, ...]

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 over the hashes of the pictures."""
        hashes = "\n".join(picture.content_hash for picture in self.pictures)
        return hashlib.sha256(hashes.encode()).hexdigest()

    @property
    def working_bytes(self) -> int:
        """Memory that decoding one picture takes at most, roughly."""
        return max(picture.working_bytes(picture.size) for picture in self.pictures)

    @property
    def shown(self) -> int:
        """How many frames are shown, padding counted: always even."""
        count = len(self.pictures)
        return -(-count // FRAMES_PER_PATCH) * FRAMES_PER_PATCH

    def fills(self, picture: PictureFile) -> bool:
        """Whether the picture has the shape of the first one."""
        return self._box(picture, self.pictures[0].size) == self.pictures[0].size

    def _box(self, picture: PictureFile, target: Size) -> Size:
        first, size = self.pictures[0].size, picture.size
        shape = size.width_px * first.height_px / (size.height_px * first.width_px)
        if abs(shape - 1) < _SAME_SHAPE:
            return target
        scale = min(first.width_px / size.width_px, first.height_px / size.height_px)
        width = size.width_px * scale / first.width_px * target.width_px
        height = size.height_px * scale / first.height_px * target.height_px
        return Size(max(1, round(width)), max(1, round(height)))

    def decode(self, target: Size) -> Generator[Pixels, None, None]:
        """Every frame, upright RGB of exactly `target`. Blocks. Raises ImageDecodeError.

        A picture of another shape than the first is shown whole, between black bars.
        """
        frame: Pixels | None = None
        for picture in self.pictures:
            box = self._box(picture, target)
            pixels = picture.decode(box)
            frame = pixels if box == target else _between_bars(pixels, target)
            yield frame
        if frame is not None and len(self.pictures) < self.shown:
            yield frame


def _between_bars(pixels: Pixels, target: Size) -> Pixels:
    frame = PillowImage.new("RGB", (target.width_px, target.height_px))
    frame.paste(
        pixels, ((target.width_px - pixels.width) // 2, (target.height_px - pixels.height) // 2)
    )
    return frame


def check_length(count: int, *, limit: int, param: str) -> None:
    """Raise FrameListError unless a list of `count` pictures is neither too short nor long."""
    if not MIN_FRAMES <= count <= limit:
        raise FrameListError(param=param, limit=limit)
