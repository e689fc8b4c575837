"""Brings pixels from the colour space of their ICC profile to sRGB."""

import io
from functools import lru_cache
from itertools import product

from PIL import Image, ImageCms

from qwen_vision.media.items import Pixels

# The colour space a profile must be of to describe pixels of a mode.
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# Profiles of presses hold tables of up to a few megabytes.
_MOST_BYTES = 8 * 1024 * 1024
_KEPT = 16
# What moves no colour by more than this, of 255, is sRGB under whatever name.
_UNSEEN = 3
_STEPS = (0, 51, 102, 153, 204, 255)
_PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError, MemoryError)


def to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    """The picture in RGB as `profile` says its colours look; opacity stays.

    It comes back as it was where the profile is broken, of another kind than the pixels, or
    sRGB itself. Takes grey, RGB and CMYK of 8 bits, the first two with or without opacity.
    """
    plain = {"LA": "L", "RGBA": "RGB"}.get(pixels.mode, pixels.mode)
    if plain not in _SPACES or len(profile) > _MOST_BYTES:
        return pixels
    way = _way(profile, plain)
    if way is None:
        return pixels
    opaque = pixels if plain == pixels.mode else pixels.convert(plain)
    changed = way.apply(opaque)
    if plain != pixels.mode:
        changed.putalpha(pixels.getchannel("A"))
    return changed


@lru_cache(maxsize=_KEPT)
def _way(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from the profile to sRGB; None where there is none, or it changes nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        way = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if _is_srgb(way, mode) else way
    except _PROFILE_ERRORS:
        return None


def _is_srgb(way: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether no colour of a regular sample is changed to be seen."""
    if mode == "CMYK":
        return False
    if mode == "L":
        sample = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        colours = bytes(shade for colour in product(_STEPS, repeat=3) for shade in colour)
        sample = Image.frombytes("RGB", (len(_STEPS) ** 3, 1), colours)
    pairs = zip(sample.convert("RGB").tobytes(), way.apply(sample).tobytes(), strict=True)
    return all(abs(before - after) <= _UNSEEN for before, after in pairs)
