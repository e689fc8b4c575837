"""Settings from the environment: the only file that knows the names of its variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from qwen_vision.errors import SettingsError
from qwen_vision.settings.proxy import find_proxies
from qwen_vision.settings.remote import RemoteSettings, find_remote
from qwen_vision.settings.shapes import (
    BUCKET_REGION,
    MAX_DATA_URI_BYTES,
    MEBIBYTE,
    QUOTA_BYTES,
    SERVICE_NAME,
    BucketSettings,
    FetchSettings,
    MediaSettings,
    StorageSettings,
    TraceSettings,
    WeightsSettings,
)

# The first one that is set counts.
KEY_VARIABLES = ("QWEN_API_KEY", "DASHSCOPE_API_KEY")
ADDRESS_VARIABLES = ("QWEN_BASE_URL", "QWEN_REGION")
# Where weights are fetched from.
DEFAULT_HUB_URL = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an entry point hands down; built once from the environment."""

    remote: RemoteSettings | None = None
    media: MediaSettings = field(default_factory=MediaSettings)
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    storage: StorageSettings | None = None
    public_url: str | None = None
    weights: WeightsSettings = field(default_factory=WeightsSettings)
    hub_url: str = DEFAULT_HUB_URL
    metrics_key: str | None = field(default=None, repr=False)
    traces: TraceSettings | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Settings from environment variables; unknown ones are ignored.

        Raises SettingsError when a value cannot be used.
        """
        fetch = FetchSettings(
            allow_private_network=_flag(environ, "QWEN_VISION_ALLOW_PRIVATE_NETWORK"),
            allowed_domains=_names(environ, "QWEN_VISION_ALLOWED_DOMAINS"),
            denied_domains=_names(environ, "QWEN_VISION_DENIED_DOMAINS"),
            allowed_folder=_folder(environ, "QWEN_VISION_ALLOWED_FOLDER"),
        )
        media = MediaSettings(
            fetch=fetch,
            max_data_uri_bytes=_number(
                environ, "QWEN_VISION_MAX_DATA_URI_BYTES", MAX_DATA_URI_BYTES
            ),
        )
        return cls(
            remote=_remote(environ),
            media=media,
            keys=frozenset(_names(environ, "QWEN_VISION_API_KEYS")),
            storage=_storage(environ),
            public_url=_url(environ, "QWEN_VISION_PUBLIC_URL", like="https://vision.example.com"),
            weights=WeightsSettings(folder=_weights_folder(environ)),
            hub_url=_url(environ, "QWEN_VISION_HUB_URL", like=DEFAULT_HUB_URL) or DEFAULT_HUB_URL,
            metrics_key=environ.get("QWEN_VISION_METRICS_KEY", "").strip() or None,
            traces=_traces(environ),
        )


def read_env_file(text: str) -> dict[str, str]:
    """Variables of a `.env` file: `NAME=value` lines, `export` and quotes allowed, `#` comments."""
    found: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip().removeprefix("export ")
        name, equals, value = line.partition("=")
        if not equals or line.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        else:
            value = value.split(" #", 1)[0].rstrip()
        found[name.strip()] = value
    return found


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """This project's folder in the user's cache; None for a user without a home."""
    cache, home = environ.get("XDG_CACHE_HOME"), environ.get("HOME")
    if not cache and not home:
        return None
    base = Path(cache) if cache else Path(str(home)) / ".cache"
    return base / "qwen-vision"


def _remote(environ: Mapping[str, str]) -> RemoteSettings | None:
    key = next((environ[name] for name in KEY_VARIABLES if environ.get(name)), None)
    base_url = environ.get("QWEN_BASE_URL", "")
    if not key and not base_url:
        return None
    region = environ.get("QWEN_REGION", "")
    remote = find_remote(key=key, base_url=base_url, region=region, said="QWEN_REGION")
    return replace(remote, proxies=find_proxies(environ))


def _weights_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder that is named, or one in the user's cache."""
    named = environ.get("QWEN_VISION_WEIGHTS_FOLDER", "").strip()
    if named:
        return Path(named)
    cache = cache_folder(environ)
    return None if cache is None else cache / "weights"


def _url(environ: Mapping[str, str], name: str, *, like: str) -> str | None:
    url = environ.get(name, "").strip().rstrip("/") or None
    if url is not None and not url.startswith(("https://", "http://")):
        raise SettingsError(f"{name} is '{url}'; use an address like {like}.", param=name)
    return url


def _storage(environ: Mapping[str, str]) -> StorageSettings | None:
    """None without a place: no variable names one and there is no home folder."""
    named = environ.get("QWEN_VISION_STORAGE_FOLDER", "").strip()
    home = environ.get("XDG_STATE_HOME") or environ.get("HOME")
    if named:
        folder = Path(named)
    elif home:
        folder = Path(home) / ("" if environ.get("XDG_STATE_HOME") else ".local/state")
        folder = folder / "qwen-vision" / "uploads"
    else:
        return None
    quota_mb = _number(environ, "QWEN_VISION_STORAGE_QUOTA_MB", QUOTA_BYTES // MEBIBYTE)
    return StorageSettings(folder=folder, bucket=_bucket(environ), quota_bytes=quota_mb * MEBIBYTE)


def _bucket(environ: Mapping[str, str]) -> BucketSettings | None:
    place = environ.get("QWEN_VISION_BUCKET", "").strip().removeprefix("s3://")
    if not place:
        return None
    name, _, prefix = place.partition("/")
    return BucketSettings(
        name=name,
        prefix=prefix.strip("/"),
        region=environ.get("QWEN_VISION_BUCKET_REGION", "").strip() or BUCKET_REGION,
        endpoint=environ.get("QWEN_VISION_BUCKET_ENDPOINT", "").strip().rstrip("/") or None,
        access_key_id=environ.get("QWEN_VISION_BUCKET_KEY_ID") or None,
        access_key_secret=environ.get("QWEN_VISION_BUCKET_KEY_SECRET") or None,
        virtual_host=_flag(environ, "QWEN_VISION_BUCKET_VIRTUAL_HOST"),
    )


def _traces(environ: Mapping[str, str]) -> TraceSettings | None:
    """The receiver, by the variables of OpenTelemetry's own specification."""
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    if not endpoint and not base:
        return None
    url = endpoint or base.rstrip("/") + "/v1/traces"
    if not url.startswith(("https://", "http://")):
        name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" if endpoint else "OTEL_EXPORTER_OTLP_ENDPOINT"
        raise SettingsError(
            f"{name} is '{endpoint or base}'; use an address like http://127.0.0.1:4318.",
            param=name,
        )
    pairs = (pair.partition("=") for pair in _names(environ, "OTEL_EXPORTER_OTLP_HEADERS"))
    return TraceSettings(
        endpoint=url,
        headers={name.strip(): unquote(value.strip()) for name, _, value in pairs},
        service_name=environ.get("OTEL_SERVICE_NAME", "").strip() or SERVICE_NAME,
    )


def _names(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise SettingsError(f"{name} is '{value}'; use 1 or 0.", param=name)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit() or int(value) < 1:
        raise SettingsError(f"{name} is '{value}'; use a positive whole number.", param=name)
    return int(value)


def _folder(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "").strip()
    if not value:
        return None
    folder = Path(value)
    if not folder.is_dir():
        raise SettingsError(f"{name} is '{value}', which is not a folder.", param=name)
    return folder.resolve()
