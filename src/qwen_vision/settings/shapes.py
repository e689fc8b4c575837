"""What each layer is handed: limits, places and times, with their defaults."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from qwen_vision.errors import SettingsError
from qwen_vision.settings.proxy import ProxySettings

MEBIBYTE = 1024 * 1024
MAX_DATA_URI_BYTES = 10_485_760
QUOTA_BYTES = 10 * 1024 * MEBIBYTE
BUCKET_REGION = "us-east-1"
SERVICE_NAME = "qwen-vision"


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
    region: str = BUCKET_REGION
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
    quota_bytes: int = QUOTA_BYTES
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
    `silence_timeout_s`, a whole answer may take `answer_timeout_s`. `proxies` says through what
    it is reached.
    """

    name: str
    urls: tuple[str, ...]
    profile: str = "openai"
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 5.0
    silence_timeout_s: float = 300.0
    answer_timeout_s: float = 600.0
    proxies: ProxySettings = field(default_factory=ProxySettings)


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
    """All that engines are built from.

    `threads` is how many one computation on the CPU may take; None: as many as there are cores.
    """

    media: MediaSettings = field(default_factory=MediaSettings)
    upstreams: tuple[UpstreamSettings, ...] = ()
    weights: WeightsSettings = field(default_factory=WeightsSettings)
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class RateSettings:
    """How much a key may ask in a minute; None: as much as it likes.

    Tokens are those of prompts and answers.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the server writes to stderr; requests are told at the level `info`."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """Where traces are sent: the whole URL of an OTLP receiver.

    `headers` may hold a key and never show in `repr`.
    """

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    service_name: str = SERVICE_NAME


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the server listens and what it takes.

    `keys` are the accepted API keys; with none, only a loopback `host` is allowed.
    `engine` answers for every model but those in `models`, which names an engine for each.
    With more than one of the `workers`, that many processes answer at the port, each for
    `max_concurrent` requests at a time; one whose event loop stands still for `worker_timeout_s`
    is replaced.
    `rates` hold for every key that is not in `key_rates`, and without keys for the server.
    Uploads need a `storage`. `public_url` is where callers find the server when a proxy stands
    before it; without one the `Host` of the request is taken.
    `body_timeout_s` is the time headers and a small body may take; large bodies get more.
    A caller who reads nothing of a stream for `stall_timeout_s` is given up.
    `stream_error_prefix` writes `data: ` before the body of an error that comes before the
    first event of a stream, as the service does.
    `metrics_key` is the only key for the page of metrics; without one that page is guarded as
    everything else. Requests are traced when there are `traces`.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    engine: str = "embedded"
    models: Mapping[str, str] = field(default_factory=dict)
    any_model: bool = False
    rates: RateSettings = RateSettings()
    key_rates: Mapping[str, RateSettings] = field(default_factory=dict, repr=False)
    max_body_bytes: int = 64 * MEBIBYTE
    max_concurrent: int = 64
    workers: int = 1
    worker_timeout_s: float = 60.0
    stop_grace_s: float = 30.0
    storage: StorageSettings | None = None
    public_url: str | None = None
    body_timeout_s: float = 30.0
    stall_timeout_s: float = 300.0
    stream_error_prefix: bool = False
    metrics_key: str | None = field(default=None, repr=False)
    log: LogSettings = field(default_factory=LogSettings)
    traces: TraceSettings | None = None

    def __post_init__(self) -> None:
        """Refuse an open server on an address others can reach."""
        if not self.keys and not _is_loopback(self.host):
            raise SettingsError(
                f"Without keys the server only listens on a loopback address, not on "
                f"'{self.host}'. Set QWEN_VISION_API_KEYS=key1,key2 or use --host 127.0.0.1.",
                param="host",
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
