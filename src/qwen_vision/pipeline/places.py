"""Places: learns the sizes of a request's pictures, to tell where an answer points at."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from qwen_vision.engines.base import Turn
from qwen_vision.media.door import Opening
from qwen_vision.media.items import MediaItem
from qwen_vision.pipeline.bridges.places import Places
from qwen_vision.pipeline.bridges.structured import checker
from qwen_vision.pipeline.prepare import Prepared, open_turns
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import TextPart
from qwen_vision.protocol.place_stream import Album
from qwen_vision.protocol.places import UNIT_SQUARE, Scale, Space, Unit, needs_sizes, space_of
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.request import ChatRequest, decode_request
from qwen_vision.protocol.schema import SchemaCheck


def without_wish(request: ChatRequest, body: bytes | None) -> ChatRequest:
    """The whole request, `coordinates` taken out: no engine knows the field."""
    whole = request if body is None else decode_request(body)
    return msgspec.structs.replace(whole, coordinates=None)


async def find_places(
    prepared: Prepared, unit: Unit, *, opening: Opening, checks: bool
) -> tuple[Prepared, Places | None]:
    """How places are told for this request; None when it has no pictures.

    Media that nobody has opened are opened through `opening` for their sizes, when sizes are
    needed, and their receipts tell them. With `checks` an answer under a schema is checked
    again. Raises MediaError and its kin.
    """
    prompt = prepared.prompt
    space = space_of(prompt.model.coordinates)
    turns = prompt.turns
    if prepared.media and isinstance(prepared.media[0], MediaReceipt):
        if not needs_sizes(space, unit):
            square = Scale(space, UNIT_SQUARE, UNIT_SQUARE)
            return prepared, Places(Album((square,)), unit, _check(prompt.request, checks=checks))
        turns = await open_turns(_media_only(prompt.request.messages), opening)
        exact = replace(prompt, exact_sizes=space == "resized")
        prepared = replace(prepared, prompt=exact, media=tuple(map(_seen, _media(turns))))
    album = _album(turns, space)
    if not album.scales:
        return prepared, None
    return prepared, Places(album, unit, _check(prompt.request, checks=checks))


def _album(turns: Sequence[Turn], space: Space) -> Album:
    scales: list[Scale] = []
    asked = 0
    for turn in turns:
        found = [_scale(item, space) for item in _media((turn,))]
        asked = len(scales) if found else asked
        scales += found
    return Album(tuple(scales), asked)


def _media(turns: Sequence[Turn]) -> Iterator[MediaItem]:
    for turn in turns:
        for part in turn.parts:
            if part.kind != "text":
                yield part


def _scale(item: MediaItem, space: Space) -> Scale:
    return Scale(
        space,
        original=(item.original.width_px, item.original.height_px),
        seen=(item.final.width_px, item.final.height_px),
        page=item.page if item.kind == "image" else None,
    )


def _seen(item: MediaItem) -> MediaReceipt:
    receipt = item.receipt()
    receipt.note = "Handed on to the upstream server as it came; opened here for its size."
    return receipt


def _media_only(messages: Sequence[Message]) -> list[Message]:
    """The messages in their places, of their content only what is no text."""
    return [
        message
        if isinstance(message.content, list)
        and any(not isinstance(part, TextPart) for part in message.content)
        else Message(role=message.role)
        for message in messages
    ]


def _check(request: ChatRequest, *, checks: bool) -> SchemaCheck | None:
    wanted = request.json_format
    return checker(wanted) if checks and wanted is not None else None
