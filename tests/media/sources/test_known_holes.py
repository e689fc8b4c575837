"""Holes found in servers of this kind, each as a test named after its number.

Most were a second path that skipped the guard of the first: whatever a request names is taken
in by `Sources.load`, so each is tried there.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme

from qwen_vision.errors import (
    ContentLengthError,
    DataUriTooLongError,
    DownloadError,
    DownloadRefusedError,
    FileTooLargeError,
    LocalPathError,
    MediaUrlError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.media.sources.conftest import Dns, Kind, Loader, Web


@pytest.mark.parametrize("kind", ["image", "video"])
async def test_cve_2025_6242_a_media_url_reaches_no_service_of_the_private_network(
    kind: Kind, loader: Loader, web: Web
) -> None:
    with pytest.raises(DownloadRefusedError) as caught:
        await loader.closed(web.url("/admin"), kind=kind)
    assert web.connections == 0
    assert caught.value.message == DownloadRefusedError.text


@pytest.mark.parametrize(
    "authority",
    ["cats.test\\@127.0.0.1", "127.0.0.1\\@cats.test", "cats.test\\", "127.0.0.1\\.cats.test"],
)
async def test_cve_2026_24779_a_backslash_makes_no_two_readings_of_one_host(
    authority: str, *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["cats.test"] = [["127.0.0.1"]]
    with pytest.raises(MediaUrlError):
        await loader.open(f"http://{authority}:{web.port}/", allowed_domains=("cats.test",))
    assert web.connections == 0


@pytest.mark.parametrize(
    "authority",
    ["127.0.0.1%5c@cats.test", "cats.test%5c@127.0.0.1", "cats.test@127.0.0.1", "127.0.0.1%09",
     "cats.test%2f@127.0.0.1", "cats.test#@127.0.0.1", "127.0.0.1%23.cats.test"],
)  # fmt: skip
async def test_cve_2026_25960_no_other_sign_makes_two_readings_either(
    authority: str, *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["cats.test"] = [["127.0.0.2"]]
    with pytest.raises((DownloadRefusedError, MediaUrlError, DownloadError)):
        await loader.open(f"http://{authority}:{web.port}/", allowed_domains=("cats.test",))
    assert web.connections == 0


async def test_cve_2026_34753_every_load_of_a_batch_is_guarded(loader: Loader, web: Web) -> None:
    sources = loader.sources(loader.fetch(allow=False))
    loads = [loader.load(web.url(f"/{number}"), sources) for number in range(20)]
    results = await asyncio.gather(*loads, return_exceptions=True)
    assert {type(result) for result in results} == {DownloadRefusedError}
    assert web.connections == 0


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/meta-data/iam/", "http://100.100.100.200/latest/meta-data/",
     "http://168.63.129.16/machine", "http://[fd00:ec2::254]/latest/", "http://0.0.0.0:6379/",
     "http://metadata.google.internal/computeMetadata/v1/", "http://[::ffff:a9fe:a9fe]/"],
)  # fmt: skip
@pytest.mark.parametrize("allow", [False, True])
async def test_cve_2026_33626_the_metadata_of_a_cloud_is_never_read(
    url: str, allow: bool, loader: Loader
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.load(url, loader.fetch(allow=allow))


async def test_cve_2026_26013_a_picture_is_guarded_before_its_tokens_are_counted(
    loader: Loader, web: Web
) -> None:
    # Counting tokens needs the size of a picture, which only `load` can tell.
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url("/1000x1000.png"))
    assert web.connections == 0


async def test_cve_2026_41488_the_address_that_was_checked_is_the_one_connected_to(
    *, loader: Loader, web: Web, other_web: Web, dns: Dns
) -> None:
    dns.zone["turn.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    trap = await asyncio.start_server(other_web.serve, "127.0.0.2", web.port)
    await loader.open(web.url(host="turn.test"))
    trap.close()
    assert (web.connections, other_web.connections) == (1, 0)
    # One question for each family, never a second round.
    assert dns.questions == ["turn.test", "turn.test"]


async def test_cve_2026_41488_a_name_that_turns_private_is_refused_at_the_next_connection(
    *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["turn.test"] = [["127.0.0.1"], ["169.254.169.254"]]
    sources = loader.sources(loader.fetch(allow=True))
    web.answers["/1"] = web.answer(b"abc", "Connection: close")
    await loader.load(web.url("/1", host="turn.test"), sources)
    with pytest.raises(DownloadRefusedError):
        await loader.load(web.url("/2", host="turn.test"), sources)
    assert web.connections == 1


async def test_cve_2026_41488_a_name_that_turns_private_between_two_hops_is_refused(
    *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["turn.test"] = [["127.0.0.1"], ["169.254.169.254"]]
    web.default = web.redirect(web.url("/2", host="turn.test"), 302, "Connection: close")
    with pytest.raises(DownloadRefusedError):
        await loader.open(web.url("/1", host="turn.test"))
    assert web.connections == 1


async def test_cve_2024_4325_a_path_or_a_url_is_never_opened_by_another_name(
    loader: Loader, web: Web
) -> None:
    with pytest.raises(DownloadRefusedError):
        await loader.closed(web.url("/file=/etc/passwd"))
    with pytest.raises(LocalPathError):
        await loader.closed("file:///etc/passwd")
    assert web.connections == 0


async def test_cve_2024_6587_nothing_of_the_environment_is_sent_to_a_place_a_caller_chose(
    *, loader: Loader, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DASHSCOPE_API_KEY", "QWEN_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "sk-secret")
    await loader.open(web.url())
    assert b"secret" not in web.requests[0]
    assert b"uthorization" not in web.requests[0]


@pytest.mark.parametrize("length", [None, "4000000"])
async def test_cve_2026_0599_a_body_without_end_is_not_read_to_its_end(
    length: str | None, loader: Loader, web: Web
) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(web.answer(b"", length=length))
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    web.default = flood
    with pytest.raises((ContentLengthError, FileTooLargeError)):
        await loader.open(web.url(), max_bytes=1_000_000)
    await asyncio.sleep(0.05)
    # What the buffers of the kernel took, not what was read.
    assert sent < 16_000_000


async def test_cve_2026_0599_a_body_beyond_its_announced_length_is_not_read(
    loader: Loader, web: Web
) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(web.answer(b"", length="1000"))
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    web.default = flood
    with pytest.raises(DownloadError):
        await loader.open(web.url(), max_bytes=1_000_000)


async def test_cve_2026_100650_a_body_that_unpacks_to_a_flood_is_refused_packed(
    loader: Loader, web: Web
) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    for header in ("Content-Encoding: gzip", "Content-Encoding: identity, gzip"):
        web.default = web.answer(bomb, header)
        with pytest.raises(DownloadError):
            await loader.open(web.url(), max_bytes=1_000_000)


async def test_cve_2026_100650_a_data_uri_over_the_limit_is_refused_undecoded(
    loader: Loader,
) -> None:
    encoded = base64.b64encode(b"\0" * 8_000_000).decode()
    with pytest.raises(DataUriTooLongError) as caught:
        await loader.closed(f"data:image/png;base64,{encoded}")
    assert caught.value.message == "Exceeded limit on max bytes per data-uri item : 10485760'."


@pytest.mark.parametrize(
    "reply", [b"\x00secret", b"HTTP/1.1 200 0x7f2a secret\r\nX secret\r\n\r\n"]
)
async def test_cve_2026_22778_an_error_carries_no_words_of_a_library_or_of_the_other_server(
    reply: bytes, loader: Loader, web: Web
) -> None:
    web.default = reply + b"\r\n\r\n"
    with pytest.raises(DownloadError) as caught:
        await loader.open(web.url("/?token=secret"))
    assert caught.value.message == "Failed to download multimodal content"
    assert caught.value.__suppress_context__


async def test_cve_2026_54236_a_broken_data_uri_is_told_in_our_words(loader: Loader) -> None:
    with pytest.raises(MediaUrlError) as caught:
        await loader.closed("data:image/png;base64,!!!!")
    assert caught.value.message == MediaUrlError.text
    assert caught.value.__suppress_context__


async def test_cve_2026_105754_a_hash_is_of_the_bytes_and_not_of_what_names_them(
    loader: Loader, web: Web
) -> None:
    web.answers["/cat.png"] = web.answer(b"cat")
    first = await loader.open(web.url("/cat.png"))
    web.answers["/cat.png"] = web.answer(b"dog")
    second = await loader.open(web.url("/cat.png"))
    web.answers["/cat.png"] = web.answer(b"cat", "ETag: x", "Content-MD5: x", kind="image/x")
    third = await loader.open(web.url("/cat.png"))
    assert first.content_hash == third.content_hash != second.content_hash


FETCH = """
import asyncio, logging, sys
from qwen_vision.errors import QwenVisionError
from qwen_vision.media.source import Sources
from qwen_vision.settings import FetchSettings, MediaSettings

