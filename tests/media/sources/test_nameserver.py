"""The stub resolver: aliases, long answers, several servers, broken answers."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import DownloadError
from qwen_vision.media.nameserver import LookupFailedError, Nameserver, look_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.media.sources.conftest import Dns, Loader, Web


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1", "127.0.0.1", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("::1", "::1", 53),
        ("[::1]", "::1", 53),
        ("[::1]:5353", "::1", 5353),
    ],
)
def test_a_nameserver_is_read_with_and_without_a_port(text: str, host: str, port: int) -> None:
    assert Nameserver.parse(text) == Nameserver(host, port)


async def _look_up(name: str, *servers: str) -> list[str]:
    nameservers = tuple(Nameserver.parse(server) for server in servers)
    return await asyncio.to_thread(look_up, name, nameservers)


async def test_all_addresses_of_both_families_are_returned(dns: Dns) -> None:
    dns.zone["cats.test"] = [["127.0.0.1", "::1", "127.0.0.2"]]
    assert await _look_up("cats.test", dns.address) == ["127.0.0.1", "127.0.0.2", "::1"]


async def test_an_alias_is_followed(dns: Dns) -> None:
    dns.aliases["www.cats.test"] = "cats.test"
    dns.zone["cats.test"] = [["127.0.0.1"]]
    assert await _look_up("www.cats.test", dns.address) == ["127.0.0.1"]


async def test_a_cut_answer_is_asked_for_again_over_tcp(dns: Dns) -> None:
    dns.cut.add("many.test")
    dns.zone["many.test"] = [[f"127.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]]
    assert len(await _look_up("many.test", dns.address)) == 1000


async def test_the_next_nameserver_is_asked_when_one_is_closed(dns: Dns) -> None:
    dns.zone["cats.test"] = [["127.0.0.1"]]
    assert await _look_up("cats.test", "127.0.0.3:1", dns.address) == ["127.0.0.1"]


@pytest.mark.parametrize("name", ["nobody.test", "empty.test"])
async def test_a_name_without_an_address_is_a_failed_lookup(name: str, dns: Dns) -> None:
    dns.zone["empty.test"] = [[]]
    with pytest.raises(LookupFailedError):
        await _look_up(name, dns.address)


def _header(message: bytes, flags: int, answers: int, *, questions: int = 1) -> bytes:
    return message[:2] + struct.pack("!HHHHH", flags, questions, answers, 0, 0) + message[12:]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "server failure": lambda message: _header(message, 0x8182, 0),
    "refused": lambda message: _header(message, 0x8185, 0),
    "no answer at all": lambda message: message,
    "two questions": lambda message: _header(message, 0x8180, 0, questions=2),
    "cut in a record": lambda message: _header(message, 0x8180, 1) + b"\xc0\x0c\x00\x01",
    "cut in a name": lambda message: _header(message, 0x8180, 1) + b"\x3fabc",
    "short address": lambda message: (
        _header(message, 0x8180, 1)
        + b"\xc0\x0c"
        + message[-4:]
        + struct.pack("!IH", 0, 2)
        + b"\1\2"
    ),
    "many promised": lambda message: _header(message, 0x8180, 65_535),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_answer_is_a_failed_download(
    broken: str, *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.raw["broken.test"] = BROKEN[broken]
    with pytest.raises(DownloadError):
        await loader.open(web.url(host="broken.test"))
    assert web.connections == 0


@pytest.mark.parametrize(
    "forge",
    [
        lambda message: bytes((message[0] ^ 1,)) + _header(message, 0x8180, 0)[1:],
        lambda message: _header(message, 0x8180, 0).replace(b"forged", b"other1"),
        lambda message: b"",
    ],
    ids=["another number", "another question", "nothing"],
)
async def test_an_answer_to_something_else_is_not_taken(
    forge: Callable[[bytes], bytes], dns: Dns
) -> None:
    dns.raw["forged.test"] = forge
    dns.zone["forged.test"] = [["127.0.0.1"]]
    # The forged one comes first, the true one after it.
    original = dns.datagram_received

    def both(data: bytes, addr: tuple[str, int]) -> None:
        original(data, addr)
        assert dns.transport is not None
        dns.transport.sendto(dns.reply(data, cut=False), addr)

    dns.datagram_received = both  # type: ignore[method-assign]
    assert await _look_up("forged.test", dns.address) == ["127.0.0.1"]
