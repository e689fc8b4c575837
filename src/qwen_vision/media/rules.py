"""Rules: what holds for every media item of one request."""

from dataclasses import dataclass

from qwen_vision.media.source import OssResolver
from qwen_vision.protocol.limits import MediaLimits


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every item of one request.

    `local_files`: the caller sits at this machine and may name its files.
    `uploads`: finds the caller's uploads, when the request carried
    `X-DashScope-OssResourceResolve: enable`.
    """

    model: MediaLimits
    high_resolution: bool = False
    local_files: bool = False
    uploads: OssResolver | None = None
