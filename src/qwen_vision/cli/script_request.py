"""The JSON request of the guide's scripts, turned into a chat request."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from qwen_vision.cli.script_defaults import ScriptDefaults
from qwen_vision.cli.structured import read_schema
from qwen_vision.client.structured import (
    JSON_INSTRUCTION,
    SCHEMA_INSTRUCTION,
    response_format,
    thinking_for,
)
from qwen_vision.errors import FileMissingError, UsageError
from qwen_vision.protocol.messages import Message
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
from qwen_vision.protocol.request import ChatRequest, decode_request


class ScriptFields(Struct):
    """The fields of a script's request that the chat dialect does not have at its top."""

    prompt: str | None = None
    image: str | list[str] | None = None
    images: list[str] = []
    video: str | None = None
    video_frames: list[str] = []
    fps: float | None = None
    detail: Detail | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    json_mode: bool = False
    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ScriptRequest:
    """A chat request, and how its answer is to be taken."""

    chat: ChatRequest
    streams: bool
    wants_json: bool


def read_script_request(options: argparse.Namespace, defaults: ScriptDefaults) -> ScriptRequest:
    """The request in --request or --file, with --schema, --json-mode and --stream.

    Raises UsageError, FileMissingError, or the dialect's error for a field of a wrong type.
    """
    fields, given = _read(options)
    schema = fields.schema if options.schema is None else read_schema(options.schema)
    json_mode = fields.json_mode or options.json_mode
    messages = list(given.messages)
    messages += _question(fields, defaults, has_messages=bool(messages))
    if schema is not None:
        _instruct(messages, SCHEMA_INSTRUCTION)
    elif json_mode:
        _instruct(messages, JSON_INSTRUCTION)
    model = given.model or defaults.model
    structured = schema is not None or json_mode
    wanted = response_format(model, schema=schema, json_mode=json_mode) or given.response_format
    chat = msgspec.structs.replace(
        given,
        model=model,
        messages=messages,
        stream=None,
        max_tokens=_max_tokens(given, defaults),
        temperature=defaults.temperature if given.temperature is None else given.temperature,
        response_format=wanted,
        enable_thinking=thinking_for(model, wanted=given.enable_thinking, structured=structured),
    )
    streams = options.stream or defaults.streams or given.stream or given.enable_thinking
    return ScriptRequest(
        chat=chat, streams=bool(streams), wants_json=structured or wanted is not None
    )


def _read(options: argparse.Namespace) -> tuple[ScriptFields, ChatRequest]:
    text = _source(options)
    try:
        raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        fields = msgspec.json.decode(text, type=ScriptFields)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"the request is no JSON object of the right shape: {error}. "
            'Give one like {"prompt": "What is this?", "image": "photo.jpg"}.'
        ) from error
    raw.setdefault("model", msgspec.Raw(b'""'))
    raw.setdefault("messages", msgspec.Raw(b"[]"))
    return fields, decode_request(msgspec.json.encode(raw))


def _source(options: argparse.Namespace) -> str:
    if (options.request is None) == (options.file is None):
        raise UsageError("give the request either as --request JSON or as --file FILE.")
    if options.request is not None:
        return str(options.request)
    try:
        return Path(options.file).read_text("utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileMissingError(path=options.file, reason=reason) from error
    except UnicodeDecodeError as error:
        raise FileMissingError(path=options.file, reason="it is not UTF-8 text") from error


def _question(
    fields: ScriptFields, defaults: ScriptDefaults, *, has_messages: bool
) -> list[Message]:
    content = _media(fields)
    if not content and fields.prompt is None:
        if has_messages:
            return []
        raise UsageError('the request asks nothing: give "prompt" and "image", "video" or both.')
    is_video = fields.video is not None or bool(fields.video_frames)
    prompt = fields.prompt or (defaults.video_prompt if is_video else defaults.image_prompt)
    return [Message(role="user", content=[*content, TextPart(text=prompt)])]


def _media(fields: ScriptFields) -> list[ContentPart]:
    first = [fields.image] if isinstance(fields.image, str) else fields.image or []
    parts: list[ContentPart] = [
        ImagePart(
            image_url=ImageUrl(url=_home(url), detail=fields.detail),
            min_pixels=fields.min_pixels,
            max_pixels=fields.max_pixels,
        )
        for url in [*first, *fields.images]
    ]
    if fields.video is not None:
        parts.append(
            VideoPart(
                video_url=VideoUrl(url=_home(fields.video)),
                fps=fields.fps,
                min_pixels=fields.min_pixels,
                max_pixels=fields.max_pixels,
            )
        )
    if fields.video_frames:
        parts.append(
            FramesPart(
                video=[_home(url) for url in fields.video_frames],
                fps=fields.fps,
                min_pixels=fields.min_pixels,
                max_pixels=fields.max_pixels,
            )
        )
    return parts


def _home(url: str) -> str:
    """In JSON no shell opens `~`."""
    return str(Path(url).expanduser()) if url.startswith("~/") else url


def _instruct(messages: list[Message], sentence: str) -> None:
    """Say what form the answer must have, at the end of the last message."""
    last = messages[-1]
    match last.content:
        case str(text):
            messages[-1] = msgspec.structs.replace(last, content=f"{text}\n\n{sentence}")
        case list(parts):
            messages[-1] = msgspec.structs.replace(last, content=[*parts, TextPart(text=sentence)])
        case None:
            messages.append(Message(role="user", content=sentence))


def _max_tokens(given: ChatRequest, defaults: ScriptDefaults) -> int | None:
    if given.max_tokens is None and given.max_completion_tokens is None:
        return defaults.max_tokens
    return given.max_tokens
