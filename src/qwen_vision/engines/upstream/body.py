"""Body: what is sent upstream; the caller's own bytes unless something must change."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from qwen_vision.engines.base import Prompt
from qwen_vision.engines.upstream.adapt import adapt_messages, must_adapt, takes
from qwen_vision.engines.upstream.profile import Profile
from qwen_vision.protocol.messages import JsonObject, placed_parts
from qwen_vision.protocol.parts import ImagePart, VideoPart
from qwen_vision.protocol.request import ChatRequest

# Additions of this project that no other server knows.
_OURS: Final = ("media_receipt", "structured_thinking")
# What the grammar cannot hold of a schema is left to the check of the finished answer, and free
# white space is forbidden: a model could fill an answer with it. Other libraries ignore this.
_GUIDANCE: Final[JsonObject] = {
    "whitespace_flexible": False,
    "lenient": True,
    "coerce_one_of": True,
}
_PIXELS: Final = ("min_pixels", "max_pixels", "total_pixels", "fps")


async def upstream_body(prompt: Prompt, profile: Profile, *, model: str | None) -> bytes:
    """JSON for the upstream. Raises MediaError for media that cannot be adapted."""
    request = prompt.request
    if prompt.opening is not None and prompt.opening.resolves_uploads:
        # What was uploaded to this server is not there at another.
        profile = msgspec.structs.replace(profile, media=profile.media - {"oss"})
    if prompt.exact_sizes and profile.pixels != "part":
        # It resizes by rules of its own, which leave a picture of the final size as it is.
        profile = msgspec.structs.replace(profile, media=frozenset())
    adapts = must_adapt(request, profile)
    changes = _changes(prompt, profile, model=model)
    if prompt.body is not None and not changes and not adapts:
        return prompt.body
    request = prompt.whole_request()
    fields: JsonObject = msgspec.to_builtins(request)
    if adapts:
        adapted = await adapt_messages(request, prompt.opening, profile)
        fields["messages"] = adapted.messages
        changes |= adapted.beside
    if profile.pixels != "part":
        _strip_pixels(fields["messages"])
    for name, value in changes.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return msgspec.json.encode(fields)


def _changes(prompt: Prompt, profile: Profile, *, model: str | None) -> dict[str, Any]:
    """Fields that must be set, or taken away (None)."""
    request = prompt.request
    changes: dict[str, Any] = {}
    ours = () if profile.name == "qwen-vision" else _OURS
    for name in (*profile.drop, *ours):
        if getattr(request, name, None) is not None:
            changes[name] = None
    if model is not None and model != request.model:
        changes["model"] = model
    changes |= _thinking(prompt, profile)
    changes |= _renamed(request, profile)
    if profile.pixels == "processor":
        changes |= _processor(prompt, profile)
    return changes


def _renamed(request: ChatRequest, profile: Profile) -> dict[str, Any]:
    """What the server knows under another name, or must be asked for in another way."""
    found: dict[str, Any] = {}
    penalty, name = request.repetition_penalty, profile.repetition_penalty
    if penalty is not None and name != "repetition_penalty":
        found |= {"repetition_penalty": None, name: penalty}
    if request.logprobs and (request.top_logprobs or 0) < profile.least_top_logprobs:
        found["top_logprobs"] = profile.least_top_logprobs
    wanted = request.response_format
    if profile.guidance and wanted is not None and wanted.json_schema is not None:
        fields: JsonObject = msgspec.to_builtins(wanted)
        schema = {**(wanted.json_schema.schema or {}), "x-guidance": _GUIDANCE}
        fields["json_schema"]["schema"] = schema
        found["response_format"] = fields
    return found


def _thinking(prompt: Prompt, profile: Profile) -> dict[str, Any]:
    """The thinking switch where this server has it; nothing when the default says the same."""
    asked = prompt.request.enable_thinking
    if profile.thinking == "top":
        # A default that the pipeline has overruled must be said aloud.
        if asked is None and prompt.thinking != prompt.model.thinks_by_default:
            return {"enable_thinking": prompt.thinking}
        return {} if asked in (None, prompt.thinking) else {"enable_thinking": prompt.thinking}
    found: dict[str, Any] = {} if asked is None else {"enable_thinking": None}
    if profile.thinking == "template":
        # Models with no choice are told too: where the answer begins, a parser must know.
        found["chat_template_kwargs"] = {"enable_thinking": prompt.thinking}
    budget = prompt.request.thinking_budget
    if budget is not None and profile.thinking_budget != "thinking_budget":
        found["thinking_budget"] = None
        if prompt.thinking:
            found[profile.thinking_budget] = budget
    return found


def _processor(prompt: Prompt, profile: Profile) -> dict[str, Any]:
    """Limits of the first part that has any: these servers take one set for all.

    To them `max_pixels` of a video is what all its frames have together: `total_pixels`.
    High resolution is a limit for every picture.
    """
    request = prompt.request
    for _, part in placed_parts(request.messages):
        if isinstance(part, ImagePart):
            limits = given_limits(part, "min_pixels", "max_pixels")
            if request.vl_high_resolution_images:
                limits["max_pixels"] = prompt.model.pixels.image.high_resolution
            if limits:
                return {"mm_processor_kwargs": limits}
        elif isinstance(part, VideoPart) and takes(part, profile):
            limits = given_limits(part, "fps", "total_pixels")
            if limits:
                return _video_limits(limits)
    return {}


def given_limits(part: ImagePart | VideoPart, *names: str) -> dict[str, float]:
    """What a part says under these names, beside or inside its reference."""
    return {
        name: value
        for name in names
        if (value := getattr(part, name) or getattr(part.reference, name)) is not None
    }


def _video_limits(given: Mapping[str, float]) -> dict[str, Any]:
    found: dict[str, Any] = {"mm_processor_kwargs": {}}
    if "total_pixels" in given:
        found["mm_processor_kwargs"]["max_pixels"] = given["total_pixels"]
    if "fps" in given:
        # Frames are taken twice: when the file is read, and of what was read.
        found["mm_processor_kwargs"]["fps"] = given["fps"]
        found["media_io_kwargs"] = {"video": {"fps": given["fps"]}}
    return found


def _strip_pixels(messages: list[JsonObject]) -> None:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            for place in (part, part.get("image_url"), part.get("video_url")):
                for name in _PIXELS if isinstance(place, dict) else ():
                    place.pop(name, None)
