"""Whatever is sent, the door answers with a blob or with an error of our tree."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import string
import struct
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from qwen_vision.errors import DownloadRefusedError, MediaError
from qwen_vision.media.address import may_connect
from qwen_vision.media.location import follow, locate
from qwen_vision.media.nameserver import LookupFailedError, Nameserver, look_up
from qwen_vision.media.source import Sources
from qwen_vision.settings import FetchSettings, MediaSettings

if TYPE_CHECKING:
    from qwen_vision.media.blob import Blob

# Only names under this one may be fetched, so that no guess of the fuzzer leaves the machine;
# port 1 of this loopback address is closed, so that no name under it is found.
CLOSED = FetchSettings(allowed_domains=("fuzz.test",), nameservers=("127.0.0.1:1",))
PIECES = st.sampled_from(
    ["http://", "https://", "HTTP:", "//", "@", ":", "\\", "[", "]", "::1", "127.0.0.1", "%", "%00",
     "0x7f", "fuzz.test", ".", "..", "?", "#", "/", "xn--", "。", "ⓐ", "\u200b", "\udc80", "\0",
     "\r\n", "file:", "oss:", "data:", ";base64", ",", "aGk=", "80", "99999", "é", " "]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(codec=None), max_size=200),
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=8).map(lambda pieces: "http://" + "".join(pieces)),
    st.text(string.printable, max_size=60).map(lambda text: "https://" + text),
)


async def _load(url: str, fetch: FetchSettings = CLOSED) -> Blob | None:
    sources = Sources(MediaSettings(fetch=fetch))
    try:
        return await sources.load(
            url, kind="image", max_bytes=10_000, local_files=False, uploads=None, param="p"
        )
    except MediaError:
        return None
    finally:
        await sources.aclose()


@settings(max_examples=400)
@given(TEXTS)
def test_any_text_is_loaded_or_refused(text: str) -> None:
    asyncio.run(_load(text))


@settings(max_examples=1000)
@given(TEXTS)
def test_a_located_host_is_a_plain_name_or_an_allowed_address(text: str) -> None:
    try:
        location = locate(text, FetchSettings(), param="p")
    except MediaError:
        return
    assert location.url.raw_host == location.host
    assert set(location.host) <= set(string.ascii_lowercase + string.digits + "-_.:")
    if ":" in location.host or location.host.replace(".", "").isdigit():
        assert may_connect(location.host, allow_private=False)
    assert location.url.raw_user is None
    assert str(location.url).isascii()
    # Located again it is the same place: there is one reading of it.
    assert locate(str(location.url), FetchSettings(), param="p") == location


@settings(max_examples=200)
@given(TEXTS)
def test_any_redirect_is_followed_or_refused(target: str) -> None:
    start = locate("https://cats.test/a/b", FetchSettings(), param="p")
    try:
        location = follow(start, target, FetchSettings(), param="p")
    except DownloadRefusedError:
        return
    assert location.is_secure


@settings(max_examples=300)
@given(st.binary(max_size=3000), st.sampled_from(["", "image/png", "x;y=z"]))
def test_any_bytes_survive_a_data_uri(raw: bytes, kind: str) -> None:
    blob = asyncio.run(_load(f"data:{kind};base64,{base64.b64encode(raw).decode()}"))
    assert blob is not None
    assert blob.data == raw


@settings(max_examples=100)
@given(st.text(max_size=100))
def test_any_text_after_data_is_decoded_or_refused(text: str) -> None:
    asyncio.run(_load("data:" + text))
    asyncio.run(_load("data:;base64," + text))


@settings(max_examples=500)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_address_is_open_that_the_standard_library_calls_local(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if may_connect(str(address), allow_private=False):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@pytest.mark.parametrize(
    "intro", [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"]
)
@settings(max_examples=60)
@given(reply=st.binary(max_size=300))
def test_any_answer_of_a_web_server_is_loaded_or_refused(intro: bytes, reply: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(intro + reply + b"\r\n\r\n" + reply)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        fetch = FetchSettings(
            allow_private_network=True, allowed_domains=("127.0.0.1",), total_timeout_s=5
        )
        await _load(f"http://127.0.0.1:{port}/", fetch)
        server.close()

    asyncio.run(run())


class Garbage(asyncio.DatagramProtocol):
    """Answers each question with a right header and then anything."""

    def __init__(self, counts: tuple[int, int], rest: bytes) -> None:
        self.counts, self.rest = counts, rest

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        flags, answers = self.counts
        header = data[:2] + struct.pack("!HHHHH", flags & ~0x0200, 1, answers, 0, 0)
        cast("asyncio.DatagramTransport", self.transport).sendto(
            header + data[12:] + self.rest, addr
        )


@settings(max_examples=60)
@given(st.tuples(st.just(0x8180), st.integers(0, 65_535)), st.binary(max_size=200))
def test_any_answer_of_a_nameserver_is_addresses_or_a_failed_lookup(
    counts: tuple[int, int], rest: bytes
) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Garbage(counts, rest), local_addr=("127.0.0.1", 0)
        )
        server = Nameserver("127.0.0.1", transport.get_extra_info("sockname")[1])
        try:
            found = await asyncio.to_thread(look_up, "cats.test", (server,))
            assert all(ipaddress.ip_address(address) for address in found)
        except LookupFailedError:
            pass
        finally:
            transport.close()

    asyncio.run(run())
