"""The vendor's own client, unmodified, against our server."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import dashscope
import pytest
from dashscope import AioMultiModalConversation, Models, MultiModalConversation
from dashscope.api_entities.aio_session import close_shared_aio_session
from dashscope.api_entities.http_request import close_shared_sync_session
from openai import OpenAI

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings, StorageSettings

EXAMPLES = Path(__file__).parents[2] / "examples"
PICTURE = (EXAMPLES / "cat.jpg").as_uri()
KEY = "sk-sdk"
# The client's annotations say less than its methods give.
call: Any = MultiModalConversation.call
aio_call: Any = AioMultiModalConversation.call
models: Any = Models
ANSWER = (Step(text="A cat"), Step(text=" on a sofa."))
PICTURE_TURN = [{"role": "user", "content": [{"image": PICTURE}, {"text": "What is this?"}]}]
TEXT_TURN = [{"role": "user", "content": [{"text": "Hi"}]}]


@pytest.fixture(scope="module")
def server(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server to which the client is pointed, as its user would do it."""
    storage = StorageSettings(folder=tmp_path_factory.mktemp("uploads"))
    settings = ServerSettings(port=0, keys=frozenset({KEY}), storage=storage)
    url = serve(*ANSWER, settings=settings)
    before = dashscope.base_http_api_url, dashscope.api_key
    dashscope.base_http_api_url, dashscope.api_key = url + "/api/v1", KEY
    yield url
    dashscope.base_http_api_url, dashscope.api_key = before
    close_shared_sync_session()


@pytest.fixture
async def aio_session() -> AsyncIterator[None]:
    yield
    await close_shared_aio_session()


def text_of(response: Any) -> str:  # noqa: ANN401  the client has no types
    assert response.status_code == 200, response
    content = response.output.choices[0].message.content
    return "".join(item["text"] for item in content)


def test_a_local_picture_is_uploaded_and_seen(server: str) -> None:
    response = call("qwen3-vl-plus", PICTURE_TURN)
    assert text_of(response) == "A cat on a sofa."
    assert response.output.choices[0].finish_reason == "stop"
    assert response.usage.image_tokens > 100
    assert response.usage.input_tokens > response.usage.image_tokens


def test_two_local_pictures_travel_under_one_policy(server: str) -> None:
    images = [{"image": (EXAMPLES / name).as_uri()} for name in ("cat.jpg", "coffee.jpg")]
    turn = [{"role": "user", "content": [*images, {"text": "Compare."}]}]
    assert text_of(call("qwen3-vl-plus", turn)) == "A cat on a sofa."


def test_the_same_picture_may_come_twice_in_one_call(server: str) -> None:
    turn = [{"role": "user", "content": [{"image": PICTURE}, {"image": PICTURE}]}]
    assert text_of(call("qwen3-vl-plus", turn)) == "A cat on a sofa."


def test_a_local_video_is_uploaded_and_seen(server: str) -> None:
    clip = {"video": (EXAMPLES / "clip.mp4").as_uri(), "fps": 2}
    turn = [{"role": "user", "content": [clip, {"text": "What happens?"}]}]
    response = call("qwen3-vl-plus", turn)
    assert text_of(response) == "A cat on a sofa."
    assert response.usage.video_tokens > 0


@pytest.mark.parametrize(
    ("incremental", "texts"),
    [
        (True, ["A cat", " on a sofa.", ""]),
        (False, ["A cat", "A cat on a sofa.", "A cat on a sofa."]),
    ],
)
def test_a_stream_is_read_in_both_ways(server: str, incremental: bool, texts: list[str]) -> None:
    stream = call("qwen3-vl-plus", PICTURE_TURN, stream=True, incremental_output=incremental)
    # Read at once: the client changes earlier events when it adds up the text itself.
    told = [(text_of(event), event.output.choices[0].finish_reason) for event in stream]
    assert told == list(zip(texts, ["null", "null", "stop"], strict=True))


async def test_the_async_client_asks_and_streams(server: str, aio_session: None) -> None:
    response = await aio_call("qwen3-vl-plus", PICTURE_TURN)
    assert text_of(response) == "A cat on a sofa."
    stream = await aio_call("qwen3-vl-plus", TEXT_TURN, stream=True, incremental_output=True)
    texts = [text_of(response) async for response in stream]
    assert texts == ["A cat", " on a sofa.", ""]


def test_errors_arrive_with_code_message_and_request_id(server: str) -> None:
    response = call("no-such-model", TEXT_TURN)
    assert (response.status_code, response.code) == (404, "ModelNotFound")
    assert response.message == "Model can not be found."
    assert len(response.request_id) == 36
    response = call("qwen3-vl-plus", TEXT_TURN, api_key="sk-wrong")
    assert (response.status_code, response.code) == (401, "InvalidApiKey")


def test_a_streams_error_arrives_as_an_error(server: str) -> None:
    (response,) = call("qwen3-vl-plus", TEXT_TURN, stream=True, temperature=3)
    assert (response.status_code, response.code) == (400, "InvalidParameter")
    assert response.message == "Temperature should be in [0.0, 2.0)"


async def test_the_async_clients_stream_error_arrives_as_an_error(
    server: str, aio_session: None
) -> None:
    stream = await aio_call("qwen3-vl-plus", TEXT_TURN, stream=True, temperature=3)
    (response,) = [response async for response in stream]
    assert (response.status_code, response.code) == (400, "InvalidParameter")


def test_models_are_listed(server: str) -> None:
    page = models.list(page=1, page_size=5)
    assert page.status_code == 200
    assert len(page.output["models"]) == 5
    assert models.get("qvq-max").output["model"] == "qvq-max"
    assert models.get("nothing").status_code == 404


def test_both_clients_get_the_same_answer(server: str) -> None:
    native = call("qwen3-vl-plus", TEXT_TURN)
    with OpenAI(base_url=server + "/compatible-mode/v1", api_key=KEY) as client:
        compatible = client.chat.completions.create(
            model="qwen3-vl-plus", messages=[{"role": "user", "content": "Hi"}]
        )
    assert text_of(native) == compatible.choices[0].message.content
    assert compatible.usage is not None
    assert native.usage.input_tokens == compatible.usage.prompt_tokens
    assert native.usage.output_tokens == compatible.usage.completion_tokens
