"""A list of pictures seen as a video."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass

from qwen_vision.errors import FrameListError
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.picture import PictureFile
from qwen_vision.media.resize import FRAMES_PER_PATCH, MIN_FRAMES


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

    def decode(self, target: Size) -> Generator[Pixels, None, None]:
        """Every frame, upright RGB of exactly `target`. Blocks. Raises ImageDecodeError."""
        pixels: Pixels | None = None
        for picture in self.pictures:
            pixels = picture.decode(target)
            yield pixels
        if pixels is not None and len(self.pictures) < self.shown:
            yield pixels


def check_length(count: int, *, limit: int, param: str) -> None:
    """Raise FrameListError unless a list of `count` pictures is neither too short nor long."""
    if not MIN_FRAMES <= count <= limit:
        raise FrameListError(param=param, limit=limit)
