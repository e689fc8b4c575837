"""Profile: what one kind of upstream server takes, as data."""

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

from qwen_vision.errors import SettingsError
from qwen_vision.media.sniff import Format


class Profile(Struct, frozen=True):
    """What a kind of server takes; profiles.toml says what each field means."""

    name: str
    thinking: Literal["top", "template", "none"]
    pixels: Literal["part", "processor", "none"]
    media: frozenset[Literal["data", "http", "oss"]]
    video: Literal["url", "frames"]
    frame_list: Literal["video", "film", "frames"]
    forces_tools: bool
    json_schema: bool
    drop: frozenset[str]
    pictures: frozenset[Format] = frozenset()
    turns: bool = True
    pdf: bool = False
    structured_thinking: bool = False
    logprobs: bool = False
    least_top_logprobs: int = 0
    guidance: bool = False
    thinking_budget: str = "thinking_budget"
    repetition_penalty: str = "repetition_penalty"


@cache
def profiles() -> dict[str, Profile]:
    """Every known profile by name."""
    text = resources.files(__package__ or "").joinpath("profiles.toml").read_text("utf-8")
    return {
        name: msgspec.convert({"name": name, **facts}, Profile)
        for name, facts in tomllib.loads(text).items()
    }


def find_profile(name: str) -> Profile:
    """The profile with this name; raises SettingsError with the known names."""
    found = profiles().get(name)
    if found is None:
        known = ", ".join(profiles())
        raise SettingsError(
            f"There is no upstream profile '{name}'. Known: {known}.", param="profile"
        )
    return found
