"""MediaDoor: opens the media parts of a request (contract, filled next)."""

from dataclasses import dataclass

from qwen_vision.media.items import Image, Video
from qwen_vision.protocol.limits import MediaLimits
from qwen_vision.protocol.parts import FramesPart, ImagePart, VideoPart
from qwen_vision.settings import MediaSettings


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

    async def image(self, part: ImagePart, *, param: str) -> tuple[Image, ...]:
        """One picture, or one per page of a PDF."""
        raise NotImplementedError

    async def video(self, part: VideoPart, *, param: str) -> Video:
        """A video file."""
        raise NotImplementedError

    async def frames(self, part: FramesPart, *, param: str) -> Video:
        """A list of frames as a video."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close files, remove temporary ones, give the memory budget back. Safe to call twice."""


class MediaDoor:
    """Opens media within the limits of the settings and the model."""

    def __init__(self, settings: MediaSettings) -> None:
        """Keep one door for the whole process: it holds the process's memory budget."""

    def opening(self, rules: Rules) -> Opening:
        """Start taking in the media of one request."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connection pool."""
