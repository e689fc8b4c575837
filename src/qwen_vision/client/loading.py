"""Loader: makes a request of what the caller gave, and packs what is on this machine."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypedDict

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.client.files import Kind, is_remote
from qwen_vision.client.frames import FrameSight, frame_sight, shrink_alike, source_of
from qwen_vision.client.inputs import Input, Inputs, is_light, listed, read_input
from qwen_vision.client.pack import Packer, Packing, Source, pack
from qwen_vision.client.question import (
    ANALYZE_MODEL,
    AskOptions,
    ChatOptions,
    ask_messages,
    build_request,
    check_names,
)
from qwen_vision.client.references import (
    AT_ONCE,
    frame_lists,
    names_files,
    replace_references,
)
from qwen_vision.client.retry import RetryRule
from qwen_vision.client.shrink import Sight
from qwen_vision.client.tasks import default_prompt
from qwen_vision.client.upload import Parcel, Progress, Shelf
from qwen_vision.errors import ModelNotFoundError, UsageError
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.parts import ContentPart, ImagePart
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.together import together

_FEW: Final = 4


class Habits(TypedDict, total=False):
    """How a client works when a call does not say.

    `local_files`: a ChatRequest or messages may name files of this machine; leave it off when
    they come from someone else. `upload`: None uploads from 7 MB on. `shrink`: pictures larger
    than the model looks at are shrunk. `answer_timeout_s`: for an answer that comes whole;
    `silence_timeout_s`: between two pieces of a stream, as which answers of models that think
    come too. `remember_uploads`: a file in which processes share what they uploaded.
    `shelf`: where to upload instead of the server.
    `proxy`: through what everything leaves, such as `http://proxy:3128`.
    """

    local_files: bool
    upload: bool | None
    shrink: bool
    retry: RetryRule
    answer_timeout_s: float
    silence_timeout_s: float
    remember_uploads: Path | None
    progress: Progress | None
    shelf: Shelf | None
    proxy: str


class Loader:
    """Turns inputs into media references a server takes, by the habits of a client."""

    def __init__(self, packer: Packer, habits: Habits) -> None:
        """Pack with `packer`."""
        self._packer = packer
        self._habits = habits

    async def question(
        self, inputs: Inputs, prompt: str | None, options: AskOptions, *, schema: JsonObject | None
    ) -> ChatRequest:
        """The request of one question about `inputs`, ready to be sent."""
        check_names(options, AskOptions)
        model = options.setdefault("model", ANALYZE_MODEL)
        sight = self._sight(
            model,
            options,
            min_pixels=options.get("min_pixels"),
            max_pixels=options.get("max_pixels"),
        )
        at = 1 if options.get("system") else 0
        packings = [
            self._packing(model, options, sight=sight, param=f"messages[{at}].content[{number}]")
            for number in range(len(listed(inputs)))
        ]
        given = listed(inputs)
        frames = frame_sight(sight) if options.get("frames") else None
        # A thread costs more than a few small files; anything else steps aside.
        if len(given) <= _FEW and all(map(is_light, given)):
            loaded = _load(given, packings, frames)
        else:
            loaded = await asyncio.to_thread(_load, given, packings, frames)
        urls = await self._delivered([packed for packed, _ in loaded], packings)
        media = [(url, kind) for url, (_, kind) in zip(urls, loaded, strict=True)]
        if prompt is None:
            prompt = default_prompt(model, has_video=any(kind == "video" for _, kind in media))
        return build_request(ask_messages(media, prompt, options), options, schema=schema)

    async def packed(self, request: ChatRequest, options: ChatOptions) -> ChatRequest:
        """The request with its local files packed, if it may name any."""
        if not self._habits.get("local_files") or not names_files(request):
            return request
        high_resolution = bool(request.vl_high_resolution_images)
        alike = await asyncio.to_thread(self._shrunk_frames, request, options)

        async def deliver(url: str, part: ContentPart, param: str) -> str:
            if is_remote(url):
                return url
            sight = None
            if isinstance(part, ImagePart):
                inside = part.reference
                sight = self._sight(
                    request.model,
                    {**options, "high_resolution": high_resolution},
                    min_pixels=part.min_pixels or inside.min_pixels,
                    max_pixels=part.max_pixels or inside.max_pixels,
                )
            packing = self._packing(request.model, options, sight=sight, param=param)
            source = alike.get(param) or source_of(url)
            return await self._packer.url(source, packing, progress=self._habits.get("progress"))

        return await replace_references(request, deliver)

    def _shrunk_frames(self, request: ChatRequest, options: ChatOptions) -> dict[str, Source]:
        """By their paths in the request, the pictures of frame lists that are shrunk; blocks."""
        found: dict[str, Source] = {}
        for param, part in frame_lists(request):
            sight = self._sight(
                request.model, options, min_pixels=part.min_pixels, max_pixels=part.max_pixels
            )
            frames = frame_sight(sight, total_pixels=part.total_pixels)
            if frames is None:
                continue
            places = [url if is_remote(url) else source_of(url) for url in part.video]
            for number, place in enumerate(shrink_alike(places, frames)):
                if isinstance(place, Source):
                    found[f"{param}.video[{number}]"] = place
        return found

    async def _delivered(
        self, loaded: Sequence[str | Parcel], packings: Sequence[Packing]
    ) -> list[str]:
        """The URL of each, the uploads among them a few at a time."""
        progress = self._habits.get("progress")
        jobs = {
            number: self._packer.deliver(packed, packing, progress=progress)
            for number, (packed, packing) in enumerate(zip(loaded, packings, strict=True))
            if isinstance(packed, Parcel)
        }
        urls = await together([*jobs.values()], at_once=AT_ONCE)
        uploaded = dict(zip(jobs, urls, strict=True))
        return [
            packed if isinstance(packed, str) else uploaded[number]
            for number, packed in enumerate(loaded)
        ]

    async def upload(self, given: Input, *, model: str, progress: Progress | None) -> str:
        """The URL of an input, uploaded for `model`."""
        packing = Packing(model=model, upload=True)
        ((packed, _),) = await asyncio.to_thread(_load, [given], [packing], None)
        if isinstance(packed, str):
            raise UsageError("A URL needs no upload; give it as it is.", param="inputs")
        progress = progress or self._habits.get("progress")
        return await self._packer.deliver(packed, packing, progress=progress)

    def _packing(
        self, model: str, options: ChatOptions, *, sight: Sight | None, param: str
    ) -> Packing:
        upload = options.get("upload", self._habits.get("upload"))
        return Packing(model=model, upload=upload, sight=sight, param=param)

    def _sight(
        self,
        model_id: str,
        options: ChatOptions,
        *,
        min_pixels: int | None,
        max_pixels: int | None,
    ) -> Sight | None:
        """How many pixels the model looks at; None when nothing shall be shrunk."""
        # The pixels asked for are those of the file, not of a smaller copy of it.
        if options.get("coordinates") == "pixel":
            return None
        if not options.get("shrink", self._habits.get("shrink", True)):
            return None
        try:
            rules = find_model(model_id).pixels
        except ModelNotFoundError:
            # Nobody knows how closely a model of another maker looks.
            return None
        return Sight(
            rules,
            min_pixels=min_pixels,
            max_pixels=max_pixels,
            high_resolution=options.get("high_resolution", False),
        )


def _load(
    inputs: Sequence[Input], packings: Sequence[Packing], frames: FrameSight | None
) -> list[tuple[str | Parcel, Kind]]:
    """Each input packed, and what kind of thing it is; reads, so it blocks.

    With `frames` they are the pictures of one video, which are shrunk alike.
    """
    items = [
        read_input(given, number=number, sight=None if frames else packing.sight)
        for number, (given, packing) in enumerate(zip(inputs, packings, strict=True))
    ]
    places: Sequence[str | Source] = [item.place for item in items]
    if frames is not None:
        places = shrink_alike(places, frames)
        packings = [replace(packing, sight=None) for packing in packings]
    return [
        (place if isinstance(place, str) else pack(place, packing), item.kind)
        for place, item, packing in zip(places, items, packings, strict=True)
    ]
