"""`GET /metrics`: what happened is counted, and nothing a caller says stands in a label."""

import base64
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from qwen_vision.engines.embedded.engine import EmbeddedEngine
from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.settings import ServerSettings, StorageSettings, UpstreamSettings
from qwen_vision.telemetry.metrics import METRICS
from tests.conftest import Serve
from tests.server.site import Site, fields_of, form

Call = Callable[..., tuple[int, Mapping[str, str], bytes]]
Ask = Callable[..., dict[str, object]]
CHAT = "/v1/chat/completions"
KEYS = frozenset({"sk-caller"})


class Page:
    """The page of metrics, read by the Prometheus library itself."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples that have these labels."""
        return sum(
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == f"qwen_vision_{name}" and labels.items() <= sample.labels.items()
        )

    def label_values(self) -> Iterator[str]:
        for family in self.families:
            for sample in family.samples:
                yield from sample.labels.values()


@pytest.fixture
def page(call: Call) -> Callable[..., Page]:
    """Reads the page of a server."""

    def read(url: str, key: str | None = None) -> Page:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        status, answered, body = call(url, "/metrics", method="GET", headers=headers)
        assert status == 200
        assert answered["content-type"].startswith("text/plain; version=0.0.4")
        return Page(body.decode())

    return read


def _picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _about(picture: str, text: str = "Which colours?") -> list[dict[str, object]]:
    parts = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": text}]
    return [{"role": "user", "content": parts}]


