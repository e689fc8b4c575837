"""Coordinates of the client: told by a server that can, turned here for one that cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from qwen_vision.client import AsyncClient
from qwen_vision.engines.scripted.script import Step
from qwen_vision.errors import RemoteError, UsageError
from qwen_vision.settings import RemoteSettings

if TYPE_CHECKING:
    from tests.client.conftest import Peer

Serve = Callable[..., str]
BOX = '{"bbox_2d": [100, 200, 500, 600]}'
PIXELS = '{"bbox_2d": [40, 40, 200, 120]}'
MODEL = "qwen3-vl-plus"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Stored 200 x 400 and shown 400 x 200."""
    file = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 400), "teal").save(file, exif=exif)
    return file


def answer(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


def chunk(text: str, reason: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": reason, "index": 0}
    return json.dumps({"choices": [choice], "id": "x"}).encode()


async def test_a_server_of_this_project_tells_them_itself(serve: Serve, picture: Path) -> None:
    async with AsyncClient(base_url=serve(Step(text=BOX))) as client:
        found = await client.analyze(picture, "Where?", model=MODEL, coordinates="pixel")
        pieces = [
            piece.text
            async for piece in client.stream(picture, "Where?", model=MODEL, coordinates="pixel")
        ]
        untouched = await client.analyze(picture, "Where?", model=MODEL)
    assert found.text == PIXELS
    assert "".join(pieces) == PIXELS
    assert untouched.text == BOX


@pytest.mark.parametrize(
    ("model", "box"),
    [(MODEL, "[40, 40, 200, 120]"), ("qwen2.5-vl-7b-instruct", "[102, 204, 510, 612]")],
)
async def test_for_another_server_the_text_is_turned_here(
    peer: "Peer", picture: Path, *, model: str, box: str
) -> None:
    peer.say(answer(BOX))
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        found = await client.analyze(picture, "Where?", model=model, coordinates="pixel")
        assert found.text == f'{{"bbox_2d": {box}}}'
        assert found.json["bbox_2d"][0] == json.loads(box)[0]


async def test_the_stream_of_another_server_is_turned_here_too(peer: "Peer", picture: Path) -> None:
    peer.say_events(chunk("Here: "), chunk(BOX[:20]), chunk(BOX[20:]), chunk("", "stop"))
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        told = client.stream(picture, "Where?", model=MODEL, coordinates="pixel")
        pieces = [piece.text async for piece in told]
    assert pieces[0] == "Here: "
    assert "".join(pieces) == f"Here: {PIXELS}"


async def test_a_server_that_refuses_the_field_is_asked_without_it(
    peer: "Peer", picture: Path
) -> None:
    refusal = {"error": {"message": "Unrecognized request argument: coordinates"}}
    peer.say(json.dumps(refusal).encode(), status="400 Bad Request")
    peer.say(answer(BOX))
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        found = await client.analyze(picture, "Where?", model=MODEL, coordinates="pixel")
    assert found.text == PIXELS
    assert ["coordinates" in json.loads(body) for body in peer.bodies] == [True, False]


async def test_another_refusal_is_not_asked_again(peer: "Peer", picture: Path) -> None:
    peer.say(b'{"error": {"message": "no such thing"}}', status="400 Bad Request")
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        with pytest.raises(RemoteError, match="no such thing"):
            await client.analyze(picture, "Where?", model=MODEL, coordinates="pixel")
    assert len(peer.bodies) == 1


async def test_pixels_of_what_is_not_here_are_an_error_and_shares_are_not(peer: "Peer") -> None:
    peer.say(answer(BOX))
    url = "https://example.com/a.png"
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        shares = await client.analyze(url, "Where?", model=MODEL, coordinates="0-1")
        assert shares.text == '{"bbox_2d": [0.1000, 0.2000, 0.5000, 0.6000]}'
        with pytest.raises(UsageError, match="coordinates='0-1'"):
            await client.analyze(url, "Where?", model=MODEL, coordinates="pixel")


async def test_pixels_are_those_of_a_file_that_would_have_been_shrunk(
    serve: Serve, tmp_path: Path
) -> None:
    file = tmp_path / "large.png"
    Image.effect_noise((3000, 2000), 80).save(file)
    async with AsyncClient(base_url=serve(Step(text=BOX))) as client:
        found = await client.analyze(file, "Where?", model=MODEL, coordinates="pixel")
    assert found.text == '{"bbox_2d": [300, 400, 1500, 1200]}'


async def test_without_a_picture_nothing_is_turned(peer: "Peer") -> None:
    peer.say(answer(BOX))
    async with AsyncClient(RemoteSettings(peer.address)) as client:
        found = await client.chat("Where?", model=MODEL, coordinates="pixel")
    assert found.text == BOX
