"""Rates: how much each key may ask, from `qwen-vision.toml` and the options of `serve`."""

import argparse
import re
from collections.abc import Mapping
from typing import Final

from qwen_vision.cli.config import Config, LimitsTable
from qwen_vision.errors import SettingsError
from qwen_vision.settings import RateSettings

KEY_PREFIX: Final = "QWEN_VISION_API_KEY_"


def rates_of(config: Config, options: argparse.Namespace) -> RateSettings:
    """What a key may ask that has no limits of its own; the options win over the file."""
    said = LimitsTable(options.requests_per_minute, options.tokens_per_minute)
    return _rates(said, _rates(config.limits, RateSettings(), place="limits"), place="limits")


def key_rates(
    config: Config, general: RateSettings, environ: Mapping[str, str]
) -> dict[str, RateSettings]:
    """The keys that the file names, and what each may ask.

    A key stands in the variable that `key_env` names, or in QWEN_VISION_API_KEY_NAME. Raises
    SettingsError when it is not set there.
    """
    found: dict[str, RateSettings] = {}
    for name, table in config.keys.items():
        variable = table.key_env or KEY_PREFIX + re.sub(r"\W", "_", name).upper()
        key = environ.get(variable, "").strip()
        if not key:
            raise SettingsError(
                f"[keys.{name}] needs its key in {variable}, which is not set.",
                param=f"keys.{name}",
            )
        if key in found:
            raise SettingsError(
                f"[keys.{name}] has the key of another name in {variable}.",
                param=f"keys.{name}",
            )
        found[key] = _rates(table, general, place=f"keys.{name}")
    return found


def _rates(table: LimitsTable, general: RateSettings, *, place: str) -> RateSettings:
    return RateSettings(
        requests_per_minute=_limit(
            table.requests_per_minute,
            general.requests_per_minute,
            place=f"{place}.requests_per_minute",
        ),
        tokens_per_minute=_limit(
            table.tokens_per_minute, general.tokens_per_minute, place=f"{place}.tokens_per_minute"
        ),
    )


def _limit(said: int | None, general: int | None, *, place: str) -> int | None:
    if said is None:
        return general
    if said < 0:
        raise SettingsError(
            f"{place} is {said}; use a whole number, or 0 for no limit.", param=place
        )
    return said or None
