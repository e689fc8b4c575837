"""Body: what is sent upstream; the caller's own bytes unless something must change."""

from typing import Any, Final

import msgspec

from qwen_vision.engines.base import Prompt
from qwen_vision.engines.upstream.adapt import adapt_messages, must_adapt
from qwen_vision.engines.upstream.profile import Profile
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.parts import FramesPart, ImagePart, VideoPart
from qwen_vision.protocol.request import ChatRequest

# Additions of this project that no other server knows.
_OURS: Final = ("media_receipt", "structured_thinking")
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
        fields["messages"] = await adapt_messages(request, prompt.opening, profile)
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
    if profile.pixels == "processor":
        limits = _pixel_limits(request)
        if limits:
            changes["mm_processor_kwargs"] = limits
    return changes


def _thinking(prompt: Prompt, profile: Profile) -> dict[str, Any]:
    """The thinking switch where this server has it; nothing when the default says the same."""
    asked = prompt.request.enable_thinking
    if profile.thinking == "top":
        # A default that the pipeline has overruled must be said aloud.
        if asked is None and prompt.thinking != prompt.model.thinks_by_default:
            return {"enable_thinking": prompt.thinking}
        return {} if asked in (None, prompt.thinking) else {"enable_thinking": prompt.thinking}
    found: dict[str, Any] = {} if asked is None else {"enable_thinking": None}
    if profile.thinking == "template" and prompt.model.thinking in ("on", "off"):
        found["chat_template_kwargs"] = {"enable_thinking": prompt.thinking}
    return found


def _pixel_limits(request: ChatRequest) -> dict[str, int]:
    """Limits of the first part that has any: these servers take one set for all."""
    for message in request.messages:
        for part in message.content if isinstance(message.content, list) else ():
            if isinstance(part, ImagePart | VideoPart | FramesPart):
                inside = getattr(part, "image_url", None) or getattr(part, "video_url", None)
                limits = {
                    name: value
                    for name in ("min_pixels", "max_pixels")
                    if (value := getattr(part, name) or getattr(inside, name, None))
                }
                if limits:
                    return limits
    return {}


def _strip_pixels(messages: list[JsonObject]) -> None:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            for place in (part, part.get("image_url"), part.get("video_url")):
                for name in _PIXELS if isinstance(place, dict) else ():
                    place.pop(name, None)
