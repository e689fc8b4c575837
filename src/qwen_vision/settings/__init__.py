"""Settings: what each layer is handed, and how the environment fills it."""

from qwen_vision.settings.environment import (
    ADDRESS_VARIABLES,
    KEY_VARIABLES,
    Settings,
    cache_folder,
    read_env_file,
)
from qwen_vision.settings.proxy import ProxySettings, find_proxies
from qwen_vision.settings.remote import (
    DEFAULT_BASE_URL,
    RemoteSettings,
    find_remote,
)
from qwen_vision.settings.shapes import (
    MEBIBYTE,
    BucketSettings,
    EngineSettings,
    FetchSettings,
    LogSettings,
    MediaSettings,
    RateSettings,
    ServerSettings,
    StorageSettings,
    TraceSettings,
    UpstreamSettings,
    WeightsSettings,
)

__all__ = [
    "ADDRESS_VARIABLES",
    "DEFAULT_BASE_URL",
    "KEY_VARIABLES",
    "MEBIBYTE",
    "BucketSettings",
    "EngineSettings",
    "FetchSettings",
    "LogSettings",
    "MediaSettings",
    "ProxySettings",
    "RateSettings",
    "RemoteSettings",
    "ServerSettings",
    "Settings",
    "StorageSettings",
    "TraceSettings",
    "UpstreamSettings",
    "WeightsSettings",
    "cache_folder",
    "find_proxies",
    "find_remote",
    "read_env_file",
]
