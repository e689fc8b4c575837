"""Palette: an engine that tells the average colour of each picture, as an example of a plug-in."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from PIL import Image as Pillow

from qwen_vision.engines.base import (
    Abilities,
    Engine,
    Event,
    Finished,
    Plugin,
    Prompt,
    ReasoningDelta,
    Text,
    TextDelta,
)
from qwen_vision.errors import AbilityError, SettingsError
from qwen_vision.media.items import Image, Video
from qwen_vision.settings import EngineSettings

# Far more than an average needs, far less than a photograph has.
_ENOUGH_PX: Final = 10_000


class PaletteEngine:
    """Says `#rrggbb` for each picture and each frame of a video."""

    name = "palette"
    fingerprint = "palette-0.1"
    # Only what is claimed here is ever asked of the engine: a request with tools, a schema or
    # logprobs is refused before it comes, with these words on what to do instead.
    abilities = Abilities(
        images=True, videos=True, thinking=True, way_out="Use --engine embedded for anything else."
    )

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        """One line for each picture or frame of the last turn, then the end."""
        media = [part for part in prompt.turns[-1].parts if not isinstance(part, Text)]
        if not media:
            raise AbilityError("The palette engine needs a picture or a video.", param="messages")
        if prompt.thinking:
            yield ReasoningDelta(f"{len(media)} to look at.")
        for number, item in enumerate(media, start=1):
            async for colour in _colours(item):
                # Each delta is sent as soon as it is there: this is all that streaming takes.
                yield TextDelta(f"{number}: {colour}\n")
        # Tokens that the engine does not count are estimated for it.
        yield Finished("stop")

    async def aclose(self) -> None:
        """Nothing is held between runs."""


async def _colours(item: Image | Video) -> AsyncIterator[str]:
    # Pixels are decoded when they are asked for, not before; the limit makes it cheap.
    if item.kind == "image":
        yield await asyncio.to_thread(_average, await item.pixels(max_px=_ENOUGH_PX))
        return
    async for frame in item.frames(max_px=_ENOUGH_PX):
        yield f"{frame.time_s:.1f} s {await asyncio.to_thread(_average, frame.pixels)}"


def _average(pixels: Pillow.Image) -> str:
    """Work on pixels belongs in a thread: other callers are being answered meanwhile."""
    red, green, blue = pixels.convert("RGB").resize((1, 1), Pillow.Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}"


def _build(argument: str, _settings: EngineSettings) -> Engine:
    if argument:
        raise SettingsError(f"The palette engine takes no argument, not '{argument}'.")
    return PaletteEngine()


plugin = Plugin(
    name="palette",
    summary="tells the average colour of pictures and videos",
    build=_build,
    missing=lambda: None,
)
