"""Which proxy a request leaves through, by the variables that most tools know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from qwen_vision.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The proxy for `https` and for `http` addresses, and the hosts of `direct` without one.

    Proxies may hold a password and never show in `repr`. `direct` is what NO_PROXY holds: hosts
    separated by commas, each for itself and all below it, with a port if it is only that one;
    networks such as 10.0.0.0/8; `*` is every host.
    """

    https: str | None = field(default=None, repr=False)
    http: str | None = field(default=None, repr=False)
    direct: str = ""

    def for_url(self, url: str) -> str | None:
        """The proxy for this address; None: it is asked directly, as this machine always is.

        Raises SettingsError for a proxy that is no http:// address.
        """
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        if proxy is None or not parts.hostname or _is_here(parts.hostname):
            return None
        names = (name.strip().lower() for name in self.direct.split(","))
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if any(_covers(name, parts.hostname, port) for name in names if name):
            return None
        return _checked(proxy)


def find_proxies(environ: Mapping[str, str]) -> ProxySettings:
    """The proxies of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, but for the hosts of NO_PROXY.

    Names in small letters win, as with curl.
    """

    def said(*names: str) -> str | None:
        found = (environ.get(spelt, "").strip() for name in names for spelt in (name.lower(), name))
        return next((value for value in found if value), None)

    return ProxySettings(
        https=said("HTTPS_PROXY", "ALL_PROXY"),
        http=said("HTTP_PROXY", "ALL_PROXY"),
        direct=said("NO_PROXY") or "",
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _covers(name: str, host: str, port: int) -> bool:
    if name == "*":
        return True
    if "/" in name:
        try:
            return ip_address(host) in ip_network(name, strict=False)
        except ValueError:
            return False
    bare = name.removeprefix("*").removeprefix(".")
    return any(said == bare or said.endswith(f".{bare}") for said in (host, f"{host}:{port}"))


def _checked(proxy: str) -> str:
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(address)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # The address itself may hold a password.
        raise SettingsError(
            "The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used: write it "
            "like http://proxy:3128 (no SOCKS, no https://), or name the host in NO_PROXY.",
            param="proxy",
        )
    return address
