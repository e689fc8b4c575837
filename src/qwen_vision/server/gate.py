"""The gate: keys, and for a server without keys the host and origin a request names."""

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from qwen_vision.errors import CrossSiteError, IncorrectKeyError, MissingKeyError
from qwen_vision.server.exchange import Exchange
from qwen_vision.settings import ServerSettings

# Health must be readable by whoever watches the process; it tells nothing else.
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
# Uploads go here without a key: the signed policy in the form stands for one.
OBJECTS_PATH: Final = "/api/v1/uploads/objects"
METRICS_PATH: Final = "/metrics"


class Gate:
    """Lets a request in or raises.

    With keys, every path but health and the signed uploads needs one of them; the metrics may
    have a key of their own, which is good for nothing else. Without keys
    the server listens on loopback only, and a web page elsewhere could still reach it through
    the browser: by a foreign name that resolves to 127.0.0.1, or by a plain cross-site POST.
    Both are refused.
    """

    def __init__(self, settings: ServerSettings) -> None:
        """Check against the keys of `settings`."""
        self._keys = tuple(key.encode() for key in settings.keys)
        own = settings.metrics_key
        # With a key of its own the page of metrics is not for callers.
        self._metrics_keys = self._keys if own is None else (own.encode(),)

    def check(self, exchange: Exchange) -> None:
        """Raises MissingKeyError, IncorrectKeyError or CrossSiteError."""
        path = exchange.scope["path"]
        if path in OPEN_PATHS:
            return
        if not self._keys:
            self._check_site(exchange.headers)
        keys = self._metrics_keys if path == METRICS_PATH else self._keys
        if keys and path != OBJECTS_PATH:
            self._check_key(exchange.headers, keys)

    def _check_key(self, headers: Mapping[bytes, bytes], keys: Iterable[bytes]) -> None:
        given = bearer(headers).encode("latin-1")
        if not given:
            raise MissingKeyError
        known = False
        for key in keys:
            # Every key is compared: the time taken tells nothing about which one was near.
            known |= hmac.compare_digest(given, key)
        if not known:
            raise IncorrectKeyError

    def _check_site(self, headers: Mapping[bytes, bytes]) -> None:
        host = headers.get(b"host")
        if host is not None and not is_here(b"//" + host):
            raise CrossSiteError(header="Host", value=_shown(host))
        origin = headers.get(b"origin")
        if origin is not None and not is_here(origin):
            raise CrossSiteError(header="Origin", value=_shown(origin))


# Callers send the same few hosts over and over.
@lru_cache(maxsize=256)
def is_here(url: bytes) -> bool:
    """Whether the host of a URL is a name or an address of the loopback."""
    try:
        name = urlsplit(url.decode("latin-1")).hostname
    except ValueError:
        return False
    if name is None:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def bearer(headers: Mapping[bytes, bytes]) -> str:
    """The key the caller sent; empty without one."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    return given.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def _shown(value: bytes) -> str:
    return value[:100].decode("ascii", "backslashreplace")
