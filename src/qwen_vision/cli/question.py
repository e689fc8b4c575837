"""Question: the chat request that the words and options of a command make."""

import argparse
from collections.abc import Sequence
from typing import Any

from qwen_vision.cli.inputs import Item
from qwen_vision.cli.structured import read_schema
from qwen_vision.client.structured import response_format, thinking_for, with_instruction
from qwen_vision.errors import UsageError
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import (
    ContentPart,
    FramesPart,
    ImagePart,
    ImageUrl,
    TextPart,
    VideoPart,
    VideoUrl,
)
from qwen_vision.protocol.request import ChatRequest


def build_request(
    options: argparse.Namespace, *, items: Sequence[Item], prompt: str, model: str
) -> ChatRequest:
    """The request; raises UsageError for options that do not fit the items."""
    schema = None if options.schema is None else read_schema(options.schema)
    given: dict[str, Any] = vars(options)
    json_mode = given.get("json_mode", False)
    text = with_instruction(prompt, schema=schema, json_mode=json_mode)
    content = [*_parts(given, items), TextPart(text=text)]
    messages = [Message(role="user", content=content)]
    if given.get("system"):
        messages.insert(0, Message(role="system", content=given["system"]))
    structured = schema is not None or json_mode
    return ChatRequest(
        model=model,
        messages=messages,
        max_tokens=options.max_tokens,
        temperature=given.get("temperature"),
        seed=given.get("seed"),
        enable_thinking=thinking_for(model, wanted=given.get("thinking"), structured=structured),
        thinking_budget=given.get("thinking_budget"),
        vl_high_resolution_images=given.get("high_resolution") or None,
        response_format=response_format(model, schema=schema, json_mode=json_mode),
        media_receipt=given.get("receipt") or None,
        coordinates=given.get("coordinates"),
    )


def item_names(request: ChatRequest, items: Sequence[Item]) -> dict[str, str]:
    """From the path of each content part to the name the user knows it by."""
    last = len(request.messages) - 1
    content = request.messages[last].content or ()
    at = f"messages[{last}].content"
    if content and isinstance(content[0], FramesPart):
        names = {f"{at}[0].video[{index}]": item.name for index, item in enumerate(items)}
        return {**names, f"{at}[0]": "the frames"}
    return {f"{at}[{index}]": item.name for index, item in enumerate(items)}


def _parts(given: dict[str, Any], items: Sequence[Item]) -> list[ContentPart]:
    fps, frames = given.get("fps"), given.get("frames", False)
    has_video = frames or any(item.kind == "video" for item in items)
    if fps is not None and not has_video:
        raise UsageError("--fps is for videos and --frames; there is neither here.")
    if given["pages"] is not None and not any(item.kind == "document" for item in items):
        raise UsageError("--pages is for PDF documents; there is none here.")
    if frames:
        if any(item.kind != "image" for item in items):
            raise UsageError("--frames takes pictures only; leave it out for videos and PDFs.")
        return [
            FramesPart(
                video=[item.url for item in items],
                fps=fps,
                min_pixels=given["min_pixels"],
                max_pixels=given["max_pixels"],
            )
        ]
    return [_part(given, item) for item in items]


def _part(given: dict[str, Any], item: Item) -> ContentPart:
    if item.kind == "video":
        return VideoPart(
            video_url=VideoUrl(url=item.url),
            fps=given.get("fps"),
            min_pixels=given["min_pixels"],
            max_pixels=given["max_pixels"],
        )
    return ImagePart(
        image_url=ImageUrl(url=item.url, detail=given.get("detail")),
        min_pixels=given["min_pixels"],
        max_pixels=given["max_pixels"],
        pages=given["pages"] if item.kind == "document" else None,
    )
