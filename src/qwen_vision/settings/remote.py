"""Where a remote server is: its address, region and key."""

from dataclasses import dataclass, field

from qwen_vision.errors import SettingsError
from qwen_vision.settings.proxy import ProxySettings

DEFAULT_BASE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
REGION_BASE_URLS = {
    "cn-beijing": DEFAULT_BASE_URL,
    "ap-southeast-1": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "us-east-1": "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
}
REGION_NAMES = {"china": "cn-beijing", "international": "ap-southeast-1", "us": "us-east-1"}
ONE_ADDRESS = "none"
"""The region under which an address is used unchanged for both dialects."""


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Where a remote server is and with which key it is asked.

    `key` never shows in `repr`. `base_url` has no slash at its end. With `one_address` the
    native dialect is at the same address, otherwise at `/api/v1` of the same host. `proxies`
    says through what it is reached.
    """

    base_url: str
    key: str | None = field(default=None, repr=False)
    one_address: bool = False
    proxies: ProxySettings = field(default_factory=ProxySettings)

    @property
    def native_url(self) -> str:
        """Where the native dialect is, without a slash at the end; uploads belong to it."""
        if self.one_address:
            return self.base_url
        scheme, mark, rest = self.base_url.partition("://")
        return f"{scheme}{mark}{rest.partition('/')[0]}/api/v1"


def find_remote(
    *, key: str | None = None, base_url: str = "", region: str = "", said: str = "region"
) -> RemoteSettings:
    """The server of an address or a region; China's without either.

    An address wins over a region. One that is only a host gets the dialect's usual path. A
    region is a name such as `us-east-1`, or `china`, `international`, `us`; with `none` the
    address is used unchanged for both dialects. Raises SettingsError, naming `said`.
    """
    one_address = region == ONE_ADDRESS
    # A key read from a file ends with a line break.
    key = (key or "").strip() or None
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
