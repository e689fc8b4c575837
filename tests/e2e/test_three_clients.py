"""Three clients, one picture, one answer: the openai SDK, the dashscope SDK and our own."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dashscope
import pytest
from dashscope import MultiModalConversation
from dashscope.api_entities.http_request import close_shared_sync_session
from openai import OpenAI

from qwen_vision.client import Client
from qwen_vision.engines.registry import build_engine
from qwen_vision.settings import EngineSettings, ServerSettings, StorageSettings

PICTURE = Path(__file__).parents[2] / "examples" / "receipt.png"
PROMPT = "What is the total?"
MODEL = "qwen3-vl-plus"
KEY = "sk-three"


@pytest.fixture(scope="module")
def url(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that really reads."""
    storage = StorageSettings(folder=tmp_path_factory.mktemp("uploads"))
    settings = ServerSettings(port=0, keys=frozenset({KEY}), storage=storage)
    before = dashscope.base_http_api_url, dashscope.api_key
    url = serve(engine=build_engine("embedded", EngineSettings()), settings=settings)
    dashscope.base_http_api_url, dashscope.api_key = url + "/api/v1", KEY
    yield url
    dashscope.base_http_api_url, dashscope.api_key = before
    close_shared_sync_session()


def test_same_picture_gets_the_same_answer_from_every_client(url: str) -> None:
    call: Any = MultiModalConversation.call
    turn = [{"role": "user", "content": [{"image": PICTURE.as_uri()}, {"text": PROMPT}]}]
    native = call(MODEL, turn)
    native_text = "".join(item["text"] for item in native.output.choices[0].message.content)

    data = base64.b64encode(PICTURE.read_bytes()).decode()
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    content: Any = [image, {"type": "text", "text": PROMPT}]
    with OpenAI(api_key=KEY, base_url=f"{url}/compatible-mode/v1") as sdk:
        compatible = sdk.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": content}]
        )

    with Client(base_url=url, key=KEY) as client:
        inline = client.analyze(PICTURE, PROMPT, model=MODEL)
        uploaded = client.analyze(PICTURE, PROMPT, model=MODEL, upload=True)
        streamed = "".join(chunk.text for chunk in client.stream(PICTURE, PROMPT, model=MODEL))

    assert inline.text
    assert {native_text, compatible.choices[0].message.content, uploaded.text, streamed} == {
        inline.text
    }
    assert inline.usage is not None
    assert compatible.usage is not None
    assert native.usage.input_tokens == inline.usage.prompt_tokens
    assert compatible.usage.prompt_tokens == inline.usage.prompt_tokens
