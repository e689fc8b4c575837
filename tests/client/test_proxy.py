"""The client behind a proxy."""

import pytest

from qwen_vision import AsyncClient
from qwen_vision.errors import ConnectionFailedError
from qwen_vision.settings import Settings
from tests.client.conftest import CHUNK, END, Peer
from tests.proxying import proxying


async def test_a_client_of_the_environment_asks_through_its_proxy(peer: Peer) -> None:
    peer.say_events(CHUNK, END, b"[DONE]")
    async with proxying(peer.address) as proxy:
        environ = {"QWEN_BASE_URL": "http://far.example/v1", "HTTP_PROXY": f"http://{proxy.place}"}
        async with AsyncClient(Settings.from_env(environ).remote) as client:
            answer = await client.analyze("https://pictures.example/a.png", "What?")
    assert str(answer) == "Hi"
    assert proxy.heads[0].startswith("POST http://far.example/v1/chat/completions ")


async def test_a_client_is_given_a_proxy_by_hand(peer: Peer) -> None:
    peer.say_events(CHUNK, END, b"[DONE]")
    async with (
        proxying(peer.address) as proxy,
        AsyncClient(base_url="http://far.example/v1", proxy=proxy.place) as client,
    ):
        assert str(await client.analyze("https://pictures.example/a.png", "What?")) == "Hi"
    assert len(proxy.heads) == 1


async def test_a_proxy_that_refuses_is_named_without_its_password() -> None:
    async with (
        proxying("http://127.0.0.1:9", refuses="407 Proxy Authentication Required") as proxy,
        AsyncClient(
            base_url="https://far.example/v1", proxy=f"http://me:safe@{proxy.place}"
        ) as client,
    ):
        with pytest.raises(ConnectionFailedError, match=r"proxy refused \(HTTP 407\)") as caught:
            await client.analyze("https://pictures.example/a.png", "What?")
    assert "safe" not in str(caught.value)
