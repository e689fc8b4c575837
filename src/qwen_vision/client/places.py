"""Places: boxes and points in the answers of servers that cannot tell them in another unit."""

import base64
import binascii
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from msgspec import UNSET

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.catalogue.model import Model
from qwen_vision.client.shrink import upright_size
from qwen_vision.errors import UsageError
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.parts import ContentPart, ImagePart, ImageUrl, TextPart
from qwen_vision.protocol.place_stream import Album, PlaceRewriter, convert_places
from qwen_vision.protocol.places import UNIT_SQUARE, Scale, Unit, needs_sizes, space_of
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.protocol.resize import fit_size

_MARK: Final = ";base64,"


def tell_places(completion: Completion, request: ChatRequest) -> None:
    """Turn the places in the text of an answer, unless the server has done so already.

    Raises UsageError when that takes the size of a picture that is not here.
    """
    unit = request.coordinates
    if unit is None or completion.coordinates is not UNSET:
        return
    album = _album(request, unit)
    if album is None:
        return
    for choice in completion.choices:
        if choice.message.content:
            choice.message.content = convert_places(choice.message.content, album, unit)
    completion.coordinates = unit


async def tell_stream(
    chunks: AsyncGenerator[Chunk, None], request: ChatRequest
) -> AsyncGenerator[Chunk, None]:
    """The same chunks, the places in their text turned as `tell_places` does."""
    unit = request.coordinates
    rewriter: PlaceRewriter | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            if rewriter is None and unit is not None and chunk.coordinates is UNSET:
                album = _album(request, unit)
                rewriter = None if album is None else PlaceRewriter(album, unit)
                # Asked once: a server that turns places says so from its first chunk on.
                unit = None
            if rewriter is not None:
                _tell_chunk(chunk, rewriter)
                chunk.coordinates = request.coordinates or UNSET
            yield chunk


def _tell_chunk(chunk: Chunk, rewriter: PlaceRewriter) -> None:
    for choice in chunk.choices:
        given = choice.delta.content or ""
        text = rewriter.feed(given)
        if choice.finish_reason:
            text += rewriter.flush()
        if text != given:
            choice.delta.content = text


def _album(request: ChatRequest, unit: Unit) -> Album | None:
    """How the model counts on the pictures of a request; None when there are none."""
    model = find_model(request.model, any_model=True)
    scales: list[Scale] = []
    asked = 0
    for place, message in enumerate(request.messages):
        begun = len(scales)
        for index, part in enumerate(message.content if isinstance(message.content, list) else ()):
            if not isinstance(part, TextPart):
                param = f"messages[{place}].content[{index}]"
                high = bool(request.vl_high_resolution_images)
                scales.append(_scale(part, model, unit, high_resolution=high, param=param))
        asked = begun if len(scales) > begun else asked
    return Album(tuple(scales), asked) if scales else None


def _scale(
    part: ContentPart, model: Model, unit: Unit, *, high_resolution: bool, param: str
) -> Scale:
    """How the model counts on one picture. Raises UsageError when its size is not known."""
    space = space_of(model.coordinates)
    if not needs_sizes(space, unit):
        return Scale(space, UNIT_SQUARE, UNIT_SQUARE)
    original = _size(part)
    if original is None:
        raise UsageError(
            f"coordinates='{unit}': this server leaves places as the model counts them, and the "
            "size of what it looked at is not known here. Give the picture itself (under 7 MB, no "
            "URL, no PDF, no video), take coordinates='0-1', or ask a server of this project.",
            param=param,
        )
    limits = part.reference if isinstance(part, ImagePart) else ImageUrl("")
    low_px, high_px = model.pixels.image.bounds(
        getattr(part, "min_pixels", None) or limits.min_pixels,
        getattr(part, "max_pixels", None) or limits.max_pixels,
        high_resolution=high_resolution,
    )
    seen = fit_size(*original, factor=model.pixels.factor, low_px=low_px, high_px=high_px)
    return Scale(space, original, seen)


def _size(part: ContentPart) -> tuple[int, int] | None:
    """Upright width and height of a picture that travels in the request."""
    if not isinstance(part, ImagePart):
        return None
    head, mark, data = part.reference.url.partition(_MARK)
    if not mark or not head.startswith("data:image/"):
        return None
    try:
        return upright_size(base64.b64decode(data))
    except binascii.Error:
        return None
