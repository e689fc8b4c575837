"""Uploads: against our own server and its storage, and against storages that misbehave."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from qwen_vision.client import AsyncClient, Client, RetryRule
from qwen_vision.client.memory import UploadMemory
from qwen_vision.engines.scripted.script import Step
from qwen_vision.errors import (
    ConnectionFailedError,
    FileMissingError,
    FileTooLargeError,
    MediaError,
    PolicyExpiredError,
    PolicySignatureError,
    QwenVisionError,
    RemoteError,
    StorageFullError,
)
from qwen_vision.settings import RemoteSettings, ServerSettings, StorageSettings

if TYPE_CHECKING:
    from tests.client.conftest import Peer

Serve = Callable[..., str]
KEYS = frozenset({"sk-1", "sk-2"})
MODEL = "qwen3-vl-plus"
BIG_BYTES = 7 * 1024 * 1024
FAST = RetryRule(first_wait_s=0.01)


@pytest.fixture
def place(serve: Serve, tmp_path: Path) -> str:
    """A server that keeps uploads of up to 9 MB."""
    storage = StorageSettings(folder=tmp_path / "kept", max_file_bytes=9 * 1024 * 1024)
    settings = ServerSettings(port=0, keys=KEYS, storage=storage)
    return serve(Step(text="A picture."), settings=settings)


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A picture of over 7 MB that no model size makes smaller: BMP of few pixels, then padding."""
    file = tmp_path / "big.bmp"
    Image.new("RGB", (64, 64), "red").save(file)
    with file.open("ab") as out:
        out.write(bytes(BIG_BYTES))
    return file


def test_large_file_is_uploaded_by_itself_and_answered(place: str, big: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with Client(base_url=place, key="sk-1", progress=lambda *at: seen.append(at)) as client:
        answer = client.analyze(big, "What?", model=MODEL, receipt=True)
        assert answer.receipt[0].original_size == (64, 64)
        assert answer.text == "A picture."
        size_bytes = big.stat().st_size
        assert seen[-1] == (str(big), size_bytes, size_bytes)
        steps = len(seen)
        assert client.analyze(big, "Again?", model=MODEL).text == "A picture."
    assert len(seen) == steps


def test_upload_gives_a_url_for_one_model_and_one_key(place: str, big: Path) -> None:
    with Client(base_url=place, key="sk-1") as client:
        url = client.upload(big, model=MODEL)
        assert url.startswith("oss://dashscope-instant/")
        assert url.endswith(".bmp")
        assert client.upload(big, model=MODEL) == url
        assert client.upload(big, model="qwen3.6-plus") != url
        assert client.analyze(url, "What?", model=MODEL).text == "A picture."
    with Client(base_url=place, key="sk-2") as other, pytest.raises(MediaError):
        other.analyze(url, "What?", model=MODEL)


def test_upload_may_be_decided_by_hand(place: str, big: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 64), "red").save(small)
    with Client(base_url=place, key="sk-1", remember_uploads=tmp_path / "known.json") as client:
        assert client.analyze(small, model=MODEL, upload=True, receipt=True).receipt[0].source
        assert len(json.loads((tmp_path / "known.json").read_bytes())) == 1
        with pytest.raises(FileTooLargeError, match="7 MB"):
            client.analyze(big, model=MODEL, upload=False)


def test_processes_share_what_they_uploaded(place: str, big: Path, tmp_path: Path) -> None:
    memory = tmp_path / "cache" / "uploads.json"
    urls = []
    for _ in range(2):
        with Client(base_url=place, key="sk-1", remember_uploads=memory) as client:
            urls.append(client.upload(big, model=MODEL))
    assert urls[0] == urls[1]
    assert "sk-1" not in memory.read_text()
    memory.write_text("{")
    with Client(base_url=place, key="sk-1", remember_uploads=memory) as client:
        assert client.upload(big, model=MODEL) != urls[0]


def test_lost_upload_is_an_error_once_and_then_sent_again(place: str, big: Path) -> None:
    with Client(base_url=place, key="sk-1") as client:
        first = client.upload(big, model=MODEL)
        kept = big.parent / "kept"
        for file in sorted(kept.rglob("*")):
            if file.is_file() and file.stat().st_size > BIG_BYTES:
                file.unlink()
        with pytest.raises(QwenVisionError):
            client.analyze(big, model=MODEL)
        assert client.analyze(big, model=MODEL).text == "A picture."
        assert client.upload(big, model=MODEL) != first


