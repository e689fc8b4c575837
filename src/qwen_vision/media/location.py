"""Location: an http(s) URL that may be asked for, normalised once and never parsed again."""

from dataclasses import dataclass

from yarl import URL

from qwen_vision.errors import DownloadRefusedError, MediaUrlError
from qwen_vision.media.address import is_literal, looks_numeric, may_connect
from qwen_vision.settings import FetchSettings

_MAX_URL_CHARS = 16_384
_MAX_AUTHORITY_CHARS = 512
_MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63
_HOST_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
# Characters that stand in a URL as they are (RFC 3986) and so need no quoting.
_URL_CHARS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"
)
# Below 1024 only the two ports of the web; above it those on which other protocols wait for
# a line that an HTTP request could forge (the fetch standard's list of bad ports).
_WEB_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024
_BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080}
    | set(range(6665, 6670))
)
# Names under which clouds serve the credentials of the machine, whatever they resolve to.
_METADATA_NAMES = (
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
)


@dataclass(frozen=True, slots=True)
class Location:
    """A checked place on the web. `host` is lower case, ASCII, without a trailing dot.

    `url` may carry a signature and is never logged; `host` may be.
    """

    url: URL
    host: str
    is_secure: bool


def locate(text: str, fetch: FetchSettings, *, param: str) -> Location:
    """Check everything about a URL that can be known before its host is resolved.

    Raises:
        MediaUrlError: Not an http or https URL.
        DownloadRefusedError: Credentials in it, a port, a host or a domain that is not allowed.
    """
    parsed = _parse(text, param=param)
    # Looked for in the text: the parser drops an empty user.
    if "@" in _authority(text):
        raise DownloadRefusedError(param=param)
    host = _normal_host(parsed, param=param)
    port = parsed.port or 0
    if not _is_open_port(port) or not _is_open_host(host, fetch):
        raise DownloadRefusedError(param=param)
    # Built anew from the checked parts: what is connected to is what was looked at.
    url = URL.build(
        scheme=parsed.scheme,
        host=host,
        port=port,
        path=parsed.raw_path,
        query_string=parsed.raw_query_string,
        encoded=True,
    )
    return Location(url=url, host=host, is_secure=parsed.scheme == "https")


def follow(location: Location, target: str, fetch: FetchSettings, *, param: str) -> Location:
    """Where a redirect leads, checked like the first address.

    Raises DownloadRefusedError, also for what is no URL and for a way back from https to http.
    """
    try:
        following = locate(str(location.url.join(_url(target))), fetch, param=param)
    except (MediaUrlError, ValueError):
        raise DownloadRefusedError(param=param) from None
    if location.is_secure and not following.is_secure:
        raise DownloadRefusedError(param=param)
    return following


def _url(text: str) -> URL:
    try:
        # A URL that needs no quoting goes out as it came in: its query may be signed.
        return URL(text, encoded=_URL_CHARS.issuperset(text))
    except IndexError as error:
        # yarl 1.25 lets one out for a host that is empty behind brackets: `//[]@`.
        raise ValueError from error


def _parse(text: str, *, param: str) -> URL:
    # Parsers disagree about tabs, line ends and backslashes; refuse, never repair.
    if len(text) > _MAX_URL_CHARS or "\\" in text or not text.isprintable():
        raise MediaUrlError(param=param)
    head = text[:8].lower()
    if not head.startswith(("http://", "https://")):
        raise MediaUrlError(param=param)
    # Names are short; making one ASCII takes time that grows faster than its length.
    if len(_authority(text)) > _MAX_AUTHORITY_CHARS:
        raise MediaUrlError(param=param)
    try:
        parsed = _url(text)
        # The port is read here because that is when the parser checks it.
        is_complete = bool(parsed.raw_host) and parsed.port is not None
    except ValueError:
        raise MediaUrlError(param=param) from None
    if not is_complete:
        raise MediaUrlError(param=param)
    return parsed


def _authority(text: str) -> str:
    """What stands between the scheme and the path of a URL."""
    return text.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]


def _normal_host(parsed: URL, *, param: str) -> str:
    try:
        # Full-width digits, ideographic dots and capitals become what the resolver would see.
        host = URL.build(scheme="http", host=parsed.raw_host or "").raw_host or ""
    except ValueError:
        raise MediaUrlError(param=param) from None
    host = host.lower().removesuffix(".")
    # Brackets hold an address; the parser would take any text in them for a name.
    if "[" in parsed.raw_authority and ":" not in host:
        raise MediaUrlError(param=param)
    if is_literal(host):
        return host
    labels = host.split(".")
    if ":" in host or "%" in host:
        # An IPv6 address with a zone, or a name with hidden characters.
        raise DownloadRefusedError(param=param)
    if (
        len(host) > _MAX_HOST_CHARS
        or not _HOST_CHARS.issuperset(host)
        or any(not 0 < len(label) <= _MAX_LABEL_CHARS for label in labels)
    ):
        raise MediaUrlError(param=param)
    return host


def _is_open_port(port: int) -> bool:
    return port in _WEB_PORTS or (port >= _FIRST_FREE_PORT and port not in _BAD_PORTS)


def _is_open_host(host: str, fetch: FetchSettings) -> bool:
    if is_literal(host):
        if not may_connect(host, allow_private=fetch.allow_private_network):
            return False
    elif looks_numeric(host) or host in _METADATA_NAMES:
        return False
    if _is_within(host, fetch.denied_domains):
        return False
    return not fetch.allowed_domains or _is_within(host, fetch.allowed_domains)


def _is_within(host: str, domains: tuple[str, ...]) -> bool:
    """Whether the host is one of the domains or lies under one."""
    for domain in domains:
        name = domain.strip().lower().strip(".").removeprefix("*.")
        if host == name or (host.endswith("." + name) and not is_literal(host)):
            return True
    return False
