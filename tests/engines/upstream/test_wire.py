"""What servers do on the wire, well and badly, as the upstream engine sees it."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import trustme

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import (
    ConnectionFailedError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
    SettingsError,
)
from qwen_vision.settings import UpstreamSettings
from tests.engines.upstream.playing import (
    BODY,
    CHUNKED,
    EVENTS,
    HEAD,
    WHOLE,
    Caller,
    ask,
    engine_for,
    playing,
    says,
    says_once,
)


def bytewise(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


GOOD = {
    "in one piece": (WHOLE,),
    "in halves": (WHOLE[:100], WHOLE[100:]),
    "byte by byte": tuple(bytewise(WHOLE)),
    "in chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n" % len(BODY) + BODY + b"\r\n",
        b"0\r\n\r\n",
    ),
    "after 'go on'": (b"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n", WHOLE),
}


@pytest.mark.parametrize("pieces", GOOD.values(), ids=GOOD.keys())
async def test_an_answer_is_read_however_it_comes(pieces: tuple[bytes, ...]) -> None:
    async with playing(says(*pieces)) as site:
        engine = engine_for(site.url)
        assert [await ask(engine) for _ in range(3)] == ["A cat."] * 3
        assert len(site.callers) == 1
        await engine.aclose()


async def test_an_answer_without_a_length_lasts_until_the_connection_ends() -> None:
    async with playing(says_once(HEAD + b"\r\n", BODY[:50], BODY[50:])) as site:
        engine = engine_for(site.url)
        assert [await ask(engine) for _ in range(2)] == ["A cat."] * 2
        assert len(site.callers) == 2


@pytest.mark.parametrize("size", [100, 50_000, 3_000_000])
async def test_a_request_of_any_size_arrives_whole(size: int) -> None:
    heard: list[bytes] = []

    async def script(caller: Caller) -> None:
        heard.append(await caller.hear())
        await caller.say(WHOLE)

    async with playing(script) as site:
        assert await ask(engine_for(site.url), extra=size) == "A cat."
    assert msgspec.json.decode(heard[0])["extra"] == "x" * size


async def test_a_large_request_that_is_refused_at_once_is_not_sent_to_its_end() -> None:
    async def script(caller: Caller) -> None:
        await caller.reader.readuntil(b"\r\n\r\n")
        words = b'{"error":{"message":"too large"}}'
        await caller.say(
            b"HTTP/1.1 413 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(words),
            words,
        )
        await asyncio.sleep(5)

    async with playing(script) as site:
        with pytest.raises(RemoteError, match="too large"):
            await ask(engine_for(site.url), extra=30_000_000)


async def test_a_server_that_does_not_read_the_request_is_given_up() -> None:
    async def script(caller: Caller) -> None:
        await asyncio.sleep(5)

    async with playing(script) as site:
        for size in (30_000_000, 100):
            with pytest.raises(RequestTimeoutError):
                await ask(engine_for(site.url, silence_timeout_s=0.2), extra=size)


async def test_a_server_that_does_not_read_is_not_sent_the_rest_once_it_is_given_up() -> None:
    taken = asyncio.get_running_loop().create_future()
    given_up = asyncio.Event()

    async def script(caller: Caller) -> None:
        await given_up.wait()
        size = 0
        try:
            while piece := await caller.reader.read(1_000_000):
                size += len(piece)
        finally:
            taken.set_result(size)

    async with playing(script) as site:
        with pytest.raises(RequestTimeoutError):
            await ask(engine_for(site.url, silence_timeout_s=0.2), extra=30_000_000)
        given_up.set()
        assert await taken < 20_000_000


BROKEN = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "half a head": HEAD[:30],
    "half a body": WHOLE[:-20],
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a wrong chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a head without end": HEAD + b"X-Long: " + b"a" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("words", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_whole_answer_is_a_broken_connection(words: bytes) -> None:
    async with playing(says_once(words)) as site:
        for stream in (False, True):
            with pytest.raises(ConnectionFailedError, match="broke off"):
                await ask(engine_for(site.url), stream=stream)


async def test_a_compressed_answer_is_refused_with_a_reason() -> None:
    packed = WHOLE.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
    async with playing(says(packed)) as site:
        with pytest.raises(ConnectionFailedError, match="compressed its answer"):
            await ask(engine_for(site.url))


async def test_a_whole_answer_that_drips_is_given_up_after_its_time() -> None:
    async def script(caller: Caller) -> None:
        await caller.hear()
        for piece in bytewise(WHOLE):
            await caller.say(piece)
            await asyncio.sleep(0.02)

    async with playing(script) as site:
        with pytest.raises(RequestTimeoutError):
            await ask(engine_for(site.url, answer_timeout_s=0.3))


async def test_a_stream_that_drips_is_read_to_its_end() -> None:
    async def script(caller: Caller) -> None:
        await caller.hear()
        await caller.say(CHUNKED + b"%x\r\n" % len(EVENTS))
        for at in range(0, len(EVENTS), 20):
            await caller.say(EVENTS[at : at + 20])
            await asyncio.sleep(0.1)
        await caller.say(b"\r\n0\r\n\r\n")

    async with playing(script) as site:
        assert await ask(engine_for(site.url, silence_timeout_s=0.4), stream=True) == "A cat."


async def test_an_https_upstream_needs_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with playing(says(WHOLE), tls=tls) as site:
        with pytest.raises(ConnectionFailedError, match="cannot be reached"):
            await ask(engine_for(site.url))
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        # OpenSSL's own variable for further authorities.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        engine = engine_for(site.url)
        assert await ask(engine) == "A cat."
        await engine.aclose()


async def test_a_name_and_a_password_in_the_address_are_sent_as_basic_authorization() -> None:
    async with playing(says(WHOLE)) as site:
        engine = engine_for(site.url.replace("//", "//ann:s%40cret@"))
        assert await ask(engine) == "A cat."
        head = site.callers[0].heads[0]
        await engine.aclose()
    assert b"\r\nAuthorization: Basic YW5uOnNAY3JldA==\r\n" in head
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize("url", ["gpu:8000/v1", "ftp://gpu/v1", "http:///v1"])
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"no http\(s\) URL"):
        engine_for(url)


def test_a_key_with_a_line_break_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        UpstreamEngine(UpstreamSettings("gpu", ("http://a/v1",), key="sk-1\r\nX: y"))
    assert "sk-1" not in str(caught.value)


async def test_a_name_that_does_not_resolve_is_an_upstream_that_cannot_be_reached() -> None:
    with pytest.raises(QwenVisionError, match="cannot be reached"):
        await ask(engine_for("http://nowhere.invalid/v1"))
