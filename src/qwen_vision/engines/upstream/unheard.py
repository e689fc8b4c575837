"""What a caller asked for and the upstream is not told, because its kind knows no such thing."""

from collections.abc import Iterator

from qwen_vision.engines.base import Prompt
from qwen_vision.engines.upstream.adapt import takes
from qwen_vision.engines.upstream.body import given_limits
from qwen_vision.engines.upstream.profile import Profile
from qwen_vision.protocol.messages import placed_parts
from qwen_vision.protocol.parts import ImagePart, VideoPart

_PICTURE = ("min_pixels", "max_pixels")
_VIDEO = (*_PICTURE, "total_pixels", "fps")


def unheard_note(prompt: Prompt, profile: Profile) -> tuple[str, ...]:
    """A note for the receipt that names what had no effect; empty when all had."""
    names = dict.fromkeys((*_parameters(prompt, profile), *_pixels(prompt, profile)))
    if not names:
        return ()
    return (f"Without effect, as servers of the kind {profile.name} know none: {', '.join(names)}",)


def _parameters(prompt: Prompt, profile: Profile) -> Iterator[str]:
    request = prompt.request
    if request.enable_thinking and profile.thinking == "none":
        yield "enable_thinking"
    if request.vl_high_resolution_images and profile.pixels == "none":
        yield "vl_high_resolution_images"
    for name in sorted(profile.drop - {"vl_high_resolution_images"}):
        if getattr(request, name, None):
            yield name


def _pixels(prompt: Prompt, profile: Profile) -> Iterator[str]:
    """Limits beside parts that go on as they came: what is adapted here keeps to them."""
    if profile.pixels != "none" or prompt.exact_sizes:
        return
    for _, part in placed_parts(prompt.request.messages):
        if isinstance(part, ImagePart | VideoPart) and takes(part, profile):
            yield from given_limits(part, *(_PICTURE if isinstance(part, ImagePart) else _VIDEO))
