"""Redirects: followed by hand, bounded, and each place checked like the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import DownloadError, DownloadRefusedError

if TYPE_CHECKING:
    import asyncio

    from tests.media.sources.conftest import Dns, Loader, Script, Web


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(status: int, loader: Loader, web: Web) -> None:
    web.answers["/a"] = web.redirect("/b.png", status)
    blob = await loader.open(web.url("/a"))
    assert blob.size_bytes > 0
    assert [request.split(b" ")[1] for request in web.requests] == [b"/a", b"/b.png"]


@pytest.mark.parametrize(
    ("target", "path"),
    [("b.png", b"/x/b.png"), ("../b.png", b"/b.png"), ("?q=%2B", b"/x/a?q=%2B"), ("./", b"/x/")],
)
async def test_a_relative_redirect_is_joined(
    target: str, path: bytes, *, loader: Loader, web: Web
) -> None:
    web.answers["/x/a"] = web.redirect(target)
    if path.startswith(b"/x/a"):
        web.answers["/x/a"] = _first(web.redirect(target), web.answer())
    await loader.open(web.url("/x/a"))
    assert web.requests[1].split(b" ")[1] == path


def _first(*replies: bytes) -> Script:
    left = list(replies)

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0))

    return write


async def test_three_redirects_are_followed_and_the_fourth_is_not(loader: Loader, web: Web) -> None:
    for number in range(5):
        web.answers[f"/{number}"] = web.redirect(f"/{number + 1}")
    assert (await loader.open(web.url("/2"))).size_bytes > 0
    web.requests.clear()
    with pytest.raises(DownloadError):
        await loader.open(web.url("/1"))
    assert len(web.requests) == 4


async def test_a_redirect_in_a_circle_ends(loader: Loader, web: Web) -> None:
    web.default = web.redirect("/again")
    with pytest.raises(DownloadError):
        await loader.open(web.url())
    assert len(web.requests) == 4


REFUSED_TARGETS = [
    "http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/", "http://[fd00:ec2::254]/", "http://metadata.google.internal/",
    "http://0.0.0.0/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://100.64.0.1/",
    "http://[fe80::1]/", "http://[64:ff9b::7f00:1]/", "http://224.0.0.1/", "http://2130706433/",
    "http://0x7f.1/", "http://127.1/", "http://user@127.0.0.1/", "http://@127.0.0.1/",
    "//169.254.169.254/", "//user:word@127.0.0.1/", "http://127.0.0.1:22/",
    "http://127.0.0.1:6000/",
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/",
    "data:image/png;base64,aGk=",
    "oss://key/cat.png", "javascript:1", "http://", "http://[::1/", "//[]@", "http:\\\\127.0.0.1\\",
    "http://127.0.0.1\\@public.test/", "http://\u00e9 x/", "http://link.test/",
    "http://mixed.test/",
]  # fmt: skip


@pytest.mark.parametrize("target", REFUSED_TARGETS)
async def test_a_redirect_is_checked_like_the_first_address(
    target: str, *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone |= {"link.test": [["169.254.169.254"]], "mixed.test": [["127.0.0.1", "169.254.1.1"]]}
    web.default = web.redirect(target)
    with pytest.raises((DownloadRefusedError, DownloadError)):
        await loader.open(web.url())
    assert web.connections == 1


async def test_the_second_redirect_is_checked_too(loader: Loader, web: Web) -> None:
    web.answers["/a"] = web.redirect("/b")
    web.answers["/b"] = web.redirect("http://169.254.169.254/")
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url("/a"))


async def test_a_redirect_to_a_denied_domain_is_refused(
    *, loader: Loader, web: Web, other_web: Web, dns: Dns
) -> None:
    dns.zone["bad.test"] = [["127.0.0.2"]]
    web.default = web.redirect(other_web.url(host="bad.test"))
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url(), denied_domains=("bad.test",))
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url(), allowed_domains=("127.0.0.1",))
    assert other_web.connections == 0


async def test_a_redirect_without_a_place_is_refused(loader: Loader, web: Web) -> None:
    web.default = web.answer(b"", status="302 Found")
    with pytest.raises(DownloadError):
        await loader.open(web.url())


async def test_no_cookie_key_or_referrer_travels_to_another_server(
    loader: Loader, web: Web, other_web: Web
) -> None:
    web.default = web.redirect(other_web.url(), 302, "Set-Cookie: session=secret; Path=/")
    await loader.open(web.url("/a?Signature=secret"))
    names = [line.split(b":")[0] for line in other_web.requests[0].split(b"\r\n")[1:] if line]
    assert names == [b"Host", b"User-Agent", b"Accept", b"Accept-Encoding"]
    assert b"secret" not in other_web.requests[0]


async def test_no_cookie_comes_back_to_the_same_server(loader: Loader, web: Web) -> None:
    web.answers["/a"] = web.redirect("/b", 302, "Set-Cookie: session=secret; Path=/")
    await loader.open(web.url("/a"))
    assert b"secret" not in web.requests[1]
