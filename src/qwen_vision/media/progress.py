"""Watched: how far a video is decoded, told while somebody looks at its frames."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Watched:
    """The frames of one video that were handed out so far.

    `param` is the path of its content part (`messages[0].content[1]`), `frames` of
    `total_frames` sampled ones are decoded, the last of them shown at `time_s` of `duration_s`.
    """

    param: str
    frames: int
    total_frames: int
    time_s: float
    duration_s: float


# Called on the event loop, before the first frame and after each: it must not block.
WatchProgress: TypeAlias = Callable[[Watched], None]
