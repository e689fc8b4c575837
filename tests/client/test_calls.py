"""Client and AsyncClient as people use them: anything to look at, any shape of answer."""

import gc
import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pydantic
import pytest
from PIL import Image

import qwen_vision
from qwen_vision.client import AsyncClient, Client
from qwen_vision.engines.scripted.script import Step
from qwen_vision.errors import (
    FileMissingError,
    InvalidRequestError,
    ModelNotFoundError,
    RemoteError,
    SettingsError,
    StreamOnlyError,
    StructuredOutputError,
    UsageError,
)
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import FramesPart
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import RemoteSettings, ServerSettings

if TYPE_CHECKING:
    from qwen_vision.client.inputs import Input
    from tests.client.conftest import Peer

Serve = Callable[..., str]
ANSWER = b'{"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}'
MODEL = "qwen3-vl-plus"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "red.png"
    Image.new("RGB", (64, 48), "red").save(file)
    return file


@pytest.fixture
def told(serve: Serve) -> Iterator[Client]:
    """A client of a server that thinks a little and says a few words."""
    address = serve(Step(think="Hm. "), Step(text="A red "), Step(text="picture."))
    with Client(base_url=address) as client:
        yield client


def sent(peer: "Peer", number: int = 0) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(peer.bodies[number])["messages"][-1]["content"]
    return found


def test_answer_knows_its_text_thoughts_usage_receipt_and_engine(
    told: Client, picture: Path
) -> None:
    answer = told.analyze(picture, "What is this?", receipt=True)
    assert str(answer) == answer.text == "A red picture."
    assert answer.reasoning == "Hm. "
    assert (answer.model, answer.finish_reason) == ("qwen3.6-plus", "stop")
    assert answer.engine == "scripted-0.1"
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
    assert answer.receipt[0].original_size == (64, 48)
    assert answer.notes == []
    assert answer.parsed is None
    assert answer.tool_calls == []
    with pytest.raises(StructuredOutputError, match="no JSON"):
        _ = answer.json


def test_every_call_has_its_own_model_and_prompt(told: Client, picture: Path) -> None:
    assert told.reason(picture).model == "qvq-max"
    assert told.ocr(picture, task="table").model == "qwen-vl-ocr"
    assert told.chat("Hi", model=MODEL, thinking=False).text == "A red picture."
    assert told.estimate(picture, "What?", model=MODEL).prompt_tokens > 0


def test_stream_gives_pieces_as_they_come_and_the_usage_last(told: Client, picture: Path) -> None:
    chunks = list(told.stream(picture, "What?", model=MODEL))
    assert "".join(chunk.text for chunk in chunks) == "A red picture."
    assert chunks[-1].usage is not None
    thoughts = told.stream(picture, model="qvq-max")
    assert next(chunk.reasoning for chunk in thoughts if chunk.reasoning) == "Hm. "


async def test_stream_of_an_async_client_takes_the_same_words(serve: Serve, picture: Path) -> None:
    address = serve(Step(text="Hello "), Step(text="there."))
    async with AsyncClient(base_url=address) as client:
        stream = client.stream([picture, picture], "What?", model=MODEL)
        assert "".join([chunk.text async for chunk in stream]) == "Hello there."


async def test_anything_that_shows_a_picture_may_be_given(peer: "Peer", picture: Path) -> None:
    peer.say(ANSWER)
    shown = Image.open(picture)
    with open(picture, "rb") as file:  # noqa: ASYNC230, PTH123 - an open file is what is given
        data = file.read()
        file.seek(0)
        given: list[Input] = [
            picture,
            str(picture),
            f"file://{picture}",
            data,
            bytearray(data),
            shown,
            np.asarray(shown),
            io.BytesIO(data),
            file,
        ]
        async with AsyncClient(RemoteSettings(peer.address)) as client:
            await client.analyze(given, "What?", model=MODEL)
            await client.analyze("https://example.com/a.png", "What?", model=MODEL, detail="low")
            await client.analyze("data:image/png;base64,AAAA", model=MODEL)
    parts = sent(peer)
    assert [part["type"] for part in parts] == ["image_url"] * len(given) + ["text"]
    urls = [part["image_url"]["url"] for part in parts[:-1]]  # type: ignore[index]
    assert all(url.startswith("data:image/png;base64,") for url in urls)
    assert sent(peer, 1)[0]["image_url"] == {"url": "https://example.com/a.png", "detail": "low"}
    assert sent(peer, 2)[1]["text"] == "What is in this image?"


async def test_videos_frames_and_documents_become_their_own_kind_of_part(
    peer: "Peer", tmp_path: Path, picture: Path
) -> None:
    peer.say(ANSWER)
    (tmp_path / "clip").write_bytes(b"\x00\x00\x00\x20ftypisom")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        await client.analyze(tmp_path / "clip", model=MODEL, fps=1)
        await client.analyze([picture] * 4, model=MODEL, frames=True, fps=2, system="Be brief.")
        await client.analyze(tmp_path / "a.pdf", model=MODEL, pages="1-3")
    clip, frames, document = (sent(peer, number)[0] for number in range(3))
    assert (clip["type"], clip["fps"]) == ("video_url", 1)
    assert sent(peer, 0)[1]["text"] == "Describe what happens in this video."
    assert (frames["type"], len(frames["video"])) == ("video", 4)  # type: ignore[arg-type]
    assert document["pages"] == "1-3"


