"""Limits in `qwen-vision.toml`: which key gets which, and what is wrong with a file."""

import argparse
import tomllib

import msgspec
import pytest

from qwen_vision.cli.config import Config
from qwen_vision.cli.rates import key_rates, rates_of
from qwen_vision.errors import SettingsError
from qwen_vision.settings import RateSettings

FILE = """
[limits]
requests_per_minute = 60
tokens_per_minute = 100_000

[keys.alice]
key_env = "ALICE_KEY"
requests_per_minute = 600

[keys.night-shift]
tokens_per_minute = 0
"""
ENVIRON = {"ALICE_KEY": "sk-alice", "QWEN_VISION_API_KEY_NIGHT_SHIFT": "sk-night"}


def read(text: str) -> Config:
    return msgspec.convert(tomllib.loads(text), Config)


def options(requests: int | None = None, tokens: int | None = None) -> argparse.Namespace:
    return argparse.Namespace(requests_per_minute=requests, tokens_per_minute=tokens)


def test_a_named_key_has_the_general_limits_where_it_says_nothing() -> None:
    config = read(FILE)
    general = rates_of(config, options())
    assert general == RateSettings(60, 100_000)
    assert key_rates(config, general, ENVIRON) == {
        "sk-alice": RateSettings(600, 100_000),
        "sk-night": RateSettings(60, None),
    }


def test_options_win_over_the_file() -> None:
    assert rates_of(read(FILE), options(requests=5)) == RateSettings(5, 100_000)
    assert rates_of(Config(), options()) == RateSettings()


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        (FILE, {"ALICE_KEY": "sk-alice"}, "QWEN_VISION_API_KEY_NIGHT_SHIFT, which is not set"),
        ("[limits]\nrequests_per_minute = -1", {}, "limits.requests_per_minute is -1"),
        (
            FILE,
            {**ENVIRON, "QWEN_VISION_API_KEY_NIGHT_SHIFT": "sk-alice"},
            "has the key of another name",
        ),
    ],
)
def test_what_is_wrong_is_named(*, text: str, environ: dict[str, str], words: str) -> None:
    config = read(text)
    with pytest.raises(SettingsError, match=words) as caught:
        key_rates(config, rates_of(config, options()), environ)
    assert "sk-alice" not in caught.value.message
