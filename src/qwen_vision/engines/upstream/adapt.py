"""Adapts media an upstream does not take: opened through the one door, sent as it can."""

import asyncio
import base64
import binascii
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from qwen_vision.engines.upstream.film import film_part, film_times
from qwen_vision.engines.upstream.profile import Profile
from qwen_vision.errors import EngineError
from qwen_vision.media.door import Opening
from qwen_vision.media.items import Pixels
from qwen_vision.media.sniff import PICTURES, sniff
from qwen_vision.protocol.messages import JsonObject, placed_parts
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, VideoPart, media_urls
from qwen_vision.protocol.request import ChatRequest

_JPEG_QUALITY = 92
# An abridged request holds no more of a picture; cameras write this mark right at the start.
_HEAD_CHARS = 160
_EXIF = b"Exif\x00"
_Parts: TypeAlias = list[JsonObject]


@dataclass(frozen=True, slots=True)
class Adapted:
    """The messages for the upstream, and what must stand beside them."""

    messages: list[JsonObject]
    beside: JsonObject


def must_adapt(request: ChatRequest, profile: Profile) -> bool:
    """Whether any part of the request is of a kind the server does not take."""
    return any(not takes(part, profile) for _, part in placed_parts(request.messages))


def names_kind(request: ChatRequest, kind: str) -> bool:
    """Whether any part names media by this kind of URL: data, http, oss or file."""
    return any(
        _kind(url) == kind for _, part in placed_parts(request.messages) for url in media_urls(part)
    )


def count_pictures(request: ChatRequest) -> int:
    """How many pictures the request holds."""
    return sum(isinstance(part, ImagePart) for _, part in placed_parts(request.messages))


def takes(part: ContentPart, profile: Profile) -> bool:
    """Whether the server takes this part as it is."""
    match part:
        case ImagePart():
            url = part.reference.url
            return _kind(url) in profile.media and _reads(url, profile)
        case VideoPart():
            return profile.video == "url" and _kind(part.reference.url) in profile.media
        case FramesPart():
            known = all(_kind(url) in profile.media and _reads(url, profile) for url in part.video)
            return profile.frame_list == "video" and known
        case _:
            return True


async def adapt_messages(
    request: ChatRequest, opening: Opening | None, profile: Profile
) -> Adapted:
    """The messages with every part the server does not take made into what it takes.

    A picture is sent in the size the model sees, a video as its sampled frames: pictures with
    their times between, or, where the profile takes a film, one part. Raises MediaError when
    one cannot be opened.
    """
    # Times stand beside the messages, once for all videos: only a lone one can have its own.
    film = profile.frame_list == "film" and _count_videos(request) == 1
    beside: JsonObject = {}
    if opening is None:
        raise EngineError(engine="upstream", reason="there is no door to open media through")
    messages: list[JsonObject] = []
    for place, message in enumerate(request.messages):
        fields: JsonObject = msgspec.to_builtins(message)
        if isinstance(message.content, list):
            parts: _Parts = []
            for index, part in enumerate(message.content):
                if takes(part, profile):
                    parts.append(msgspec.to_builtins(part))
                    continue
                param = f"messages[{place}].content[{index}]"
                if isinstance(part, ImagePart):
                    images = await opening.image(part, param=param)
                    parts += [await _picture(await image.pixels()) for image in images]
                else:
                    frames = await _open_frames(part, opening, param=param)
                    parts += [film_part(frames.urls)] if film else frames.parts()
                    beside |= {"media_io_kwargs": film_times(frames.times_s)} if film else {}
            fields["content"] = parts
        messages.append(fields)
    return Adapted(messages, beside)


@dataclass(frozen=True, slots=True)
class _Frames:
    """A video's frames as data URIs, all of one size, and their times in seconds."""

    urls: Sequence[str]
    times_s: Sequence[float]

    def parts(self) -> _Parts:
        """The frames as pictures, each after its time."""
        found: _Parts = []
        for url, time_s in zip(self.urls, self.times_s, strict=True):
            found.append({"type": "text", "text": f"<{time_s:.1f} seconds>"})
            found.append({"type": "image_url", "image_url": {"url": url}})
        return found


async def _open_frames(part: ContentPart, opening: Opening, *, param: str) -> _Frames:
    match part:
        case VideoPart():
            video = await opening.video(part, param=param)
        case FramesPart():
            video = await opening.frames(part, param=param)
        case _:
            raise AssertionError(f"every server takes a {type(part).__name__}")
    urls, times_s = [], []
    async for frame in video.frames():
        urls.append(await asyncio.to_thread(_data_uri, frame.pixels))
        times_s.append(frame.time_s)
    return _Frames(urls, times_s)


def _count_videos(request: ChatRequest) -> int:
    parts = placed_parts(request.messages)
    return sum(isinstance(part, VideoPart | FramesPart) for _, part in parts)


async def _picture(pixels: Pixels) -> JsonObject:
    url = await asyncio.to_thread(_data_uri, pixels)
    return {"type": "image_url", "image_url": {"url": url}}


def _data_uri(pixels: Pixels) -> str:
    file = io.BytesIO()
    pixels.save(file, "JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _kind(url: str) -> str:
    head = url[:8].lower()
    if head.startswith("data:"):
        return "data"
    if head.startswith(("http://", "https://")):
        return "http"
    return "oss" if head.startswith("oss://") else "file"


def _reads(url: str, profile: Profile) -> bool:
    """Whether the server reads a picture as it is, upright, as far as its first bytes say."""
    if not profile.pdf and _is_pdf(url):
        return False
    if not profile.pictures:
        return True
    head = _head(url)
    found = sniff(head)
    if found not in PICTURES:
        # Whoever is asked will say what is wrong with it.
        return True
    return found in profile.pictures and (profile.turns or _EXIF not in head)


def _head(url: str) -> bytes:
    """The first bytes of a data URI; none for what cannot be read without opening it."""
    _, mark, data = url[:_HEAD_CHARS].partition(";base64,")
    try:
        return base64.b64decode(data[: len(data) // 4 * 4]) if mark else b""
    except binascii.Error:
        return b""


def _is_pdf(url: str) -> bool:
    if url[:5].lower() == "data:":
        # %PDF in base64.
        return url[:20].lower().startswith("data:application/pdf") or ";base64,JVBERi" in url[:80]
    return url.partition("?")[0].lower().endswith(".pdf")
