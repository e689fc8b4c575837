"""Which addresses may be connected to, however they are written and wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import DownloadRefusedError, MediaUrlError
from qwen_vision.media.address import may_connect

if TYPE_CHECKING:
    from tests.media.sources.conftest import Dns, Loader, Web

REFUSED = {
    "this host": "0.0.0.0",  # noqa: S104 - an address to refuse, nothing is bound
    "this network": "0.1.2.3",
    "loopback": "127.0.0.1",
    "loopback, elsewhere": "127.8.9.10",
    "private 10": "10.0.0.1",
    "private 172.16": "172.16.0.1",
    "private 172.31": "172.31.255.254",
    "private 192.168": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "carrier-grade NAT, last": "100.127.255.254",
    "link-local": "169.254.1.1",
    "metadata of most clouds": "169.254.169.254",
    "metadata of containers": "169.254.170.2",
    "metadata of Alibaba Cloud": "100.100.100.200",
    "host of Azure": "168.63.129.16",
    "metadata of Oracle": "192.0.0.192",
    "protocol assignments": "192.0.0.8",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "6to4 relay": "192.88.99.1",
    "benchmarking": "198.18.0.1",
    "benchmarking, last": "198.19.255.254",
    "multicast": "224.0.0.1",
    "multicast, last": "239.255.255.250",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "v6 mapped loopback": "::ffff:127.0.0.1",
    "v6 mapped metadata": "::ffff:169.254.169.254",
    "v6 mapped public": "::ffff:8.8.8.8",
    "v6 compatible": "::127.0.0.1",
    "v6 translated": "::ffff:0:127.0.0.1",
    "NAT64 loopback": "64:ff9b::7f00:1",
    "NAT64 metadata": "64:ff9b::a9fe:a9fe",
    "NAT64 local": "64:ff9b:1::1",
    "discard": "100::1",
    "Teredo": "2001:0:7f00:1::1",
    "ORCHID": "2001:20::1",
    "v6 benchmarking": "2001:2::1",
    "v6 documentation": "2001:db8::1",
    "v6 documentation, new": "3fff::1",
    "6to4 loopback": "2002:7f00:1::1",
    "6to4 metadata": "2002:a9fe:a9fe::1",
    "segment routing": "5f00::1",
    "unique local fc": "fc00::1",
    "unique local fd": "fd12:3456::1",
    "metadata of Amazon over v6": "fd00:ec2::254",
    "v6 link-local": "fe80::1",
    "v6 site-local": "fec0::1",
    "v6 multicast": "ff02::1",
}
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255",
    "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111",
    "2001:4860:4860::8888", "2400:3200::1", "2001:200::1",
]  # fmt: skip
ODD_LOOPBACK = [
    "2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "127.1", "127.0.1",
    "127.000.000.001", "0x7f.1", "127.0.0.0x1", "127.0.0.1.", "0", "00.0.0.0", "127.0.0.1.1",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127。0。0。1", "①②⑦.0.0.1",
    "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
    "[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]", "127.0.0.1%2e", "127.0.0.1%00.public.test",
]  # fmt: skip


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
async def test_an_address_that_is_not_public_is_refused_in_a_url(
    address: str, loader: Loader, web: Web
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url(host=_in_url(address)))
    assert web.connections == 0


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
async def test_an_address_that_is_not_public_is_refused_behind_a_name(
    *, address: str, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["cat.test"] = [[address]]
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url(host="cat.test"))
    assert web.connections == 0
    assert "cat.test" in dns.questions


@pytest.mark.parametrize("host", ODD_LOOPBACK)
async def test_an_odd_notation_of_an_address_is_refused(
    host: str, loader: Loader, web: Web
) -> None:
    with pytest.raises((DownloadRefusedError, MediaUrlError)):
        await loader.closed(web.url(host=host))
    assert web.connections == 0


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1%25lo]"]
)
async def test_an_odd_notation_is_refused_on_an_intranet_too(
    host: str, loader: Loader, web: Web
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url(host=host))
    assert web.connections == 0


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert may_connect(address, allow_private=False)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.0.9", "::1", "fd12::1", "8.8.8.8"]
)
def test_the_private_network_can_be_opened(address: str) -> None:
    assert may_connect(address, allow_private=True)


@pytest.mark.parametrize(
    "name",
    [name for name in REFUSED if not name.startswith(("loopback", "private", "unique local"))],
)
def test_opening_the_private_network_opens_nothing_else(name: str) -> None:
    assert may_connect(REFUSED[name], allow_private=True) == (REFUSED[name] == "::1")


@pytest.mark.parametrize("text", ["localhost", "", "127.1", "fe80::1%eth0", "2606:4700::1%1"])
def test_only_plain_addresses_may_be_connected_to(text: str) -> None:
    assert not may_connect(text, allow_private=False)


@pytest.mark.parametrize(
    "addresses",
    [
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::1"],
        ["2400:3200::1", "10.0.0.1"],
    ],
    ids=str,
)
async def test_one_private_address_refuses_the_whole_host(
    *, addresses: list[str], loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["mixed.test"] = [addresses]
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url(host="mixed.test"))
    assert web.connections == 0


async def test_an_alias_to_a_private_address_is_refused(loader: Loader, web: Web, dns: Dns) -> None:
    dns.aliases["alias.test"] = "inside.test"
    dns.zone["inside.test"] = [["127.0.0.1"]]
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url(host="alias.test"))
    assert web.connections == 0


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "ⓛocalhost", "l\u24c4calhost"]
)
async def test_localhost_is_refused_through_the_resolver_of_the_system(
    host: str, loader: Loader, web: Web
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url(host=host), nameservers=())
    assert web.connections == 0


@pytest.mark.parametrize(
    "name",
    ["metadata.google.internal", "METADATA.google.internal.", "metadata.goog", "metadata",
     "instance-data.ec2.internal", "metadata.tencentyun.com"],
)  # fmt: skip
async def test_a_name_that_serves_credentials_is_refused_unasked(
    *, name: str, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone[name.lower().rstrip(".")] = [["127.0.0.1"]]
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url(host=name))
    assert web.connections == 0
    assert dns.questions == []
