"""Settings: the only file that knows the names of environment variables."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qwen_vision.errors import SettingsError

DEFAULT_BASE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
REGION_BASE_URLS = {
    "cn-beijing": DEFAULT_BASE_URL,
    "ap-southeast-1": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "us-east-1": "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
}
REGION_NAMES = {"china": "cn-beijing", "international": "ap-southeast-1", "us": "us-east-1"}
ONE_ADDRESS = "none"
"""The region under which an address is used unchanged for both dialects."""
# The first one that is set counts.
KEY_VARIABLES = ("QWEN_API_KEY", "DASHSCOPE_API_KEY")
ADDRESS_VARIABLES = ("QWEN_BASE_URL", "QWEN_REGION")
# Where weights are fetched from.
DEFAULT_HUB_URL = "https://huggingface.co"
MEBIBYTE = 1024 * 1024
MAX_DATA_URI_BYTES = 10_485_760


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Where a remote server is and with which key it is asked.

    `key` never shows in `repr`. `base_url` has no slash at its end. With `one_address` the
    native dialect is at the same address, otherwise at `/api/v1` of the same host.
    """

    base_url: str
    key: str | None = field(default=None, repr=False)
    one_address: bool = False

    @property
    def native_url(self) -> str:
        """Where the native dialect is, without a slash at the end; uploads belong to it."""
        if self.one_address:
            return self.base_url
        scheme, mark, rest = self.base_url.partition("://")
        return f"{scheme}{mark}{rest.partition('/')[0]}/api/v1"


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How far the media door goes when it fetches a URL. Times in seconds, sizes in bytes."""

    allow_private_network: bool = False
    allowed_domains: tuple[str, ...] = ()
    denied_domains: tuple[str, ...] = ()
    allowed_folder: Path | None = None
    nameservers: tuple[str, ...] = ()
    max_redirects: int = 3
    connect_timeout_s: float = 5.0
    first_byte_timeout_s: float = 15.0
    total_timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Limits of the media door that are the server's own, beside the model's."""

    fetch: FetchSettings = field(default_factory=FetchSettings)
    max_decode_px: int = 134_217_728
    max_data_uri_bytes: int = MAX_DATA_URI_BYTES
    request_memory_bytes: int = 1024 * MEBIBYTE
    process_memory_bytes: int = 3 * 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """An S3-compatible bucket that holds the uploaded bytes instead of the folder.

    `endpoint` is needed for any service but Amazon's. `virtual_host` puts the bucket's name
    into the host name, as Alibaba's OSS wants it. The keys never show in `repr`.
    """

    name: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    access_key_secret: str | None = field(default=None, repr=False)
    virtual_host: bool = False


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Temporary storage of uploads: where, how much, for how long.

    `folder` holds the index, the secret and, without a `bucket`, the files. A policy is
    announced for `policy_life_s` and still taken `policy_grace_s` later, as the service does.
    A file is resolved for `life_s`, and stays `read_grace_s` longer for whoever reads it.
    """

    folder: Path
    bucket: BucketSettings | None = None
    max_file_bytes: int = 100 * MEBIBYTE
    quota_bytes: int = 10 * 1024 * MEBIBYTE
    life_s: float = 48 * 3600.0
    read_grace_s: float = 900.0
    policy_life_s: float = 300.0
    policy_grace_s: float = 1200.0
    sweep_every_s: float = 600.0
    requests_per_s: int = 100


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """A server of the dialect that answers for this one; several `urls` serve the same model.

    `profile` names what kind of server it is; `model` what it calls the model (None: what
    the caller said). The key never shows in `repr`. A stream may be silent for
    `silence_timeout_s`, a whole answer may take `answer_timeout_s`.
    """

    name: str
    urls: tuple[str, ...]
    profile: str = "openai"
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 5.0
    silence_timeout_s: float = 300.0
    answer_timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class WeightsSettings:
    """How weights of one's own are run in this process.

    `folder` keeps what was downloaded. More than one thread helps only on an idle machine.
    Each of the `slots` answers one request at a time and remembers `context_tokens`.
    """

    folder: Path | None = None
    threads: int = 1
    slots: int = 2
    context_tokens: int = 8192


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """All that engines are built from."""

    media: MediaSettings = field(default_factory=MediaSettings)
    upstreams: tuple[UpstreamSettings, ...] = ()
    weights: WeightsSettings = field(default_factory=WeightsSettings)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the server listens and what it takes.

    `keys` are the accepted API keys; with none, only a loopback `host` is allowed.
    `engine` answers for every model but those in `models`, which names an engine for each.
    Uploads need a `storage`. `public_url` is where callers find the server when a proxy stands
    before it; without one the `Host` of the request is taken.
    `body_timeout_s` is the time headers and a small body may take; large bodies get more.
    A caller who reads nothing of a stream for `stall_timeout_s` is given up.
    `stream_error_prefix` writes `data: ` before the body of an error that comes before the
    first event of a stream, as the service does.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    engine: str = "embedded"
    models: Mapping[str, str] = field(default_factory=dict)
    any_model: bool = False
    max_body_bytes: int = 64 * MEBIBYTE
    max_concurrent: int = 64
    stop_grace_s: float = 30.0
    storage: StorageSettings | None = None
    public_url: str | None = None
    body_timeout_s: float = 30.0
    stall_timeout_s: float = 300.0
    stream_error_prefix: bool = False

    def __post_init__(self) -> None:
        """Refuse an open server on an address others can reach."""
        if not self.keys and not _is_loopback(self.host):
            raise SettingsError(
                f"Without keys the server only listens on a loopback address, not on "
                f"'{self.host}'. Set QWEN_VISION_API_KEYS=key1,key2 or use --host 127.0.0.1.",
                param="host",
            )


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
            public_url=environ.get("QWEN_VISION_PUBLIC_URL", "").strip().rstrip("/") or None,
            weights=WeightsSettings(folder=_weights_folder(environ)),
            hub_url=_hub_url(environ),
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


def _remote(environ: Mapping[str, str]) -> RemoteSettings | None:
    key = next((environ[name] for name in KEY_VARIABLES if environ.get(name)), None)
    base_url = environ.get("QWEN_BASE_URL", "")
    if not key and not base_url:
        return None
    region = environ.get("QWEN_REGION", "")
    return find_remote(key=key, base_url=base_url, region=region, said="QWEN_REGION")


def find_remote(
    *, key: str | None = None, base_url: str = "", region: str = "", said: str = "region"
) -> RemoteSettings:
    """The server of an address or a region; China's without either.

    An address wins over a region. One that is only a host gets the dialect's usual path. A
    region is a name such as `us-east-1`, or `china`, `international`, `us`; with `none` the
    address is used unchanged for both dialects. Raises SettingsError, naming `said`.
    """
    one_address = region == ONE_ADDRESS
    if base_url:
        address = base_url.rstrip("/")
        host = address.partition("://")[2]
        if host and "/" not in host and not one_address:
            address += "/compatible-mode/v1" if host.endswith(".aliyuncs.com") else "/v1"
        return RemoteSettings(base_url=address, key=key, one_address=one_address)
    if not region or one_address:
        return RemoteSettings(base_url=DEFAULT_BASE_URL, key=key)
    name = REGION_NAMES.get(region, region)
    if name not in REGION_BASE_URLS:
        known = ", ".join((*REGION_BASE_URLS, *REGION_NAMES))
        raise SettingsError(
            f"{said} is '{region}'. Known regions: {known}. For another one set QWEN_BASE_URL.",
            param=said,
        )
    return RemoteSettings(base_url=REGION_BASE_URLS[name], key=key)


def _weights_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder that is named, or one in the user's cache."""
    named = environ.get("QWEN_VISION_WEIGHTS_FOLDER", "").strip()
    if named:
        return Path(named)
    cache, home = environ.get("XDG_CACHE_HOME"), environ.get("HOME")
    if not cache and not home:
        return None
    base = Path(cache) if cache else Path(str(home)) / ".cache"
    return base / "qwen-vision" / "weights"


