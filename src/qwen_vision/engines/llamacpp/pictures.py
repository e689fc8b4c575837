"""Pictures for llama.cpp: a turn's media as data URIs, videos as frames with their times."""

import asyncio
import io
from collections.abc import Sequence
from typing import Final

import pybase64

from qwen_vision.engines.base import PromptPart, Turn
from qwen_vision.engines.text_tokens import estimate_tokens
from qwen_vision.errors import InputLengthError
from qwen_vision.media.items import Pixels, Video
from qwen_vision.protocol.messages import JsonObject

# A time as `<12.5 seconds>`, and the two marks around its picture.
_STAMP_TOKENS: Final = 10


def frame_step(turns: Sequence[Turn], *, context_tokens: int) -> int:
    """1 to show every frame, 2 to show one of each pair.

    The model's own processing joins two frames into one picture; llama.cpp shows each as a
    picture of its own, which costs twice the tokens. Where that does not fit, one stands for
    the pair. Raises InputLengthError when even that is longer than the context.
    """
    media = [part for turn in turns for part in turn.parts if part.kind != "text"]
    joined = sum(item.tokens for item in media)
    if joined > context_tokens:
        raise InputLengthError(limit=context_tokens)
    videos = [item for item in media if item.kind == "video"]
    apart = sum(item.tokens + _STAMP_TOKENS * len(item.frame_times_s) for item in videos)
    text = sum(
        estimate_tokens(part.text) for turn in turns for part in turn.parts if part.kind == "text"
    )
    return 1 if joined + apart + text <= context_tokens else 2


async def parts_of(parts: Sequence[PromptPart], *, step: int) -> list[JsonObject]:
    """Content parts in order, decoded to the size the model sees.

    Raises ImageDecodeError, VideoError, MemoryBudgetError.
    """
    made: list[JsonObject] = []
    for part in parts:
        if part.kind == "text":
            made.append({"type": "text", "text": part.text})
        elif part.kind == "image":
            made.append(await _picture(await part.pixels()))
        else:
            made += await _frames(part, step=step)
    return made


async def _frames(video: Video, *, step: int) -> list[JsonObject]:
    """Each frame, or one of each pair, after its time in the model's own words."""
    made: list[JsonObject] = []
    times = video.frame_times_s
    async for frame in video.frames():
        if frame.index % step:
            continue
        last = min(frame.index + step, len(times)) - 1
        time_s = (frame.time_s + times[last]) / 2
        made.append({"type": "text", "text": f"<{time_s:.1f} seconds>"})
        made.append(await _picture(frame.pixels))
    return made


async def _picture(pixels: Pixels) -> JsonObject:
    url = await asyncio.to_thread(_data_uri, pixels)
    return {"type": "image_url", "image_url": {"url": url}}


def _data_uri(pixels: Pixels) -> str:
    # BMP costs no compression on this side and none on the other, and loses nothing.
    file = io.BytesIO()
    pixels.save(file, "BMP")
    return "data:image/bmp;base64," + pybase64.b64encode_as_string(file.getbuffer())
