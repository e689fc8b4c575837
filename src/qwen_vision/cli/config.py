"""Config: reads `qwen-vision.toml` and `--upstream` into settings for the server's engines."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import ModelNotFoundError, SettingsError, UsageError
from qwen_vision.settings import UpstreamSettings, WeightsSettings, find_proxies

DEFAULT_FILE: Final = Path("qwen-vision.toml")
KEY_PREFIX: Final = "QWEN_VISION_UPSTREAM_KEY_"
_URL: Final = re.compile(r"https?://[^\s/]+")
# Names and hosts that say by themselves which kind of server they are.
_PROFILES: Final = ("dashscope", "vllm", "sglang", "llama-server", "ollama", "qwen-vision")


class UpstreamTable(Struct, forbid_unknown_fields=True):
    """`[upstream.NAME]`: one address or several, the kind of server, its model and key."""

    url: str | list[str]
    profile: str | None = None
    model: str | None = None
    key_env: str | None = None


class WeightsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[weights]`: how weights of one's own are run."""

    folder: str | None = None
    threads: int = WeightsSettings().threads
    slots: int = WeightsSettings().slots
    context_tokens: int = WeightsSettings().context_tokens


class LimitsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[limits]`: what every key may ask in a minute; 0 is without end."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class KeyTable(LimitsTable, frozen=True, forbid_unknown_fields=True):
    """`[keys.NAME]`: where a key stands, and what it may ask where that differs."""

    key_env: str | None = None


class Config(Struct, forbid_unknown_fields=True):
    """The whole file: an engine for all models, others for some, what they are, and limits."""

    engine: str | None = None
    models: dict[str, str] = {}
    upstream: dict[str, UpstreamTable] = {}
    weights: WeightsTable = WeightsTable()
    limits: LimitsTable = LimitsTable()
    keys: dict[str, KeyTable] = {}


def read_config(path: Path | None) -> Config:
    """The configuration in `path`, or in ./qwen-vision.toml if there is one.

    Raises SettingsError naming the file and the place in it.
    """
    if path is None:
        if not DEFAULT_FILE.is_file():
            return Config()
        path = DEFAULT_FILE
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Config)
    except OSError as error:
        raise SettingsError(f"Cannot read '{path}': {error.strerror}.", param="config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"'{path}' cannot be used: {error}. See docs/guides/upstreams.md.", param="config"
        ) from error


def upstreams(
    config: Config, flags: Sequence[str], environ: Mapping[str, str]
) -> tuple[UpstreamSettings, ...]:
    """Every upstream of the file and of the `--upstream NAME=URL` flags; flags win.

    The key of an upstream stands in the variable that `key_env` names, or in
    QWEN_VISION_UPSTREAM_KEY_NAME.
    """
    tables = dict(config.upstream)
    for flag in flags:
        name, equals, url = flag.partition("=")
        if not equals or not name:
            raise UsageError(f"--upstream takes NAME=URL, got '{flag}'.")
        tables[name] = UpstreamTable(url=url)
    return tuple(_upstream(name, table, environ) for name, table in tables.items())


def check_models(config: Config, *, any_model: bool) -> None:
    """Raises SettingsError for a model that no request could name."""
    for name in config.models:
        try:
            find_model(name, any_model=any_model)
        except ModelNotFoundError as error:
            raise SettingsError(
                f"[models] names '{name}', which is no model of the dialect. See: qwen-vision "
                "models. With --any-model other names are served too.",
                param="models",
            ) from error


def weights(config: Config, *, folder: Path | None = None) -> WeightsSettings:
    """How weights are run, by the file; `folder` holds them when it names no other."""
    table = config.weights
    if min(table.threads, table.slots, table.context_tokens) < 1:
        raise SettingsError(
            "[weights] takes whole numbers from 1 up for threads, slots and context_tokens.",
            param="weights",
        )
    return WeightsSettings(
        folder=folder if table.folder is None else Path(table.folder).expanduser(),
        threads=table.threads,
        slots=table.slots,
        context_tokens=table.context_tokens,
    )


def _upstream(name: str, table: UpstreamTable, environ: Mapping[str, str]) -> UpstreamSettings:
    urls = (table.url,) if isinstance(table.url, str) else tuple(table.url)
    if not urls:
        raise SettingsError(
            f"The upstream '{name}' has no address; give it a url, or a list of them.",
            param=f"upstream.{name}.url",
        )
    for url in urls:
        if not _URL.match(url):
            raise SettingsError(
                f"The upstream '{name}' has the address '{url}'; use one like "
                "http://127.0.0.1:8000/v1.",
                param=f"upstream.{name}.url",
            )
    variable = table.key_env or KEY_PREFIX + re.sub(r"\W", "_", name).upper()
    return UpstreamSettings(
        name=name,
        urls=urls,
        profile=table.profile or _guess_profile(name, urls[0]),
        model=table.model,
        key=environ.get(variable) or None,
        proxies=find_proxies(environ),
    )


def _guess_profile(name: str, url: str) -> str:
    host = url.partition("://")[2].partition("/")[0]
    for profile in _PROFILES:
        if profile in name.lower() or profile in host:
            return profile
    return "openai"