def _hub_url(environ: Mapping[str, str]) -> str:
    url = environ.get("QWEN_VISION_HUB_URL", "").strip().rstrip("/") or DEFAULT_HUB_URL
    if not url.startswith(("https://", "http://")):
        raise SettingsError(
            f"QWEN_VISION_HUB_URL is '{url}'; use an address like {DEFAULT_HUB_URL}.",
            param="QWEN_VISION_HUB_URL",
        )
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
    quota_mb = _number(environ, "QWEN_VISION_STORAGE_QUOTA_MB", 10 * 1024)
    return StorageSettings(folder=folder, bucket=_bucket(environ), quota_bytes=quota_mb * MEBIBYTE)


def _bucket(environ: Mapping[str, str]) -> BucketSettings | None:
    place = environ.get("QWEN_VISION_BUCKET", "").strip().removeprefix("s3://")
    if not place:
        return None
    name, _, prefix = place.partition("/")
    return BucketSettings(
        name=name,
        prefix=prefix.strip("/"),
        region=environ.get("QWEN_VISION_BUCKET_REGION", "").strip() or "us-east-1",
        endpoint=environ.get("QWEN_VISION_BUCKET_ENDPOINT", "").strip().rstrip("/") or None,
        access_key_id=environ.get("QWEN_VISION_BUCKET_KEY_ID") or None,
        access_key_secret=environ.get("QWEN_VISION_BUCKET_KEY_SECRET") or None,
        virtual_host=_flag(environ, "QWEN_VISION_BUCKET_VIRTUAL_HOST"),
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