async def test_without_a_prompt_a_model_is_asked_for_what_it_is_there_for(
    peer: "Peer", picture: Path, tmp_path: Path
) -> None:
    peer.say(ANSWER)
    (tmp_path / "clip").write_bytes(b"\x00\x00\x00\x20ftypisom")
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        for model in ("qwen-vl-ocr", MODEL):
            await client.analyze(picture, model=model)
            await client.analyze(tmp_path / "clip", model=model)
    reads, reads_video, looks, looks_at_video = (
        sent(peer, number)[1]["text"] for number in range(4)
    )
    assert str(reads).startswith("Please output only the text content from the image")
    assert str(reads_video).startswith("Please output only the text content from the video")
    assert looks == "What is in this image?"
    assert looks_at_video == "Describe what happens in this video."


async def test_a_frame_that_cannot_be_read_is_named(
    peer: "Peer", picture: Path, tmp_path: Path
) -> None:
    frames = [picture, picture, picture, tmp_path / "gone.png"]
    request = ChatRequest(
        model=MODEL,
        messages=[Message(role="user", content=[FramesPart(video=[str(one) for one in frames])])],
    )
    async with AsyncClient(RemoteSettings(peer.address), local_files=True) as client:
        with pytest.raises(FileMissingError, match=r"gone\.png"):
            await client.complete(request)
    assert peer.bodies == []


async def test_what_is_no_input_is_refused_before_anything_is_sent(
    peer: "Peer", picture: Path, tmp_path: Path
) -> None:
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        for wrong, words in (
            (3, "Pillow"),
            (np.zeros((4, 4, 5), dtype=np.uint8), "array"),
            (io.StringIO("text"), "binary"),
            ([tmp_path / "clip.mp4"], "clip"),
            (b"", "empty"),
            ("", "empty"),
        ):
            with pytest.raises((UsageError, FileMissingError), match=words):
                await client.analyze(wrong, "What?")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="no upload"):
            await client.upload("https://example.com/a.png")
        with pytest.raises(UsageError, match="pictures only"):
            await client.analyze(["https://e.com/a.mp4"], frames=True)
        with pytest.raises(UsageError, match="a list of messages, not a NoneType"):
            await client.chat(None)  # type: ignore[arg-type]
    assert peer.bodies == []


async def test_slip_in_the_name_of_an_option_is_an_error(peer: "Peer", picture: Path) -> None:
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        for call in (
            client.analyze(picture, "What?", tempurature=1),  # type: ignore[call-overload]
            client.reason(picture, tempurature=1),  # type: ignore[call-arg]
            client.chat("Hello", tempurature=1),  # type: ignore[call-arg]
        ):
            with pytest.raises(UsageError, match=r"no option 'tempurature'.*temperature"):
                await call
        with pytest.raises(UsageError, match="no option 'system'"):
            await client.chat("Hello", system="Be brief.")  # type: ignore[call-arg]
        with pytest.raises(UsageError, match=r"no reading task 'words!'.*words"):
            await client.ocr(picture, task="words!")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"no option 'base_ur'.*retry"):
        Client(base_ur=peer.address)  # type: ignore[call-arg]
    assert peer.bodies == []


def test_answer_shows_itself_at_a_prompt(told: Client, priced: Client, picture: Path) -> None:
    assert repr(told.analyze(picture)) == "Answer('A red picture.')"
    shown = repr(priced.analyze(picture, "Total?", schema=Total))
    assert shown.endswith(""", parsed=Total(total=9.5, items=['tea']))""")


def test_file_url_may_hold_escapes(told: Client, picture: Path, tmp_path: Path) -> None:
    place = picture.rename(tmp_path / "rot é.png")
    assert told.analyze(place.as_uri()).text == told.analyze(place).text


class Total(msgspec.Struct):
    total: float
    items: list[str] = []


@dataclass
class Plain:
    total: float


class Model(pydantic.BaseModel):
    total: float


@pytest.fixture
def priced(serve: Serve) -> Iterator[Client]:
    address = serve(Step(text='```json\n{"total": "9.50", "items": ["tea"]}\n```'))
    with Client(base_url=address) as client:
        yield client


def test_schema_given_as_a_type_gives_a_checked_value_of_it(priced: Client, picture: Path) -> None:
    assert priced.analyze(picture, schema=Total).parsed == Total(total=9.5, items=["tea"])
    assert priced.analyze(picture, schema=Plain).parsed == Plain(total=9.5)
    assert priced.analyze(picture, schema=Model).parsed == Model(total=9.5)
    schema = {"type": "object", "properties": {"total": {"type": "string"}}}
    assert priced.analyze(picture, schema=schema).parsed["total"] == "9.50"
    assert priced.chat("Total?", schema=Plain).parsed == Plain(total=9.5)
    assert priced.analyze(picture, json=True).json["items"] == ["tea"]


