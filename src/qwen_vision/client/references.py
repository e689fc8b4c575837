"""The media references inside a chat request: finds them, and puts others in their place."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from qwen_vision.client.files import is_remote
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, ImageUrl, VideoPart
from qwen_vision.protocol.request import ChatRequest

# From a reference, its part and the part's path in the request to the reference to send.
Replace: TypeAlias = Callable[[str, ContentPart, str], Awaitable[str]]


def names_oss(request: ChatRequest) -> bool:
    """Whether any media reference is an uploaded `oss://` object."""
    return any(url.startswith("oss://") for url in references(request))


def names_files(request: ChatRequest) -> bool:
    """Whether any media reference is the path of a local file."""
    return any(not is_remote(url) for url in references(request))


def references(request: ChatRequest) -> list[str]:
    """Every media reference, in order."""
    found: list[str] = []
    for message in request.messages:
        for part in message.content if isinstance(message.content, list) else ():
            found += _of_part(part)
    return found


async def replace_references(request: ChatRequest, replace: Replace) -> ChatRequest:
    """The request with every media reference replaced."""
    messages = [
        await _message(message, replace, at=f"messages[{index}]")
        for index, message in enumerate(request.messages)
    ]
    return msgspec.structs.replace(request, messages=messages)


def _of_part(part: ContentPart) -> list[str]:
    match part:
        case ImagePart(image_url=place):
            return [place if isinstance(place, str) else place.url]
        case VideoPart(video_url=clip):
            return [clip if isinstance(clip, str) else clip.url]
        case FramesPart(video=frames):
            return frames
        case _:
            return []


async def _message(message: Message, replace: Replace, *, at: str) -> Message:
    if not isinstance(message.content, list):
        return message
    content = [
        await _part(part, replace, param=f"{at}.content[{index}]")
        for index, part in enumerate(message.content)
    ]
    return msgspec.structs.replace(message, content=content)


async def _part(part: ContentPart, replace: Replace, *, param: str) -> ContentPart:
    match part:
        case ImagePart(image_url=place):
            image = ImageUrl(url=place) if isinstance(place, str) else place
            url = await replace(image.url, part, param)
            return msgspec.structs.replace(part, image_url=msgspec.structs.replace(image, url=url))
        case VideoPart(video_url=str(url)):
            return msgspec.structs.replace(part, video_url=await replace(url, part, param))
        case VideoPart(video_url=clip) if not isinstance(clip, str):
            url = await replace(clip.url, part, param)
            return msgspec.structs.replace(part, video_url=msgspec.structs.replace(clip, url=url))
        case FramesPart(video=frames):
            video = [
                await replace(url, part, f"{param}.video[{index}]")
                for index, url in enumerate(frames)
            ]
            return msgspec.structs.replace(part, video=video)
        case _:
            return part
