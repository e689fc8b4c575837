"""Question: the options of a call, and the chat request they make."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypedDict

import msgspec

from qwen_vision.client.files import Kind
from qwen_vision.client.structured import response_format, thinking_for, with_instruction
from qwen_vision.errors import UsageError
from qwen_vision.protocol.messages import JsonObject, Message, Tool
from qwen_vision.protocol.parts import (
    ContentPart,
    Detail,
    FramesPart,
    ImagePart,
    ImageUrl,
    TextPart,
    VideoPart,
    VideoUrl,
)
from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.request import ChatRequest, NamedTool, explain_validation

Messages: TypeAlias = str | Sequence[Message | Mapping[str, Any]]


class ChatOptions(TypedDict, total=False):
    """Options of every call; what is left out is the model's own default.

    `thinking` and `thinking_budget` (tokens) are about reasoning before the answer, `json`
    asks for any JSON, `receipt` for what was done to each item. `upload` True or False
    decides by hand whether local files are uploaded; `shrink` False sends pictures as they
    are, also when the model looks at fewer pixels.

    `coordinates` tells boxes and points of the answer in `pixel` of the file, `0-1` or
    `0-1000`, whatever the model counts in.
    """

    model: str
    thinking: bool | None
    thinking_budget: int | None
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    seed: int | None
    stop: str | list[str | int] | None
    high_resolution: bool
    tools: list[Tool] | None
    tool_choice: str | NamedTool | None
    json: bool
    receipt: bool
    upload: bool | None
    shrink: bool
    coordinates: Unit | None


class AskOptions(ChatOptions, total=False):
    """Options of a question about media.

    `fps` is frames a second of video; `frames` takes the pictures as frames of one video,
    `video` every input as a video; `pages` picks pages of a PDF, such as `1-3,7`;
    `min_pixels` and `max_pixels` bound how large a picture is looked at.
    """

    system: str | None
    fps: float | None
    frames: bool
    video: bool
    pages: str | None
    detail: Detail | None
    min_pixels: int | None
    max_pixels: int | None


ANALYZE_MODEL: Final = "qwen3.6-plus"
REASON_MODEL: Final = "qvq-max"
OCR_MODEL: Final = "qwen-vl-ocr"


def check_names(given: Mapping[str, object], known: type) -> None:
    """Raises UsageError for an option that `known` does not have: a slip would go unnoticed."""
    names = known.__annotations__
    for name in given:
        if name not in names:
            raise UsageError(
                f"There is no option '{name}'. There are: {', '.join(names)}.", param=name
            )


def build_request(
    messages: Sequence[Message], options: ChatOptions, *, schema: JsonObject | None
) -> ChatRequest:
    """The request for messages; with a schema or `json` the last one says so in words."""
    model = options.get("model", ANALYZE_MODEL)
    json_mode = options.get("json", False)
    structured = schema is not None or json_mode
    return ChatRequest(
        model=model,
        messages=_instructed(messages, schema=schema, json_mode=json_mode),
        max_tokens=options.get("max_tokens"),
        temperature=options.get("temperature"),
        top_p=options.get("top_p"),
        seed=options.get("seed"),
        stop=options.get("stop"),
        enable_thinking=thinking_for(model, wanted=options.get("thinking"), structured=structured),
        thinking_budget=options.get("thinking_budget"),
        vl_high_resolution_images=options.get("high_resolution") or None,
        response_format=response_format(model, schema=schema, json_mode=json_mode),
        tools=options.get("tools"),
        tool_choice=options.get("tool_choice"),
        media_receipt=options.get("receipt") or None,
        coordinates=options.get("coordinates"),
    )


def ask_messages(
    media: Sequence[tuple[str, Kind]], prompt: str, options: AskOptions
) -> list[Message]:
    """The messages of one question: the media by URL and kind, then the prompt."""
    content: list[ContentPart] = [*_parts(media, options), TextPart(text=prompt)]
    messages = [Message(role="user", content=content)]
    system = options.get("system")
    return [Message(role="system", content=system), *messages] if system else messages


def read_messages(messages: Messages) -> list[Message]:
    """Messages given as a text, as Message values or as the dialect's JSON objects.

    Raises the dialect's error, with the field's path, for one of another shape.
    """
    if isinstance(messages, str):
        return [Message(role="user", content=messages)]
    given: object = messages
    if not isinstance(given, Sequence):
        raise UsageError(
            f"A chat takes a text or a list of messages, not a {type(given).__name__}."
        )
    plain = [
        msgspec.to_builtins(message) if isinstance(message, Message) else message
        for message in messages
    ]
    try:
        return msgspec.convert(plain, list[Message])
    except msgspec.ValidationError as error:
        raise explain_validation(str(error).replace("`$", "`$.messages", 1)) from error


def _parts(media: Sequence[tuple[str, Kind]], options: AskOptions) -> list[ContentPart]:
    low, high, fps = options.get("min_pixels"), options.get("max_pixels"), options.get("fps")
    if options.get("frames"):
        if any(kind != "image" for _, kind in media):
            raise UsageError("frames=True takes pictures only; leave it out for videos and PDFs.")
        return [
            FramesPart(video=[url for url, _ in media], fps=fps, min_pixels=low, max_pixels=high)
        ]
    parts: list[ContentPart] = []
    for url, kind in media:
        if kind == "video" or options.get("video"):
            clip = VideoUrl(url=url)
            parts.append(VideoPart(video_url=clip, fps=fps, min_pixels=low, max_pixels=high))
            continue
        image = ImageUrl(url=url, detail=options.get("detail"))
        pages = options.get("pages") if kind == "document" else None
        parts.append(ImagePart(image_url=image, min_pixels=low, max_pixels=high, pages=pages))
    return parts


def _instructed(
    messages: Sequence[Message], *, schema: JsonObject | None, json_mode: bool
) -> list[Message]:
    sentence = with_instruction("", schema=schema, json_mode=json_mode).strip()
    if not sentence or not messages:
        return list(messages)
    last = messages[-1]
    match last.content:
        case [*parts, TextPart(text=text)]:
            content: str | list[ContentPart] = [*parts, TextPart(text=f"{text}\n\n{sentence}")]
        case list(parts):
            content = [*parts, TextPart(text=sentence)]
        case _:
            content = f"{last.content or ''}\n\n{sentence}".strip()
    return [*messages[:-1], msgspec.structs.replace(last, content=content)]