class Other(msgspec.Struct):
    count: int


def test_answer_that_does_not_fit_its_schema_is_an_error_that_says_why(
    priced: Client, picture: Path
) -> None:
    for shape in (Other, {"type": "object", "required": ["count"]}):
        with pytest.raises(StructuredOutputError, match="count"):
            priced.analyze(picture, schema=shape)
    with pytest.raises(UsageError, match="JSON Schema"):
        priced.analyze(picture, schema=object())  # type: ignore[call-overload]


async def test_schema_turns_thinking_off_and_names_no_other_document(
    peer: "Peer", picture: Path
) -> None:
    peer.say(b'{"choices":[{"message":{"content":"{\\"total\\": 1}"}}]}')
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        await client.analyze(picture, "Read", schema=Total)
    body = json.loads(peer.bodies[0])
    assert body["enable_thinking"] is False
    assert body["response_format"]["json_schema"]["schema"]["type"] == "object"
    assert "$ref" not in json.dumps(body)
    assert "JSON" in sent(peer)[1]["text"]  # type: ignore[operator]


def test_errors_have_the_class_that_the_server_raised(serve: Serve, picture: Path) -> None:
    with Client(base_url=serve(Step(text="Hi"))) as client:
        with pytest.raises(ModelNotFoundError) as caught:
            client.analyze(picture, model="gpt-9")
        assert (caught.value.status, caught.value.code) == (404, "model_not_found")
        assert caught.value.request_id
        with pytest.raises(InvalidRequestError, match="Temperature"):
            client.chat("Hi", model=MODEL, temperature=9)
        request = [Message(role="user", content="Hi")]
        with pytest.raises(InvalidRequestError, match="content"):
            client.chat([*request, {"role": "user", "content": 3}])
        with pytest.raises(StreamOnlyError):
            client.complete(ChatRequest(model="qvq-max", messages=request))


async def test_server_that_cannot_estimate_is_named(peer: "Peer") -> None:
    peer.say(b'{"detail":"Not Found"}', status="404 Not Found")
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        with pytest.raises(RemoteError, match="cannot estimate"):
            await client.estimate("https://example.com/a.png", "What?")


@pytest.mark.parametrize(
    ("region", "host"),
    [("china", "dashscope"), ("international", "dashscope-intl"), ("us", "dashscope-us")],
)
def test_region_picks_the_address(region: str, host: str) -> None:
    assert AsyncClient(key="sk-1", region=region).host == f"{host}.aliyuncs.com"


def test_environment_is_read_only_when_asked_and_the_key_stays_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("QWEN_API_KEY", "DASHSCOPE_API_KEY", "QWEN_BASE_URL", "QWEN_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="from_env"):
        Client()
    with pytest.raises(SettingsError, match="DASHSCOPE_API_KEY"):
        Client.from_env()
    (tmp_path / ".env").write_text("DASHSCOPE_API_KEY=sk-hidden\nQWEN_REGION=us-east-1\n")
    client = Client.from_env()
    assert "dashscope-us" in repr(client)
    assert "sk-hidden" not in repr(client)
    client.close()
    (tmp_path / ".env").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"\.env"):
        Client.from_env()


def test_package_names_the_clients_without_loading_them() -> None:
    assert qwen_vision.Client is Client
    assert qwen_vision.AsyncClient is AsyncClient
    with pytest.raises(AttributeError, match="Clients"):
        _ = qwen_vision.Clients


def test_client_that_is_dropped_leaves_no_thread_behind(serve: Serve) -> None:
    client = Client(base_url=serve(Step(text="Hi")))
    assert client.chat("Hi", model=MODEL).text == "Hi"
    threads = [thread for thread in threading.enumerate() if thread.name == "qwen-vision"]
    assert threads
    del client
    gc.collect()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_stream_may_outlive_its_client(serve: Serve) -> None:
    with Client(base_url=serve(Step(text="word ", times=50))) as client:
        stream = client.stream("https://example.invalid/a.png", model=MODEL)
        del stream
        stream = iter(client.stream(Image.new("RGB", (64, 48)), model=MODEL))
        assert next(stream).choices
    client.close()
    del stream


def test_one_client_may_be_used_by_several_threads(told: Client, picture: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: told.analyze(picture, model=MODEL).text, range(8)))
    assert answers == ["A red picture."] * 8


def test_keys_of_a_server_are_checked_like_everywhere(serve: Serve) -> None:
    settings = ServerSettings(port=0, keys=frozenset({"right"}))
    with Client(base_url=serve(Step(text="Hi"), settings=settings), key="right") as client:
        assert client.chat("Hi", model=MODEL).text == "Hi"
