"""A server before another: what callers upload to the first is seen by the second."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dashscope.utils.oss_utils import OssUtils

from qwen_vision.engines.scripted.script import Step
from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.settings import ServerSettings, StorageSettings, UpstreamSettings
from tests.server.site import KEY, MODEL, Site

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def front(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    far = serve(Step(text="Seen."))
    upstream = UpstreamSettings(name="far", urls=(far + "/v1",), profile="qwen-vision")
    storage = StorageSettings(folder=tmp_path_factory.mktemp("uploads"))
    settings = ServerSettings(port=0, keys=frozenset({KEY}), storage=storage)
    return Site(serve(engine=UpstreamEngine(upstream), settings=settings), storage.folder)


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("cat.jpg", False),
        ("cat.jpg", True),
        ("clip.mp4", True),
    ],
)
def test_an_upload_to_the_first_server_is_seen_by_the_second(
    front: Site, name: str, *, native: bool
) -> None:
    url, _ = OssUtils.upload(
        model=MODEL,
        file_path=str(EXAMPLES / name),
        api_key=KEY,
        base_address=front.url + "/api/v1",
    )
    request: dict[str, Any]
    if native:
        item = {"video" if name.endswith("mp4") else "image": url}
        messages = [{"role": "user", "content": [item, {"text": "Hi"}]}]
        request = {"model": MODEL, "input": {"messages": messages}}
        path = "/api/v1/services/aigc/multimodal-generation/generation"
    else:
        part = {"type": "image_url", "image_url": {"url": url}}
        messages = [{"role": "user", "content": [part, {"type": "text", "text": "Hi"}]}]
        request = {"model": MODEL, "messages": messages}
        path = "/v1/chat/completions"
    headers = {"Authorization": f"Bearer {KEY}", "X-DashScope-OssResourceResolve": "enable"}
    answer = front.call("POST", path, body=json.dumps(request), headers=headers)
    assert answer.status == 200, answer.body
    usage = answer.json["usage"]
    tokens = usage["image_tokens"] if native else usage["prompt_tokens_details"]["image_tokens"]
    assert tokens > 100
