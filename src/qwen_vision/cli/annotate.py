"""Annotate: draws what an answer points at on its pictures, and turns places into other units."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from msgspec import UNSET

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.cli.answer import TimedAnswer, run_async
from qwen_vision.cli.call import Call
from qwen_vision.cli.grounding import Spot, find_spots
from qwen_vision.cli.inputs import Item
from qwen_vision.errors import SettingsError, UsageError
from qwen_vision.protocol.parts import ImagePart
from qwen_vision.protocol.place_stream import Album, convert_places
from qwen_vision.protocol.places import Scale, Unit, space_of
from qwen_vision.protocol.request import ChatRequest

if TYPE_CHECKING:
    from PIL import Image as PillowImage

    from qwen_vision.media.items import Image

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324")
# Drawing on more pixels than this helps nobody's eyes.
_MAX_PX = 16_777_216


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with the places in an answer: draw them to files, tell them in a unit."""

    annotate: Path | None
    unit: Unit | None


def read_wish(
    annotate: str | None, unit: Unit | None, items: Sequence[Item], *, as_frames: bool
) -> Wish | None:
    """The wish, checked before anything is asked; None without one.

    Raises UsageError, and SettingsError for a folder that is not there.
    """
    if annotate is None and unit is None:
        return None
    option = "--annotate" if annotate is not None else "--coordinates"
    if as_frames or any(item.kind == "video" for item in items):
        raise UsageError(f"{option} is for pictures and PDF pages; there is a video here.")
    if annotate is not None:
        _check_target(annotate, items)
    return Wish(None if annotate is None else Path(annotate), unit)


def tell(wish: Wish, answer: TimedAnswer, request: ChatRequest, *, call: Call) -> str:
    """The answer's text with its places in the unit wished for.

    An answer that says it tells them so already is taken at its word; otherwise they are turned
    here. Raises the media door's errors.
    """
    if wish.unit is None or answer.completion.coordinates == wish.unit:
        return answer.text
    scales = run_async(_measure(answer, request, call))
    return convert_places(answer.text, Album(tuple(scales)), wish.unit)


def draw(wish: Wish, answer: TimedAnswer, request: ChatRequest, *, call: Call) -> None:
    """Draw what the answer points at, one file for each picture.

    Raises the media door's errors, and SettingsError when a file cannot be written.
    """
    if wish.annotate is not None:
        run_async(_draw_all(wish.annotate, answer, request, call=call))


async def _measure(answer: TimedAnswer, request: ChatRequest, call: Call) -> list[Scale]:
    async with _pictures(request, call) as pictures:
        return [_scale(answer, request, image) for image in pictures]


async def _draw_all(target: Path, answer: TimedAnswer, request: ChatRequest, *, call: Call) -> None:
    async with _pictures(request, call) as pictures:
        names = [call.item_names.get(image.param, "") for image in pictures]
        scales = [_scale(answer, request, image) for image in pictures]
        spots = find_spots(answer.text, scales, names=names)
        files = _files(target, pictures, names)
        for number, (image, file) in enumerate(zip(pictures, files, strict=True)):
            here = [spot for spot in spots if spot.picture == number]
            pixels = await image.pixels(max_px=_MAX_PX)
            _draw(pixels, here, original=scales[number].original)
            _save(pixels, file)
            marked = f"{_count(here)} marked" if here else "the answer names no places"
            call.screen.note(f"wrote {file}: {marked}")
    if lost := [spot for spot in spots if spot.picture is None]:
        call.screen.note(f"{_count(lost)} not drawn: the answer does not say on which picture")


@asynccontextmanager
async def _pictures(request: ChatRequest, call: Call) -> "AsyncIterator[list[Image]]":
    """Every picture and page of the request's last message, opened for the length of the block."""
    # The door brings the decoders; only these options need them when a server answers.
    from qwen_vision.media.door import MediaDoor, Rules

    rules = Rules(
        model=find_model(request.model, any_model=True),
        high_resolution=bool(request.vl_high_resolution_images),
        local_files=True,
    )
    door = MediaDoor(call.settings.media)
    last = len(request.messages) - 1
    try:
        async with door.opening(rules) as opening:
            found: list[Image] = []
            for number, part in enumerate(request.messages[last].content or ()):
                if isinstance(part, ImagePart):
                    param = f"messages[{last}].content[{number}]"
                    found += await opening.image(part, param=param)
            yield found
    finally:
        await door.aclose()


def _scale(answer: TimedAnswer, request: ChatRequest, image: "Image") -> Scale:
    """How the answer counts on a picture: as it says itself, else as its model does."""
    told = answer.completion.coordinates
    model = find_model(request.model, any_model=True)
    return Scale(
        space_of(model.coordinates) if told is UNSET else told,
        original=(image.original.width_px, image.original.height_px),
        seen=(image.final.width_px, image.final.height_px),
        page=image.page,
    )


def _check_target(annotate: str, items: Sequence[Item]) -> None:
    target = Path(annotate)
    if _is_folder(target):
        return
    if target.suffix.lower() not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise UsageError(
            f"--annotate is '{annotate}'; a folder, or a name that ends in {known}, is needed."
        )
    if not target.parent.is_dir():
        raise SettingsError(
            f"'{target.parent}' is no folder. Choose another --annotate.", param="annotate"
        )
    for item in items:
        if target.exists() and Path(item.url).exists() and target.samefile(item.url):
            raise UsageError(f"--annotate would write over '{item.name}'; choose another name.")


def _is_folder(target: Path) -> bool:
    return target.is_dir() or not target.suffix


def _files(target: Path, pictures: "Sequence[Image]", names: Sequence[str]) -> list[Path]:
    """Where each picture goes: the target itself, OUT-1.png and on, or into a folder by name."""
    if not _is_folder(target):
        if len(pictures) == 1:
            return [target]
        return [
            target.with_name(f"{target.stem}-{number + 1}{target.suffix}")
            for number in range(len(pictures))
        ]
    files: list[Path] = []
    for number, (image, name) in enumerate(zip(pictures, names, strict=True)):
        stem = PurePath(name.partition("?")[0]).stem or f"picture-{number + 1}"
        stem += "" if image.page is None else f"-{image.page}"
        suffix = PurePath(name).suffix.lower()
        file = target / f"{stem}-marked{suffix if suffix in _FORMATS else '.png'}"
        if file in files:
            file = file.with_stem(f"{file.stem}-{number + 1}")
        files.append(file)
    return files


def _save(pixels: "PillowImage.Image", file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels.save(file, _FORMATS[file.suffix.lower()])
    except OSError as error:
        raise SettingsError(
            f"Cannot write '{file}': {error.strerror or error}. Choose another --annotate.",
            param="annotate",
        ) from error


def _count(spots: Sequence[Spot]) -> str:
    return "1 place" if len(spots) == 1 else f"{len(spots)} places"


def _draw(pixels: "PillowImage.Image", spots: Sequence[Spot], *, original: tuple[int, int]) -> None:
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
