"""`oss://` URLs in chat requests: resolved for their owner and model, and for nobody else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dashscope.utils.oss_utils import OssUtils

from qwen_vision.settings import ServerSettings, StorageSettings
from tests.server.site import KEY, MODEL, Answer, Site

PICTURE = Path(__file__).parents[2] / "examples" / "cat.jpg"
RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}
OTHER_KEY = "sk-another-key"


@pytest.fixture(scope="module")
def site(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("uploads")
    settings = ServerSettings(
        port=0, keys=frozenset({KEY, OTHER_KEY}), storage=StorageSettings(folder=folder)
    )
    return Site(serve(settings=settings), folder)


@pytest.fixture(scope="module")
def picture(site: Site) -> str:
    """The URL of a picture, uploaded by the vendor's own client."""
    url, _ = OssUtils.upload(
        model=MODEL, file_path=str(PICTURE), api_key=KEY, base_address=site.url + "/api/v1"
    )
    assert isinstance(url, str)
    return url


def ask(
    site: Site,
    url: str,
    *,
    path: str = "/v1/chat/completions",
    model: str = MODEL,
    headers: dict[str, str] = RESOLVE,
    **more: Any,  # noqa: ANN401  any field of a request
) -> Answer:
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "Hi"}]
    messages = [{"role": "user", "content": content}]
    body = json.dumps({"model": model, "messages": messages, "media_receipt": True, **more})
    return site.call("POST", path, body=body, headers={"Authorization": f"Bearer {KEY}", **headers})


def test_an_upload_of_the_vendors_client_is_seen(site: Site, picture: str) -> None:
    assert picture.startswith("oss://dashscope-instant/")
    assert picture.endswith("/cat.jpg")
    answer = ask(site, picture)
    assert answer.status == 200, answer.body
    (receipt,) = answer.json["media_receipt"]
    assert (receipt["source"], receipt["bytes"]) == ("oss", PICTURE.stat().st_size)


def test_an_upload_is_seen_under_a_snapshot_of_its_model(site: Site, picture: str) -> None:
    assert ask(site, picture, model="qwen3-vl-plus-2025-12-19").status == 200


def test_an_upload_can_be_counted(site: Site, picture: str) -> None:
    answer = ask(site, picture, path="/v1/estimate")
    assert answer.status == 200, answer.body


def test_without_the_header_an_oss_url_is_no_url(site: Site, picture: str) -> None:
    answer = ask(site, picture, headers={})
    assert answer.status == 400
    assert answer.json["error"]["message"] == (
        "The provided URL does not appear to be valid. Ensure it is correctly formatted."
    )
    assert answer.json["error"]["param"] == "messages[0].content[0]"


@pytest.mark.parametrize(
    "change",
    [{"headers": {**RESOLVE, "Authorization": f"Bearer {OTHER_KEY}"}}, {"model": "qwen-vl-max"}],
    ids=["another key", "another model"],
)
def test_an_upload_is_not_there_for_another_key_or_model(
    site: Site, picture: str, change: dict[str, Any]
) -> None:
    answer = ask(site, picture, **change)
    assert answer.status == 400
    assert answer.json["error"]["message"] == "Failed to download multimodal content"


@pytest.mark.parametrize(
    "url", ["oss://", "oss://nothing/here.png", "oss://../../secret", "oss:///etc/passwd"]
)
def test_an_oss_url_names_no_file_of_the_server(site: Site, picture: str, url: str) -> None:
    answer = ask(site, url)
    assert answer.status == 400
    assert answer.json["error"]["code"] == "invalid_parameter_error"


def test_an_expired_upload_is_not_there(serve: Callable[..., str], tmp_path: Path) -> None:
    storage = StorageSettings(folder=tmp_path, life_s=0)
    settings = ServerSettings(port=0, keys=frozenset({KEY}), storage=storage)
    site = Site(serve(settings=settings), tmp_path)
    url, _ = OssUtils.upload(
        model=MODEL, file_path=str(PICTURE), api_key=KEY, base_address=site.url + "/api/v1"
    )
    answer = ask(site, url)
    assert answer.json["error"]["message"] == "Failed to download multimodal content"