async def test_same_file_asked_about_at_once_is_uploaded_once(place: str, big: Path) -> None:
    ends: list[int] = []

    def progress(_: str, sent: int, total: int) -> None:
        if sent == total:
            ends.append(total)

    async with AsyncClient(base_url=place, key="sk-1", progress=progress) as client:
        answers = await asyncio.gather(*(client.analyze(big, model=MODEL) for _ in range(4)))
    assert [answer.text for answer in answers] == ["A picture."] * 4
    assert len(ends) == 1


def test_uploads_of_one_request_run_together_a_few_at_a_time(place: str, tmp_path: Path) -> None:
    files = []
    for number in range(6):
        files.append(tmp_path / f"{number}.bmp")
        Image.new("RGB", (64, 64), (number, 0, 0)).save(files[-1])
        with files[-1].open("ab") as out:
            out.write(bytes(2_000_000))
    begun: list[str] = []
    unfinished: set[str] = set()
    most = 0

    def progress(name: str, sent: int, total: int) -> None:
        nonlocal most
        if name not in begun:
            begun.append(name)
            unfinished.add(name)
        most = max(most, len(unfinished))
        if sent == total:
            unfinished.discard(name)

    with Client(base_url=place, key="sk-1", progress=progress) as client:
        answer = client.analyze(files, "What?", model=MODEL, upload=True, receipt=True)
        assert [receipt.source for receipt in answer.receipt] == ["oss"] * 6
        assert len(begun) == 6
        assert 1 < most <= 4
        chat = [{"type": "image_url", "image_url": {"url": str(file)}} for file in files]
    with Client(base_url=place, key="sk-2", progress=progress, local_files=True) as client:
        begun.clear()
        answer = client.chat([{"role": "user", "content": chat}], model=MODEL, upload=True)
        assert answer.text == "A picture."
        assert len(begun) == 6
        missing = {"type": "image_url", "image_url": {"url": str(tmp_path / "no.png")}}
        with pytest.raises(FileMissingError, match=r"no\.png"):
            client.chat([{"role": "user", "content": [*chat, missing]}], model=MODEL, upload=True)


def test_file_over_the_servers_limit_is_refused_before_it_travels(
    place: str, tmp_path: Path
) -> None:
    file = tmp_path / "huge.bmp"
    file.write_bytes(bytes(10 * 1024 * 1024))
    with (
        Client(base_url=place, key="sk-1") as client,
        pytest.raises(FileTooLargeError, match="up to 9 MB") as caught,
    ):
        client.analyze(file, model=MODEL)
    assert caught.value.param == "messages[0].content[0]"


def test_server_without_storage_says_so(serve: Serve, big: Path) -> None:
    with (
        Client(base_url=serve(Step(text="Hi")), retry=RetryRule(retries=0)) as client,
        pytest.raises(QwenVisionError, match="QWEN_VISION_STORAGE_FOLDER"),
    ):
        client.analyze(big, model=MODEL)


def test_memory_forgets_what_has_expired() -> None:
    now = [0.0]
    memory = UploadMemory(clock=lambda: now[0])
    memory.keep("a", "oss://a", life_s=10)
    memory.keep("b", "oss://b", life_s=99)
    now[0] = 11
    assert (memory.find("a"), memory.find("b")) == (None, "oss://b")
    memory.forget("oss://b")
    assert memory.find("b") is None


@dataclass
class Storage:
    """A server that gives policies and answers forms as a test wants."""

    address: str = ""
    answers: list[bytes] = field(default_factory=list)
    policies: int = 0
    forms: list[bytes] = field(default_factory=list)

    def refuse(self, code: str, words: str, *, status: str = "403 Forbidden") -> None:
        """Answer a form with XML."""
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{words}</Message></Error>"
        self.say(status, body, kind="application/xml")

    def say(self, status: str, body: str = "", *, kind: str = "text/html") -> None:
        """Answer a form with this."""
        self.answers.append(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )


@pytest.fixture
async def storage() -> AsyncIterator[Storage]:
    storage = Storage()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("GET"):
            storage.policies += 1
            ticket = {
                "policy": "p", "signature": "s", "upload_dir": f"d/{storage.policies}",
                "upload_host": storage.address, "oss_access_key_id": "k",
            }  # fmt: skip
            body = json.dumps({"request_id": "r", "data": ticket}).encode()
            head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        else:
            said = storage.answers.pop(0)
            assert "authorization" not in head.lower()
            length = int(head.lower().partition("content-length:")[2].split("\r\n")[0])
            # Nothing to say is a connection cut in the middle.
            with suppress(asyncio.IncompleteReadError):
                storage.forms.append(await reader.readexactly(length if said else 1000))
                writer.write(said)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    storage.address = f"http://{host}:{port}"
    async with server:
        yield storage


