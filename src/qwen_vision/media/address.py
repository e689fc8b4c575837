"""Which network addresses the media door may connect to."""

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# IPv4 blocks that are not the public internet (IANA special-purpose registry), plus the
# addresses at which clouds serve credentials. 168.63.129.16 lies in public space: Azure's
# host answers there from inside a virtual machine.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# IPv6 is judged the other way round: only global unicast is open, which leaves out mapped,
# compatible, NAT64, unique local, site-local, link-local and multicast addresses at once.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
# Inside global unicast: protocol assignments with Teredo and ORCHID, documentation, 6to4.
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# What an intranet uses; opened by `allow_private_network`.
_PRIVATE: tuple[Network, ...] = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
    ipaddress.IPv6Network("::1/128"),
    ipaddress.IPv6Network("fc00::/7"),
)
# Amazon's metadata over IPv6 lies inside the unique local block and stays closed with it open.
_METADATA_V6 = ipaddress.IPv6Network("fd00:ec2::/32")


def may_connect(host: str, *, allow_private: bool) -> bool:
    """Whether a connection to this literal IP address is allowed.

    `host` is an address as the socket layer writes it. A text that is no plain address (a
    name, a zone, an odd notation) is not allowed. `allow_private` opens loopback, the three
    private IPv4 blocks and IPv6 unique local addresses, and nothing else.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if allow_private and address not in _METADATA_V6 and any(address in net for net in _PRIVATE):
        return True
    return _is_public(address)


def is_literal(host: str) -> bool:
    """Whether a host of a URL is an IP address in its one canonical notation."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def looks_numeric(host: str) -> bool:
    """Whether a resolver could read this host as an IPv4 number: `127.1`, `0x7f.1`, `2130706433`.

    Rule: the last label is all digits or a hexadecimal number (WHATWG URL, "ends in a number").
    """
    last = host.rpartition(".")[2].lower()
    digits = last.removeprefix("0x")
    if digits != last:
        return all(char in "0123456789abcdef" for char in digits)
    return last.isdigit()


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in net for net in _CLOSED_V4)
    # A zone id names a link of this machine; nothing public has one.
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return not any(address in net for net in _CLOSED_V6)
