"""How a fetch behaves: lengths, types, encodings, statuses, times, files."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import (
    ContentLengthError,
    ContentTypeError,
    DownloadError,
    DownloadTimeoutError,
    FileTooLargeError,
    QwenVisionError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.media.sources.conftest import Dns, Kind, Loader, Script, Web


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_no_proxy_of_the_environment_is_used(
    name: str, *, loader: Loader, web: Web, other_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.2:{other_web.port}")
    await loader.open(web.url())
    assert (web.connections, other_web.connections) == (1, 0)


async def test_no_netrc_is_read(
    *, loader: Loader, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login cat password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    await loader.open(web.url())
    assert b"uthorization" not in web.requests[0]


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        ("image", "image/png"), ("image", "image/anything"), ("image", "IMAGE/JPEG; q=1"),
        ("image", "application/pdf"), ("image", "application/octet-stream"),
        ("image", "binary/octet-stream"), ("video", "video/mp4"), ("video", "application/mp4"),
        ("video", "video/x-msvideo"), ("video", "application/octet-stream"),
    ],
)  # fmt: skip
async def test_a_right_content_type_is_taken(
    kind: Kind, declared: str, *, loader: Loader, web: Web
) -> None:
    web.default = web.answer(b"whole", kind=declared)
    assert (await loader.open(web.url(), kind=kind)).data == b"whole"


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        ("image", "text/html"), ("image", "text/html; charset=utf-8"),
        ("image", "application/json"),
        ("image", "video/mp4"), ("image", "imagepng"), ("image", ""), ("image", None),
        ("image", "application/xml"), ("video", "image/png"), ("video", "application/pdf"),
        ("video", "text/plain"),
    ],
)  # fmt: skip
async def test_a_wrong_content_type_is_refused(
    kind: Kind, declared: str | None, *, loader: Loader, web: Web
) -> None:
    web.default = web.answer(kind=declared)
    with pytest.raises(ContentTypeError) as caught:
        await loader.open(web.url(), kind=kind)
    assert caught.value.message == "Wrong Content-Type of multimodal url"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "x"])
async def test_a_compressed_answer_is_refused_unread(
    encoding: str, loader: Loader, web: Web
) -> None:
    web.default = web.answer(b"x" * 100, f"Content-Encoding: {encoding}")
    with pytest.raises(DownloadError):
        await loader.open(web.url())
    assert b"\r\nAccept-Encoding: identity\r\n" in web.requests[0]


async def test_an_identity_encoding_is_taken(loader: Loader, web: Web) -> None:
    web.default = web.answer(b"abc", "Content-Encoding: identity")
    assert (await loader.open(web.url())).data == b"abc"


@pytest.mark.parametrize("headers", [[], ["Transfer-Encoding: chunked"], ["Connection: close"]])
async def test_an_answer_without_a_length_is_refused(
    headers: list[str], loader: Loader, web: Web
) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n" if headers == ["Transfer-Encoding: chunked"] else b"abc"
    web.default = web.answer(body, *headers, length=None)
    with pytest.raises(ContentLengthError) as caught:
        await loader.open(web.url())
    assert (caught.value.status, caught.value.message) == (
        500,
        "Missing Content-Length of multimodal url.",
    )


@pytest.mark.parametrize("length", ["-1", "+3", "3.0", "0x3", "3, 3", "3 3", "٣", "1_0", "x"])
async def test_a_length_that_is_no_number_is_refused(length: str, loader: Loader, web: Web) -> None:
    web.default = web.answer(b"abc", length=length)
    with pytest.raises((ContentLengthError, DownloadError)):
        await loader.open(web.url())


async def test_two_lengths_are_refused(loader: Loader, web: Web) -> None:
    web.default = web.answer(b"abcd", "Content-Length: 3", length="4")
    with pytest.raises((ContentLengthError, DownloadError)):
        await loader.open(web.url())


@pytest.mark.parametrize("kind", ["image", "video"])
async def test_a_file_over_the_limit_is_refused_before_it_is_read(
    kind: Kind, loader: Loader, web: Web
) -> None:
    web.default = web.answer(b"x", kind=f"{kind}/x", length="1001")
    with pytest.raises(FileTooLargeError):
        await loader.open(web.url(), kind=kind, max_bytes=1000)


async def test_a_file_at_the_limit_is_taken(loader: Loader, web: Web) -> None:
    web.default = web.answer(b"x" * 1000)
    assert (await loader.open(web.url(), max_bytes=1000)).data == b"x" * 1000


@pytest.mark.parametrize("headers", [[], ["Transfer-Encoding: chunked"]])
async def test_a_body_longer_than_announced_is_never_taken_in_full(
    headers: list[str], loader: Loader, web: Web
) -> None:
    body = b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n" if headers else b"x" * 4096
    web.default = web.answer(body, *headers, length="100")
    with pytest.raises(DownloadError):
        await loader.open(web.url(), max_bytes=1000)


async def test_a_body_shorter_than_announced_is_refused(loader: Loader, web: Web) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(web.answer(b"abc", length="10"))
        writer.close()

    web.default = cut
    with pytest.raises(DownloadError):
        await loader.open(web.url())


@pytest.mark.parametrize(
    "status", [201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503]
)
async def test_another_status_is_a_failed_download_without_the_words_of_the_server(
    status: int, loader: Loader, web: Web
) -> None:
    web.default = web.answer(b"secret words", status=f"{status} secret words")
    with pytest.raises(DownloadError) as caught:
        await loader.open(web.url("/cat.png?Signature=secret"))
    assert caught.value.message == "Failed to download multimodal content"
    assert "secret" not in repr(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"\r\n\r\n", b"secret garbage\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    ],
    ids=["nothing", "blank", "garbage", "version", "tls", "long header", "many headers", "upgrade"],
)  # fmt: skip
async def test_what_is_no_http_is_a_failed_download(reply: bytes, loader: Loader, web: Web) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    web.default = write
    with pytest.raises(DownloadError):
        await loader.open(web.url())


async def test_a_closed_port_is_a_failed_download(loader: Loader, web: Web) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(DownloadError):
        await loader.open(f"http://127.0.0.1:{port}/")


async def _stall(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _trickle_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Wait: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _early_hints(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _stall_in_the_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()
    await asyncio.sleep(30)


async def _trickle_the_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "script", [_stall, _trickle_headers, _early_hints, _stall_in_the_body, _trickle_the_body]
)
async def test_a_slow_server_runs_out_of_time(script: Script, loader: Loader, web: Web) -> None:
    web.default = script
    with pytest.raises(DownloadTimeoutError) as caught:
        await loader.open(
            web.url(), connect_timeout_s=0.1, first_byte_timeout_s=0.2, total_timeout_s=0.6
        )
    assert caught.value.message == DownloadTimeoutError.text


async def test_a_silent_nameserver_runs_out_of_time(loader: Loader, web: Web, dns: Dns) -> None:
    dns.silent.add("slow.test")
    with pytest.raises(DownloadTimeoutError):
        await loader.open(web.url(host="slow.test"), connect_timeout_s=0.1)
    assert web.connections == 0


@pytest.mark.parametrize("name", ["nobody.test", "empty.test"])
async def test_a_name_without_an_address_is_a_failed_download(
    name: str, *, loader: Loader, web: Web, dns: Dns
) -> None:
    dns.zone["empty.test"] = [[]]
    with pytest.raises(DownloadError):
        await loader.open(web.url(host=name))
    assert web.connections == 0


async def test_neither_log_nor_error_holds_the_query(
    *, loader: Loader, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web.answers["/a"] = web.redirect("http://169.254.169.254/?Signature=secret")
    web.answers["/b"] = web.answer(b"secret", status="500 secret")
    web.answers["/c"] = b"secret\r\n\r\n"
    for path in ("/a", "/b", "/c"):
        with pytest.raises(QwenVisionError) as caught:
            await loader.open(web.url(f"{path}?Signature=secret"))
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "secret" not in caplog.text


async def test_a_large_video_goes_to_a_file_that_closes_with_the_blob(
    loader: Loader, web: Web
) -> None:
    body = bytes(range(256)) * 70_000
    web.default = web.answer(body, kind="video/mp4")
    blob = await loader.open(web.url("/cat.mp4"), kind="video", max_bytes=2**31)
    assert (blob.data, blob.temporary, blob.size_bytes) == (None, True, len(body))
    assert blob.path is not None
    assert blob.path.read_bytes() == body
    assert blob.path.stat().st_mode & 0o777 == 0o600
    blob.close()
    assert not blob.path.exists()


async def test_a_small_video_and_a_large_picture_stay_in_memory(loader: Loader, web: Web) -> None:
    web.answers["/cat.mp4"] = web.answer(b"x" * 1000, kind="video/mp4")
    web.answers["/cat.png"] = web.answer(b"x" * 17_000_000)
    assert (await loader.open(web.url("/cat.mp4"), kind="video")).path is None
    assert (await loader.open(web.url("/cat.png"))).path is None


@pytest.fixture
def temporary_folder(tmp_path: Path) -> Iterator[Path]:
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path)
    yield tmp_path
    tempfile.tempdir = before


async def test_a_large_video_that_breaks_off_leaves_no_file(
    loader: Loader, web: Web, temporary_folder: Path
) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(web.answer(b"x" * 1_000_000, kind="video/mp4", length="17000000"))
        await writer.drain()
        writer.close()

    web.default = cut
    with pytest.raises(DownloadError):
        await loader.open(web.url(), kind="video")
    assert os.listdir(temporary_folder) == []  # noqa: PTH208 - blocks for no time worth a thread


async def test_one_connection_serves_many_fetches(loader: Loader, web: Web) -> None:
    sources = loader.sources(loader.fetch(allow=True))
    for _ in range(3):
        await loader.load(web.url(), sources)
    assert (web.connections, len(web.requests)) == (1, 3)


async def test_closing_twice_is_safe(loader: Loader, web: Web) -> None:
    sources = loader.sources(loader.fetch(allow=True))
    await loader.load(web.url(), sources)
    await sources.aclose()
    await sources.aclose()
