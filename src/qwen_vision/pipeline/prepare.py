"""Prepare: opens the media of a checked request and makes the Prompt an engine runs."""

from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from qwen_vision.catalogue.model import Model
from qwen_vision.engines.base import Abilities, Prompt, PromptPart, Text, Turn
from qwen_vision.engines.text_tokens import (
    ANSWER_OPENING_TOKENS,
    MESSAGE_TOKENS,
    estimate_tokens,
)
from qwen_vision.errors import AbilityError, InputLengthError
from qwen_vision.media.door import Opening
from qwen_vision.media.items import MediaItem
from qwen_vision.pipeline.check import Plan
from qwen_vision.protocol.messages import Message, placed_parts
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, TextPart, VideoPart
from qwen_vision.protocol.receipt import CoordinateChange, Evidence, MediaReceipt
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.protocol.usage import PromptTokensDetails
from qwen_vision.together import together

_Parts: TypeAlias = tuple[PromptPart, ...]
_OPEN_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The prompt's tokens by kind; the text's are an estimate, the media's exact."""

    text: int
    image: int
    video: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.text + self.image + self.video

    @property
    def details(self) -> PromptTokensDetails:
        """By kind, as the dialect tells them: a kind that was not sent is left out."""
        return PromptTokensDetails(
            image_tokens=self.image or UNSET,
            video_tokens=self.video or UNSET,
            text_tokens=self.text,
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt, its token figures and the media in it, in order.

    Media that were not opened here stand as their receipt.
    """

    prompt: Prompt
    tokens: PromptTokens
    media: tuple[MediaItem | MediaReceipt, ...]

    def receipts(
        self, evidence: Sequence[Evidence] = (), change: CoordinateChange | UnsetType = UNSET
    ) -> list[MediaReceipt]:
        """What was done to each item, in the order the items came, and what was read in it.

        `change` says how places in the answer were turned.
        """
        found = []
        for index, item in enumerate(self.media):
            receipt = item if isinstance(item, MediaReceipt) else item.receipt()
            receipt.index = index
            receipt.evidence = [piece for piece in evidence if piece.item == index] or UNSET
            receipt.coordinates = change
            found.append(receipt)
        return found


async def prepare(
    request: ChatRequest,
    model: Model,
    plan: Plan,
    *,
    opening: Opening,
    opens_media: bool = True,
    body: bytes | None = None,
) -> Prepared:
    """The prompt for a checked request; without `opens_media` its media stay untouched.

    Raises MediaError (and its kin) for media that cannot be used, InputLengthError when the
    prompt is longer than the model reads.
    """
    turns = await open_turns(request.messages, opening if opens_media else None)
    opened = tuple(part for turn in turns for part in turn.parts if part.kind != "text")
    tokens = count_tokens(request, opened)
    limit = model.input_limit_tokens(thinking=plan.thinking)
    if tokens.total > limit:
        raise InputLengthError(limit=limit)
    prompt = Prompt(
        request=request,
        model=model,
        turns=turns,
        thinking=plan.thinking,
        thinking_budget=plan.thinking_budget,
        max_tokens=plan.max_tokens,
        opening=opening,
        body=body,
    )
    media = opened if opens_media else tuple(_forwarded(request.messages))
    return Prepared(prompt=prompt, tokens=tokens, media=media)


def check_media(request: ChatRequest, model: Model, *, engine: str, abilities: Abilities) -> None:
    """Raise before anything is fetched when the model or the engine takes no such media."""
    for param, part in placed_parts(request.messages):
        if isinstance(part, ImagePart) and not abilities.images:
            raise AbilityError(
                engine=engine, what="pictures", way_out=abilities.way_out, param=param
            )
        if not isinstance(part, VideoPart | FramesPart):
            continue
        if not model.takes_video:
            raise AbilityError(
                f"The model {model.id} takes no videos. Use qwen3.6-plus or qwen3-vl-plus.",
                param=param,
            )
        if not abilities.videos:
            raise AbilityError(engine=engine, what="videos", way_out=abilities.way_out, param=param)


def count_tokens(request: ChatRequest, media: Sequence[MediaItem]) -> PromptTokens:
    """Tokens of a request's text (estimated, chat template included) and of its media."""
    text = ANSWER_OPENING_TOKENS
    for message in request.messages:
        text += MESSAGE_TOKENS
        for piece in _texts(message):
            text += estimate_tokens(piece)
    if request.tools:
        text += estimate_tokens(msgspec.json.encode(request.tools).decode())
    if not media:
        return PromptTokens(text=text, image=0, video=0)
    videos = sum(item.tokens for item in media if item.kind == "video")
    return PromptTokens(text=text, image=sum(item.tokens for item in media) - videos, video=videos)


async def open_turns(messages: Sequence[Message], opening: Opening | None) -> tuple[Turn, ...]:
    """The turns of a conversation with their media opened; without `opening` their text alone.

    Raises MediaError and its kin.
    """
    jobs: list[Coroutine[Any, Any, _Parts]] = []
    if opening is not None:
        jobs += [
            _open(part, opening, param=param)
            for param, part in placed_parts(messages)
            if not isinstance(part, TextPart)
        ]
    opened = iter(await together(jobs, at_once=_OPEN_AT_ONCE) if jobs else ())
    return tuple([_turn(message, opened) for message in messages])


def _turn(message: Message, opened: Iterator[_Parts]) -> Turn:
    """One message; its media are the next in `opened`, if there are any."""
    content = message.content
    parts: list[PromptPart] = []
    if isinstance(content, str):
        parts += [Text(content)] if content else []
    else:
        for part in content or ():
            if isinstance(part, TextPart):
                parts.append(Text(part.text))
            else:
                parts += next(opened, ())
    return Turn(
        role=message.role,
        parts=tuple(parts),
        tool_calls=tuple(message.tool_calls or ()),
        tool_call_id=message.tool_call_id,
    )


async def _open(part: ContentPart, opening: Opening, *, param: str) -> _Parts:
    match part:
        case ImagePart():
            return await opening.image(part, param=param)
        case VideoPart():
            return (await opening.video(part, param=param),)
        case FramesPart():
            return (await opening.frames(part, param=param),)
        case _:
            raise AssertionError(f"check lets no {type(part).__name__} through")


def _forwarded(messages: Sequence[Message]) -> Iterator[MediaReceipt]:
    """Receipts of media that go on as they came."""
    for param, part in placed_parts(messages):
        match part:
            case ImagePart():
                kind = "image"
            case VideoPart():
                kind = "video"
            case FramesPart():
                kind = "frames"
            case _:
                continue
        yield MediaReceipt(
            index=0,
            param=param,
            kind=kind,
            source="forwarded",
            note="Handed on to the upstream server as it came; nothing was opened here.",
        )


def _texts(message: Message) -> list[str]:
    calls = (call.function for call in message.tool_calls or ())
    return [*message.texts, *(f"{call.name}{call.arguments}" for call in calls)]
