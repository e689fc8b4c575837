"""Which URLs are asked for at all: schemes, credentials, ports, domains, odd characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import DownloadRefusedError, MediaUrlError

if TYPE_CHECKING:
    from tests.media.sources.conftest import Dns, Loader, Web


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "cat", "http:", "http:/", "http://", "http:///cat.png", "http:127.0.0.1/",
        "http:/127.0.0.1/", "https://", "http://?x", "http://#x",
        "ftp://127.0.0.1/cat.png", "gopher://127.0.0.1:70/_x", "dict://127.0.0.1:2628/",
        "ldap://127.0.0.1/", "ws://127.0.0.1/", "unix:///var/run/docker.sock", "sftp://a/b",
        "jar:http://127.0.0.1!/", "view-source://a", "blob://a", "about:blank", "javascript:1",
        "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:8o/", "http://[::1/",
        "http://::1/", "http://[]/", "http://[]@", "http://[v1.x]/",
        "http://a..b/", "http://.a/", "http://a b/",
        "http://a<b/", "http://" + "a" * 64 + ".test/", "http://" + "a." * 130 + "test/",
        "http://xn--a\u200b/", "http://a\tb/", "http://a\r\nHost: b/", "http://a/\x00",
        "http://a/b\nc", " http://a.test/", "http://a.test/ \u00a0", "http://a.test/\ud800",
        "http://a.test/" + "x" * 20_000, "http://" + "ⓐ" * 5000,
        "HTTP:\\\\127.0.0.1\\", "http:\\\\127.0.0.1/",
    ],
)  # fmt: skip
async def test_what_is_no_url_of_the_web_gets_the_words_of_the_dialect(
    url: str, loader: Loader
) -> None:
    with pytest.raises(MediaUrlError) as caught:
        await loader.open(url)
    assert caught.value.message == (
        "The provided URL does not appear to be valid. Ensure it is correctly formatted."
    )
    assert caught.value.param == "messages[0].content[0]"


@pytest.mark.parametrize("user", ["user@", "user:word@", ":@", "@", "public.test@", "a@b@", "%40@"])
async def test_credentials_in_a_url_are_refused(user: str, loader: Loader, web: Web) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.open(f"http://{user}127.0.0.1:{web.port}/cat.png")
    assert web.connections == 0


@pytest.mark.parametrize(
    "port",
    [0, 1, 21, 22, 23, 25, 53, 110, 111, 139, 143, 389, 445, 587, 993, 1023, 2049, 6000, 6667],
)
async def test_a_port_of_another_protocol_is_refused(port: int, loader: Loader) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.open(f"http://127.0.0.1:{port}/cat.png")


async def test_a_plain_picture_is_fetched(loader: Loader, web: Web) -> None:
    blob = await loader.open(web.url())
    assert blob.data is not None
    assert blob.data.startswith(b"\x89PNG")
    assert (blob.source, blob.size_bytes) == ("http", len(blob.data))


async def test_a_name_is_fetched_over_its_nameserver(loader: Loader, web: Web, dns: Dns) -> None:
    dns.zone["cats.test"] = [["127.0.0.1"]]
    blob = await loader.open(web.url(host="cats.test"))
    assert blob.size_bytes > 0
    assert b"\r\nHost: cats.test:" in web.requests[0]


@pytest.mark.parametrize(
    "host", ["CATS.test", "cats.test.", "\uff43\uff41\uff54\uff53.test", "cats。test"]
)
async def test_a_name_is_normalised_before_it_is_asked_for(
    *, host: str, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["cats.test"] = [["127.0.0.1"]]
    await loader.open(web.url(host=host))
    assert b"\r\nHost: cats.test:" in web.requests[0]


async def test_a_signed_query_goes_out_byte_for_byte(loader: Loader, web: Web) -> None:
    signed = "/a%7Eb%2fc.png?Signature=x%2BY%2f%7e+z%3D&Expires=1&a=%20"
    await loader.open(web.url(signed + "#part"))
    assert web.requests[0].split(b" ")[1] == signed.encode()


async def test_a_path_with_spaces_and_chinese_is_quoted(loader: Loader, web: Web) -> None:
    await loader.open(web.url("/猫 1.png?q=é"))
    assert web.requests[0].split(b" ")[1] == b"/%E7%8C%AB%201.png?q=%C3%A9"


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        (("cats.test",), "cats.test"),
        (("cats.test",), "cdn.cats.test"),
        (("Cats.Test",), "CDN.cats.TEST"),
        ((".cats.test",), "cdn.cats.test"),
        (("*.cats.test",), "cdn.cats.test"),
        (("dogs.test", "cats.test"), "cats.test."),
        (("127.0.0.1",), "127.0.0.1"),
    ],
)
async def test_an_allowed_domain_and_those_under_it_are_fetched(
    *, allowed: tuple[str, ...], host: str, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone |= {"cats.test": [["127.0.0.1"]], "cdn.cats.test": [["127.0.0.1"]]}
    await loader.open(web.url(host=host), allowed_domains=allowed)
    assert web.connections == 1


@pytest.mark.parametrize(
    "host",
    ["dogs.test", "badcats.test", "cats.test.evil.test", "cats.tes", "test", "127.0.0.1", "[::1]"],
)
async def test_a_domain_that_is_not_allowed_is_refused_unasked(
    *, host: str, loader: Loader, web: Web, dns: Dns
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url(host=host), allowed_domains=("cats.test",))
    assert web.connections == 0
    assert dns.questions == []


@pytest.mark.parametrize(
    "host", ["cats.test", "cdn.cats.test", "CATS.TEST.", "\uff43ats.test", "127.0.0.1"]
)
async def test_a_denied_domain_is_refused_even_when_allowed(
    *, host: str, loader: Loader, web: Web, dns: Dns
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.open(
            web.url(host=host),
            allowed_domains=("test", "127.0.0.1"),
            denied_domains=("cats.test", "127.0.0.1"),
        )
    assert web.connections == 0
    assert dns.questions == []