def test_requests_tokens_and_stages_are_counted(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    url = serve()
    usages = [json.loads(call(url, body=ask())[2])["usage"] for _ in range(3)]
    call(url, body=ask(stream=True))
    found = page(url)
    labels = {"route": CHAT, "model": "qwen3-vl-plus", "engine": "scripted"}
    assert found.value("requests_total", outcome="ok", **labels) == 4
    asked = 4 * usages[0]["prompt_tokens"]
    assert found.value("tokens_total", kind="prompt", model="qwen3-vl-plus") == asked
    assert found.value("tokens_total", kind="completion") == 4 * usages[0]["completion_tokens"]
    for stage in ("read", "check", "prepare", "engine", "whole"):
        assert found.value("stage_seconds_count", stage=stage, engine="scripted") == 4
        assert found.value("stage_seconds_bucket", stage=stage, le="+Inf") == 4
    assert found.value("stage_seconds_count", stage="first_token") == 1
    assert found.value("received_bytes_total", route=CHAT) > 4 * 60
    assert found.value("sent_bytes_total", route=CHAT) > 4 * 100
    assert found.value("requests_in_flight") == 0
    assert found.value("slots") == 64
    assert found.value("workers") == 1


def test_errors_are_counted_by_code_and_class(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    url = serve()
    call(url, body=ask(model="gpt-unheard-of"))
    call(url, body=b"{")
    call(url, "/nowhere", method="GET")
    found = page(url)
    lost = {"error": "ModelNotFoundError", "code": "model_not_found", "status": "404"}
    assert found.value("errors_total", **lost) == 1
    assert found.value("requests_total", route=CHAT, model="other", outcome="refused") == 1
    assert found.value("errors_total", error="MalformedBodyError", status="400") == 1
    assert found.value("requests_total", route="other", model="none", outcome="refused") == 1


def test_media_and_looks_into_the_cache_are_counted(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    url = serve(engine=EmbeddedEngine())
    picture = _picture()
    for _ in range(2):
        assert call(url, body=ask(messages=_about(picture)))[0] == 200
    found = page(url)
    assert found.value("media_total", kind="image", source="data") == 2
    size_bytes = len(base64.b64decode(picture.partition(",")[2]))
    assert found.value("media_bytes_total", kind="image") == 2 * size_bytes
    assert found.value("media_seconds_count", work="load", kind="image") == 2
    assert found.value("media_seconds_count", work="header", kind="image") == 2
    assert found.value("media_seconds_count", work="decode", kind="image") >= 1
    assert found.value("tokens_total", kind="image") > 0
    assert found.value("cache_lookups_total", cache="perception", result="miss") >= 1
    assert found.value("cache_lookups_total", cache="perception", result="hit") >= 1


def test_uploads_and_the_storage_are_counted(
    serve: Serve, call: Call, tmp_path: Path, *, page: Callable[..., Page]
) -> None:
    url = serve(settings=ServerSettings(port=0, storage=StorageSettings(folder=tmp_path / "up")))
    assert page(url).value("storage_bytes") == 0
    site = Site(url, tmp_path)
    assert site.send(form(fields_of(site.ticket()), b"x" * 1000)).status == 200
    found = page(url)
    assert found.value("uploads_total") == 1
    assert found.value("upload_bytes_total") == 1000
    assert found.value("storage_bytes") == 1000
    assert found.value("storage_quota_bytes") == 10 * 1024**3


def test_an_upstream_tells_how_its_addresses_fare(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    peer = serve()
    gone = "http://127.0.0.1:9"
    url = serve(engine=UpstreamEngine(UpstreamSettings("peer", (gone, f"{peer}/v1"))))
    for _ in range(4):
        assert call(url, body=ask())[0] == 200
    found = page(url)
    assert found.value("upstream_requests_total", upstream="peer", address="0") == 3
    assert found.value("upstream_failures_total", upstream="peer", address="0") == 3
    assert found.value("upstream_requests_total", upstream="peer", address="1") == 4
    assert found.value("upstream_retries_total", upstream="peer") == 3
    assert found.value("upstream_resting", upstream="peer", address="0") == 1
    assert found.value("upstream_resting", upstream="peer", address="1") == 0


def test_labels_hold_nothing_that_a_caller_chose(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    keys = frozenset({"sk-secret-key"})
    url = serve(engine=EmbeddedEngine(), settings=ServerSettings(port=0, keys=keys, any_model=True))
    headers = {"Authorization": "Bearer sk-secret-key"}
    texts = ("secret-prompt", "secret-model", "/secret-path", "secret-file.png")
    call(url, body=ask(texts[0]), headers=headers)
    call(url, body=ask(model=texts[1]), headers=headers)
    call(url, texts[2], method="GET", headers=headers)
    call(url, "/v1/models/secret-model", method="GET", headers=headers)
    call(url, "/v1/chat/completions?key=secret-query", ask(), headers=headers)
    for address in (f"https://example.com/{texts[3]}?Signature=secret", f"/home/{texts[3]}"):
        call(url, body=ask(messages=_about(address, texts[0])), headers=headers)
    call(url, body=ask(), headers={"Authorization": "Bearer sk-secret-wrong"})
    found = page(url, "sk-secret-key")
    said = list(found.label_values())
    assert not [value for value in said if "secret" in value or "example" in value]
    assert found.value("requests_total", model="other", outcome="ok") == 1
    assert found.value("requests_total", route="/v1/models/{model_id}") == 1


def test_words_of_an_upstream_stay_out_of_labels(
    serve: Serve, call: Call, ask: Ask, *, page: Callable[..., Page]
) -> None:
    # Keys of ours that the peer refuses, and a code that only the peer knows.
    peer = serve(settings=ServerSettings(port=0, keys=KEYS))
    engine = UpstreamEngine(UpstreamSettings("peer", (f"{peer}/v1",), key="sk-caller"))
    url = serve(engine=engine, settings=ServerSettings(port=0, any_model=True))
    assert call(url, body=ask(model="made-up"))[0] == 404
    found = page(url)
    assert found.value("errors_total", error="RemoteError", status="404") == 1
    known = {"model_not_found", "other"}
    assert found.value("errors_total", code="model_not_found") in (0, 1)
    assert {sample.labels["code"] for sample in _samples(found, "errors")} <= known


def _samples(page: Page, name: str) -> list[Sample]:
    families = [family for family in page.families if family.name == f"qwen_vision_{name}"]
    return [sample for family in families for sample in family.samples]


def test_the_page_needs_a_key_as_everything_else(serve: Serve, call: Call) -> None:
    url = serve(settings=ServerSettings(port=0, keys=KEYS))
    assert call(url, "/metrics", method="GET")[0] == 401
    headers = {"Authorization": "Bearer sk-caller"}
    assert call(url, "/metrics", method="GET", headers=headers)[0] == 200


@pytest.mark.parametrize("keys", [KEYS, frozenset[str]()])
def test_a_key_of_its_own_opens_the_page_and_nothing_else(
    keys: frozenset[str], *, serve: Serve, call: Call, ask: Ask
) -> None:
    url = serve(settings=ServerSettings(port=0, keys=keys, metrics_key="scrape-me"))
    own = {"Authorization": "Bearer scrape-me"}
    callers = {"Authorization": "Bearer sk-caller"}
    assert call(url, "/metrics", method="GET", headers=own)[0] == 200
    assert call(url, "/metrics", method="GET", headers=callers)[0] == 401
    assert call(url, "/metrics", method="GET")[0] == 401
    assert call(url, body=ask(), headers=own)[0] == (401 if keys else 200)
    assert call(url, body=ask(), headers=callers)[0] == 200


def test_a_web_page_elsewhere_cannot_read_the_page(serve: Serve, call: Call) -> None:
    headers = {"Origin": "https://example.com"}
    assert call(serve(), "/metrics", method="GET", headers=headers)[0] == 403


def test_every_metric_stands_on_the_page_with_its_meaning(
    serve: Serve, page: Callable[..., Page]
) -> None:
    shown = {family.name: family.documentation for family in page(serve()).families}
    assert shown == {metric.name: metric.help for metric in METRICS}