def client_of(storage: Storage) -> AsyncClient:
    return AsyncClient(RemoteSettings(f"{storage.address}/v1", key="sk-secret"), retry=FAST)


async def test_form_is_what_the_service_wants_with_the_file_last(storage: Storage) -> None:
    storage.say("204 No Content")
    async with client_of(storage) as client:
        url = await client.upload(b"\x89PNG1234", model=MODEL)
    form = storage.forms[0].decode("latin-1")
    assert url.removeprefix("oss://") in form
    names = [part.partition('"')[0] for part in form.split('; name="')[1:]]
    assert names == [
        "OSSAccessKeyId",
        "Signature",
        "policy",
        "key",
        "x-oss-object-acl",
        "x-oss-forbid-overwrite",
        "success_action_status",
        "file",
    ]
    assert "\r\n\r\n\x89PNG1234\r\n--" in form


async def test_expired_policy_is_asked_for_anew_once(storage: Storage) -> None:
    for _ in range(2):
        storage.refuse("AccessDenied", "Invalid according to Policy: Policy expired.")
    storage.say("200 OK")
    async with client_of(storage) as client:
        with pytest.raises(PolicyExpiredError):
            await client.upload(b"GIF8", model=MODEL)
        assert storage.policies == 2
        assert await client.upload(b"GIF8", model=MODEL) == "oss://d/3" + _name_of(storage)


def _name_of(storage: Storage) -> str:
    form = storage.forms[-1].decode("latin-1")
    return "/" + form.partition("d/3/")[2].partition("\r\n")[0]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("SignatureDoesNotMatch", "403 Forbidden", PolicySignatureError),
        ("InsufficientStorage", "507 Full", StorageFullError),
    ],
)
async def test_refusal_of_the_storage_has_its_own_class(
    storage: Storage, *, code: str, status: str, kind: type[QwenVisionError]
) -> None:
    storage.refuse(code, "Because.", status=status)
    async with client_of(storage) as client:
        with pytest.raises(kind, match=r"Because\.") as caught:
            await client.upload(b"GIF8", model=MODEL)
    assert caught.value.code == code


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
async def test_page_in_the_storages_place_is_no_receipt(storage: Storage, status: str) -> None:
    storage.say(status, "<html>Log in to the airport's network</html>")
    async with client_of(storage) as client:
        with pytest.raises(RemoteError, match="airport"):
            await client.upload(b"GIF8", model=MODEL)


async def test_server_that_gives_no_policy_says_what_to_do(peer: "Peer") -> None:
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        peer.say(b"<html>Welcome</html>", kind="text/html")
        with pytest.raises(RemoteError, match="no policy"):
            await client.upload(b"GIF8", model=MODEL)
        peer.answers.clear()
        peer.say(b"{}", status="404 Not Found")
        with pytest.raises(RemoteError, match="under 7 MB"):
            await client.upload(b"GIF8", model=MODEL)


async def test_file_that_shrinks_while_it_is_sent_is_named(
    storage: Storage, tmp_path: Path
) -> None:
    file = tmp_path / "log.bin"
    file.write_bytes(bytes(4_000_000))
    storage.say("200 OK")

    def cut(name: str, sent: int, total: int) -> None:
        os.truncate(file, 1_000_000)

    async with client_of(storage) as client:
        with pytest.raises(FileMissingError, match="shorter"):
            await client.upload(file, model=MODEL, progress=cut)


async def test_upload_that_is_cut_is_tried_again_and_then_told(storage: Storage) -> None:
    storage.answers += [b"", b"", b"", b""]
    async with client_of(storage) as client:
        with pytest.raises(ConnectionFailedError) as caught:
            await client.upload(b"GIF8" * 1_000_000, model=MODEL)
        assert "sk-secret" not in str(caught.value)
        assert storage.policies == 3
        storage.answers[:] = [b""]
        storage.say("200 OK")
        assert (await client.upload(b"GIF8" * 1_000_000, model=MODEL)).startswith("oss://d/5/")
