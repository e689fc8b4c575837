"""Shrinks the pictures of a frame list, all of them alike or none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_vision.client.pack import Source
from qwen_vision.client.shrink import SHRINK_FROM_BYTES, Sight, shrink_upright, upright_size
from qwen_vision.protocol.limits import PixelRules
from qwen_vision.protocol.resize import FRAMES_PER_PATCH, fit_size, most_frame_px


@dataclass(frozen=True, slots=True)
class FrameSight:
    """How many pixels a model looks at in the pictures of a frame list."""

    rules: PixelRules
    min_pixels: int | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None

    def smaller(self, width_px: int, height_px: int, *, frames: int) -> tuple[int, int] | None:
        """Width and height the model sees of each of `frames` pictures; None for small ones."""
        video = self.rules.video
        if video is None:
            return None
        low_px, high_px = video.bounds(self.min_pixels, self.max_pixels)
        most_px = most_frame_px(
            low_px=low_px,
            high_px=high_px,
            total_px=self.total_pixels or video.total,
            # An odd list shows its last picture twice.
            frames=math.ceil(frames / FRAMES_PER_PATCH) * FRAMES_PER_PATCH,
        )
        if width_px * height_px <= most_px:
            return None
        return fit_size(
            width_px, height_px, factor=self.rules.factor, low_px=low_px, high_px=most_px
        )


def shrink_alike(places: Sequence[str | Source], sight: FrameSight) -> Sequence[str | Source]:
    """The pictures in exactly the size the model sees of each; blocks.

    As they were when they shall travel so: some on the web, small in bytes or pixels, of
    several sizes - the first one's shape decides for all - or one that cannot be shrunk.
    """
    sources = [place for place in places if isinstance(place, Source)]
    if len(sources) < len(places) or _size_bytes(sources) < SHRINK_FROM_BYTES:
        return places
    size = upright_size(sources[0].content)
    target = None if size is None else sight.smaller(*size, frames=len(sources))
    if size is None or target is None:
        return places
    smaller: list[Source] = []
    for source in sources:
        found = shrink_upright(source.content, size=size, target=target)
        if found is None:
            return places
        smaller.append(Source(source.name, found))
    return smaller


def frame_sight(sight: Sight | None, *, total_pixels: int | None = None) -> FrameSight | None:
    """How a model looks at the pictures of a list, from how it looks at one."""
    if sight is None:
        return None
    return FrameSight(sight.rules, sight.min_pixels, sight.max_pixels, total_pixels)


def source_of(url: str) -> Source:
    """The file of this machine that a request names."""
    return Source(url, Path(url.removeprefix("file://")))


def _size_bytes(sources: Sequence[Source]) -> int:
    """Of all together; nothing when one cannot be read, which packing it will tell."""
    try:
        return sum(
            len(content) if isinstance(content, bytes) else content.stat().st_size
            for content in (source.content for source in sources)
        )
    except OSError:
        return 0
