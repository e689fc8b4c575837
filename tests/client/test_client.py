"""AsyncClient: what it sends, what it makes of answers, and when it tries again."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qwen_vision.client import AsyncClient, RetryRule
from qwen_vision.engines.scripted.script import Step
from qwen_vision.errors import (
    CapacityError,
    ConnectionFailedError,
    FileMissingError,
    FileTooLargeError,
    QwenVisionError,
    RateLimitError,
    RemoteError,
    RequestTimeoutError,
    SettingsError,
    UnsupportedKeyError,
)
from qwen_vision.protocol.parts import FramesPart, ImagePart, ImageUrl, VideoPart, VideoUrl
from qwen_vision.protocol.request import ChatRequest, StreamOptions
from qwen_vision.settings import RemoteSettings

if TYPE_CHECKING:
    from tests.client.conftest import Peer

Build = Callable[..., ChatRequest]
ANSWER = b'{"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}'
CHUNK = b'{"choices":[{"delta":{"content":"Hi"},"finish_reason":null,"index":0}],"id":"x"}'
END = b'{"choices":[{"delta":{},"finish_reason":"stop","index":0}],"id":"x"}'
FAST = RetryRule(first_wait_s=0.01)


def client_of(peer: "Peer", **more: object) -> AsyncClient:
    remote = RemoteSettings(peer.address, key="sk-secret")
    return AsyncClient(remote, retry=FAST, **more)  # type: ignore[arg-type]


async def pieces(client: AsyncClient, request: ChatRequest) -> str:
    texts = [
        choice.delta.content async for chunk in client.stream(request) for choice in chunk.choices
    ]
    return "".join(text for text in texts if isinstance(text, str))


async def test_complete_gives_the_answer_of_a_real_server(
    serve: Callable[..., str], request_of: Build
) -> None:
    address = serve(Step(think="Hm. "), Step(text="Hello "), Step(text="there."))
    async with AsyncClient(RemoteSettings(f"{address}/v1")) as client:
        answer = await client.complete(request_of(enable_thinking=True, stream=True))
    assert answer.choices[0].message.content == "Hello there."
    assert answer.choices[0].message.reasoning_content == "Hm. "
    assert answer.usage is not None
    assert answer.system_fingerprint == "scripted-0.1"


async def test_stream_gives_the_chunks_of_a_real_server(
    serve: Callable[..., str], request_of: Build
) -> None:
    address = serve(Step(text="Hello "), Step(call="look", arguments='{"at": "it"}', pieces=2))
    request = request_of(stream_options=StreamOptions(include_usage=True))
    async with AsyncClient(RemoteSettings(f"{address}/compatible-mode/v1")) as client:
        chunks = [chunk async for chunk in client.stream(request)]
    assert chunks[-1].usage is not None
    calls = [
        call
        for chunk in chunks
        for choice in chunk.choices
        for call in choice.delta.tool_calls or ()
    ]
    assert calls[0].function.name == "look"


async def test_key_travels_in_the_header_and_nowhere_else(
    peer: "Peer", request_of: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    peer.say(b"", status="503 Service Unavailable")
    async with client_of(peer) as client:
        assert "sk-secret" not in repr(client)
        with pytest.raises(CapacityError) as caught:
            await client.complete(request_of())
    assert "Authorization: Bearer sk-secret" in peer.heads[0]
    assert "sk-secret" not in str(caught.value) + caplog.text


async def test_without_a_key_no_authorization_is_sent(peer: "Peer", request_of: Build) -> None:
    peer.say(ANSWER)
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        await client.complete(request_of())
    assert "authorization" not in peer.heads[0].lower()


def test_coding_plan_key_is_refused() -> None:
    with pytest.raises(UnsupportedKeyError):
        AsyncClient(RemoteSettings("http://127.0.0.1/v1", key="sk-sp-1"))


async def test_key_from_a_file_may_end_its_line_and_no_other(
    peer: "Peer", request_of: Build
) -> None:
    peer.say(ANSWER)
    async with AsyncClient(key="sk-of-a-file\n", base_url=peer.address) as client:
        await client.complete(request_of("Hello"))
    assert "sk-of-a-file" in peer.heads[0]
    with pytest.raises(SettingsError, match="line break") as caught:
        AsyncClient(key="sk-of\na-file", base_url=peer.address)
    assert "a-file" not in str(caught.value)


@pytest.mark.parametrize("address", ["", "ftp://x/v1", "127.0.0.1:80", "http://[", "http:///v1"])
def test_address_that_is_no_url_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="QWEN_BASE_URL"):
        AsyncClient(RemoteSettings(address))


@pytest.mark.parametrize("status", ["429 Busy", "500 Oh", "502 Bad", "503 Full", "504 Slow"])
async def test_failure_that_may_pass_is_tried_again(
    peer: "Peer", request_of: Build, status: str
) -> None:
    peer.say(b"{}", status=status)
    peer.say(b"{}", status=status)
    peer.say(ANSWER)
    async with client_of(peer) as client:
        answer = await client.complete(request_of())
    assert answer.choices[0].message.content == "Hi"
    assert len(peer.bodies) == 3


async def test_third_failure_is_told_with_all_the_server_said(
    peer: "Peer", request_of: Build
) -> None:
    body = {"error": {"message": "Slow down", "code": "limit_requests"}, "request_id": "r-1"}
    peer.say(json.dumps(body).encode(), status="429 Busy")
    async with client_of(peer) as client:
        with pytest.raises(RateLimitError, match="Slow down") as caught:
            await pieces(client, request_of())
    error = caught.value
    assert (error.status, error.code, error.request_id) == (429, "limit_requests", "r-1")
    assert len(peer.bodies) == 3


@pytest.mark.parametrize(
    ("status", "body", "more"),
    [
        ("400 Bad", b'{"error":{"message":"no"}}', ""),
        ("401 Who", b'{"error":{"message":"no"}}', ""),
        ("429 Busy", b'{"error":{"message":"no","code":"insufficient_quota"}}', ""),
        ("429 Busy", b'{"error":{"message":"no"}}', "Retry-After: 3600\r\n"),
        ("301 Moved", b"", "Location: http://127.0.0.1:1/\r\n"),
    ],
)
async def test_failure_that_will_not_pass_is_told_at_once(
    peer: "Peer", request_of: Build, *, status: str, body: bytes, more: str
) -> None:
    peer.say(body, status=status, more=more)
    async with client_of(peer) as client:
        with pytest.raises(QwenVisionError):
            await client.complete(request_of())
    assert len(peer.bodies) == 1


async def test_broken_stream_is_an_error_and_is_not_asked_again(
    peer: "Peer", request_of: Build
) -> None:
    peer.say_events(CHUNK, tail=b'data: {"choices":[{"del')
    async with client_of(peer) as client:
        with pytest.raises(ConnectionFailedError, match="broke off"):
            await pieces(client, request_of())
    assert len(peer.bodies) == 1


async def test_stream_without_done_is_whole_when_it_says_why_it_ended(
    peer: "Peer", request_of: Build
) -> None:
    peer.say_events(CHUNK, END)
    async with client_of(peer) as client:
        assert await pieces(client, request_of()) == "Hi"


async def test_error_in_a_stream_is_the_servers_error(peer: "Peer", request_of: Build) -> None:
    peer.say_events(CHUNK, b'{"error":{"message":"lights out","code":"internal_error"}}')
    async with client_of(peer) as client:
        with pytest.raises(RemoteError, match="lights out"):
            await pieces(client, request_of())


@pytest.mark.parametrize("body", [b"<html>Hello</html>", b"", b"[1]", b'{"choices":[]}', b"\xff"])
async def test_answer_of_another_dialect_is_a_typed_error(
    peer: "Peer", request_of: Build, body: bytes
) -> None:
    peer.say(body)
    async with client_of(peer) as client:
        with pytest.raises(RemoteError, match="QWEN_BASE_URL"):
            await client.complete(request_of())
        with pytest.raises(RemoteError, match="QWEN_BASE_URL"):
            await pieces(client, request_of())


async def test_server_that_is_not_there_is_named(request_of: Build) -> None:
    async with AsyncClient(RemoteSettings("http://127.0.0.1:1/v1"), retry=FAST) as client:
        with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1:1: Connection refused"):
            await client.complete(request_of())


async def test_server_that_hangs_up_is_a_connection_error(peer: "Peer", request_of: Build) -> None:
    peer.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    async with client_of(peer) as client:
        with pytest.raises(ConnectionFailedError):
            await client.complete(request_of())


async def test_silent_server_ends_in_a_timeout(peer: "Peer", request_of: Build) -> None:
    peer.answers.append(b"")
    async with client_of(peer, answer_timeout_s=0.2, silence_timeout_s=0.2) as client:
        with pytest.raises(RequestTimeoutError, match=r"0\.2 s"):
            await client.complete(request_of())
        with pytest.raises(RequestTimeoutError, match=r"0\.2 s"):
            await pieces(client, request_of())


async def test_uploaded_objects_ask_to_be_resolved(peer: "Peer", request_of: Build) -> None:
    peer.say(ANSWER)
    async with client_of(peer) as client:
        await client.complete(request_of(ImagePart(image_url="oss://a/b.png")))
        await client.complete(request_of(ImagePart(image_url="http://a/b.png")))
    resolve = ["X-DashScope-OssResourceResolve: enable" in head for head in peer.heads]
    assert resolve == [True, False]


async def test_local_files_travel_as_data_uris(
    peer: "Peer", request_of: Build, tmp_path: Path
) -> None:
    files = {
        "a.jpg": b"\xff\xd8\xff\xe0",
        "b": b"\x00\x00\x00\x20ftypisom",
        "c.webp": b"RIFF\x00\x00\x00\x00WEBP",
        "d.unknown": b"?",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    peer.say(ANSWER)
    request = request_of(
        ImagePart(image_url=ImageUrl(url=str(tmp_path / "a.jpg"), detail="low")),
        VideoPart(video_url=VideoUrl(url=str(tmp_path / "b"))),
        VideoPart(video_url=f"file://{tmp_path}/b"),
        FramesPart(video=[str(tmp_path / "c.webp"), "http://x/y.png"]),
        ImagePart(image_url=str(tmp_path / "d.unknown")),
    )
    async with client_of(peer, local_files=True) as client:
        await client.complete(request)
    parts = json.loads(peer.bodies[0])["messages"][0]["content"]
    assert parts[0]["image_url"] == {"url": "data:image/jpeg;base64,/9j/4A==", "detail": "low"}
    assert parts[1]["video_url"]["url"].startswith("data:video/mp4;base64,")
    assert parts[2]["video_url"].startswith("data:video/mp4;base64,")
    assert parts[3]["video"][0].startswith("data:image/webp;base64,")
    assert parts[3]["video"][1] == "http://x/y.png"
    assert parts[4]["image_url"]["url"].startswith("data:application/octet-stream;base64,")


async def test_paths_are_not_read_for_strangers(
    peer: "Peer", request_of: Build, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    peer.say(ANSWER)
    async with client_of(peer) as client:
        await client.complete(request_of(ImagePart(image_url=str(tmp_path / "a.jpg"))))
    assert b"base64" not in peer.bodies[0]


async def test_file_of_seven_megabytes_that_may_not_be_uploaded_is_refused_with_a_way_out(
    peer: "Peer", request_of: Build, tmp_path: Path
) -> None:
    (tmp_path / "big.png").write_bytes(bytes(7 * 1024 * 1024))
    (tmp_path / "fits.png").write_bytes(bytes(7 * 1024 * 1024 - 1))
    peer.say(ANSWER)
    async with client_of(peer, local_files=True, upload=False) as client:
        await client.complete(request_of(ImagePart(image_url=str(tmp_path / "fits.png"))))
        with pytest.raises(FileTooLargeError, match="URL") as caught:
            await client.complete(request_of(ImagePart(image_url=str(tmp_path / "big.png"))))
    assert caught.value.param == "messages[0].content[0]"
    assert len(peer.bodies) == 1


async def test_missing_file_is_named(peer: "Peer", request_of: Build) -> None:
    async with client_of(peer, local_files=True) as client:
        with pytest.raises(FileMissingError, match=r"nowhere\.png"):
            await client.complete(request_of(ImagePart(image_url="nowhere.png")))