async def main(nameserver, *urls):
    fetch = FetchSettings(allow_private_network=True, nameservers=(nameserver,))
    sources = Sources(MediaSettings(fetch=fetch))
    for url in urls:
        try:
            blob = await sources.load(url, kind="image", max_bytes=1000, local_files=False,
                                      uploads=None, param="p")
            print(blob.size_bytes)
        except QwenVisionError as error:
            print(type(error).__name__)
    await sources.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_https_checks_the_name_of_the_certificate_and_never_falls_back_to_http(
    *, web: Web, other_web: Web, dns: Dns, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cats.test").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    dns.zone |= {"cats.test": [["127.0.0.1"]], "dogs.test": [["127.0.0.1"]]}
    web.answers["/"] = web.answer(b"abc")
    web.answers["/down"] = web.redirect(other_web.url())
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    urls = [f"https://{place}" for place in (
        f"cats.test:{port}/", f"cats.test.:{port}/", f"dogs.test:{port}/", f"127.0.0.1:{port}/",
        f"cats.test:{port}/down",
    )]  # fmt: skip

    def fetch(**environment: str) -> list[str]:
        done = subprocess.run(  # noqa: S603 - our own program, from this file
            [sys.executable, "-c", FETCH, dns.address, *urls],
            env={"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    trusted = await asyncio.to_thread(fetch, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert trusted == ["3", "3", "DownloadError", "DownloadError", "DownloadRefusedError"]
    asked = len(web.requests)
    assert await asyncio.to_thread(fetch) == ["DownloadError"] * 5
    assert len(web.requests) == asked
    assert other_web.connections == 0
    server.close()
