"""The media references inside a chat request: finds them, and puts others in their place."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from qwen_vision.client.files import is_remote
from qwen_vision.protocol.messages import placed_parts
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, VideoPart, media_urls
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.together import together

# More uploads at a time share the same line, and more pictures the same processor.
AT_ONCE: Final = 4
# From a reference, its part and the part's path in the request to the reference to send.
Replace: TypeAlias = Callable[[str, ContentPart, str], Coroutine[Any, Any, str]]


def names_oss(request: ChatRequest) -> bool:
    """Whether any media reference is an uploaded `oss://` object."""
    return any(url.startswith("oss://") for url in references(request))


def names_files(request: ChatRequest) -> bool:
    """Whether any media reference is the path of a local file."""
    return any(not is_remote(url) for url in references(request))


def references(request: ChatRequest) -> list[str]:
    """Every media reference, in order."""
    return [url for _, part in placed_parts(request.messages) for url in media_urls(part)]


def frame_lists(request: ChatRequest) -> list[tuple[str, FramesPart]]:
    """Every list of pictures that stands for a video, with its path in the request."""
    return [
        (param, part)
        for param, part in placed_parts(request.messages)
        if isinstance(part, FramesPart)
    ]


async def replace_references(request: ChatRequest, replace: Replace) -> ChatRequest:
    """The request with every media reference replaced, a few of them at a time."""
    jobs = [replace(*place) for place in _places(request)]
    urls = iter(await together(jobs, at_once=AT_ONCE))
    messages = [
        msgspec.structs.replace(
            message, content=[_with_urls(part, urls) for part in message.content]
        )
        if isinstance(message.content, list)
        else message
        for message in request.messages
    ]
    return msgspec.structs.replace(request, messages=messages)


def _places(request: ChatRequest) -> Iterator[tuple[str, ContentPart, str]]:
    """Every media reference in order, with its part and its path in the request."""
    for param, part in placed_parts(request.messages):
        for number, url in enumerate(media_urls(part)):
            is_frame = isinstance(part, FramesPart)
            yield url, part, f"{param}.video[{number}]" if is_frame else param


def _with_urls(part: ContentPart, urls: Iterator[str]) -> ContentPart:
    """The part with the next URLs, one for each of its references."""
    match part:
        case ImagePart():
            image = msgspec.structs.replace(part.reference, url=next(urls))
            return msgspec.structs.replace(part, image_url=image)
        case VideoPart(video_url=str()):
            return msgspec.structs.replace(part, video_url=next(urls))
        case VideoPart(video_url=clip) if not isinstance(clip, str):
            clip = msgspec.structs.replace(clip, url=next(urls))
            return msgspec.structs.replace(part, video_url=clip)
        case FramesPart(video=frames):
            return msgspec.structs.replace(part, video=[next(urls) for _ in frames])
        case _:
            return part
