"""Annotate: draws what an answer points at on its picture, and turns places into other units."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.cli.answer import Answer, run_async
from qwen_vision.cli.call import Call
from qwen_vision.cli.grounding import Spot, find_spots
from qwen_vision.cli.inputs import Item
from qwen_vision.errors import SettingsError, UsageError
from qwen_vision.protocol.parts import ImagePart
from qwen_vision.protocol.place_stream import Album, convert_places
from qwen_vision.protocol.places import Scale, Space, Unit, space_of
from qwen_vision.protocol.request import ChatRequest

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324")
# Drawing on more pixels than this helps nobody's eyes.
_MAX_PX = 16_777_216


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with the places in an answer: draw them to a file, tell them in a unit."""

    annotate: Path | None
    unit: Unit | None


def read_wish(annotate: str | None, unit: Unit | None, items: Sequence[Item]) -> Wish | None:
    """The wish, checked before anything is asked; None without one. Raises UsageError."""
    if annotate is None and unit is None:
        return None
    option = "--annotate" if annotate is not None else "--coordinates"
    if len(items) != 1 or items[0].kind != "image":
        raise UsageError(f"{option} is for one picture; there are other or more files here.")
    if annotate is not None and Path(annotate).suffix.lower() not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise UsageError(f"--annotate is '{annotate}'; a name that ends in {known} is needed.")
    return Wish(None if annotate is None else Path(annotate), unit)


def fulfil(wish: Wish, answer: Answer, request: ChatRequest, *, call: Call) -> str:
    """Draw, and give the text with its places in the unit wished for.

    An answer that says it tells them so already is taken at its word; otherwise they are turned
    here. Raises the media door's errors, and SettingsError when the file cannot be written.
    """
    text, told = answer.text, answer.completion.coordinates
    if wish.annotate is None and told == wish.unit:
        return text
    space = None if told is UNSET else told
    scale, pixels = run_async(_open(request, call, space=space, draws=wish.annotate is not None))
    if wish.annotate is not None and pixels is not None:
        spots = find_spots(text, scale)
        _draw(pixels, spots, original=scale.original)
        try:
            pixels.save(wish.annotate, _FORMATS[wish.annotate.suffix.lower()])
        except OSError as error:
            raise SettingsError(
                f"Cannot write '{wish.annotate}': {error.strerror or error}. Choose another "
                "--annotate.",
                param="annotate",
            ) from error
        marked = f"{len(spots)} places marked" if spots else "the answer names no places"
        call.screen.note(f"wrote {wish.annotate}: {marked}")
    return text if wish.unit is None else convert_places(text, Album((scale,)), wish.unit)


async def _open(
    request: ChatRequest, call: Call, *, space: Space | None, draws: bool
) -> "tuple[Scale, Image.Image | None]":
    """How the answer counts on the request's picture and, to draw on, its pixels."""
    # The door brings the decoders; only these options need them when a server answers.
    from qwen_vision.media.door import MediaDoor, Rules

    model = find_model(request.model, any_model=True)
    number, part = next(
        (number, part)
        for number, part in enumerate(request.messages[-1].content or ())
        if isinstance(part, ImagePart)
    )
    rules = Rules(
        model=model,
        high_resolution=bool(request.vl_high_resolution_images),
        local_files=True,
    )
    door = MediaDoor(call.settings.media)
    try:
        async with door.opening(rules) as opening:
            param = f"messages[{len(request.messages) - 1}].content[{number}]"
            (image,) = await opening.image(part, param=param)
            scale = Scale(
                space or space_of(model.coordinates),
                original=(image.original.width_px, image.original.height_px),
                seen=(image.final.width_px, image.final.height_px),
            )
            return scale, await image.pixels(max_px=_MAX_PX) if draws else None
    finally:
        await door.aclose()


def _draw(pixels: "Image.Image", spots: Sequence[Spot], *, original: tuple[int, int]) -> None:
    from PIL import ImageDraw, ImageFont

    pen = ImageDraw.Draw(pixels)
    width_px = max(2, round(max(pixels.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(pixels.size) / 60)))
    across, down = pixels.width / original[0], pixels.height / original[1]
    colours: dict[str, str] = {}
    for spot in spots:
        colour = colours.setdefault(spot.label, _COLOURS[len(colours) % len(_COLOURS)])
        corners = [(x * across, y * down) for x, y in spot.corners]
        left, top = corners[0]
        if len(corners) == 1:
            radius = width_px * 3
            pen.ellipse(
                (left - radius, top - radius, left + radius, top + radius),
                outline=colour,
                width=width_px,
            )
        else:
            pen.line([*corners, corners[0]], fill=colour, width=width_px, joint="curve")
        if spot.label:
            box = pen.textbbox((left, top), spot.label, font=font, anchor="lb")
            # A label above the upper edge would not be seen.
            shift = max(0.0, -box[1])
            pen.rectangle((box[0], box[1] + shift, box[2], box[3] + shift), fill=colour)
            pen.text((left, top + shift), spot.label, fill="white", font=font, anchor="lb")
