"""The gate: keys on every route, foreign hosts and pages refused without keys."""

import json
from collections.abc import Callable

import pytest
from starlette.routing import Route

from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT
from qwen_vision.errors import SettingsError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.app import create_app
from qwen_vision.settings import MediaSettings, ServerSettings

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]

ROUTES = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/compatible-mode/v1/chat/completions"),
    ("GET", "/v1/chat/completions"),
    ("POST", "/v1/estimate"),
    ("POST", "/compatible-mode/v1/estimate"),
    ("GET", "/v1/models"),
    ("GET", "/compatible-mode/v1/models"),
    ("GET", "/v1/models/qwen3.6-plus"),
    ("GET", "/"),
    ("GET", "/nothing"),
    ("GET", "/healthz/"),
    ("OPTIONS", "/v1/chat/completions"),
]
NATIVE_ROUTES = [
    ("POST", "/api/v1/services/aigc/multimodal-generation/generation"),
    ("POST", "/api/v1/services/aigc/text-generation/generation"),
    ("GET", "/api/v1/models"),
    ("GET", "/api/v1/uploads?action=getPolicy&model=qwen3-vl-plus"),
    ("GET", "/compatible-mode/v1/uploads?action=getPolicy&model=qwen3-vl-plus"),
    ("GET", "/api/v1/nothing"),
]
# Alive or not is no secret; an upload is signed instead.
OPEN_PATHS = {"/healthz", "/readyz", "/api/v1/uploads/objects"}


@pytest.fixture(scope="module")
def locked(serve: Serve) -> str:
    return serve(settings=ServerSettings(port=0, keys=frozenset({"sk-one", "sk-zwei-ü"})))


@pytest.fixture(scope="module")
def keyless(serve: Serve) -> str:
    return serve()


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_a_key(locked: str, call: Call, *, method: str, path: str) -> None:
    status, headers, body = call(locked, path, method=method)
    error = json.loads(body)["error"]
    assert (status, headers["www-authenticate"], error["code"]) == (401, "Bearer", None)
    assert error["message"].startswith("You didn't provide an API key.")
    assert error["message"].endswith("Bearer YOUR_KEY). ")


@pytest.mark.parametrize(("method", "path"), NATIVE_ROUTES)
def test_every_native_route_needs_a_key(locked: str, call: Call, *, method: str, path: str) -> None:
    status, _, body = call(locked, path, method=method)
    assert (status, json.loads(body)["code"]) == (401, "InvalidApiKey")


def test_no_route_of_the_app_answers_without_a_key(locked: str, call: Call) -> None:
    pipeline = Pipeline(ScriptedEngine(DEFAULT_SCRIPT), MediaDoor(MediaSettings()))
    routes = create_app(ServerSettings(), pipeline).routes
    seen = {
        (route.path, method): call(locked, route.path, method=method)[0]
        for route in routes
        if isinstance(route, Route)
        for method in (*(route.methods or ()), "DELETE", "PUT", "OPTIONS")
    }
    assert len({path for path, _ in seen}) == len(routes) > len(OPEN_PATHS)
    answered = {key for key, status in seen.items() if status != 401}
    assert {path for path, _ in answered} == OPEN_PATHS
    assert {path for path, _ in seen} > OPEN_PATHS


def test_an_upload_needs_a_signature_in_place_of_a_key(locked: str, call: Call) -> None:
    status, headers, body = call(locked, "/api/v1/uploads/objects", b"")
    assert status in (400, 503)
    assert headers["content-type"] == "application/xml"
    assert b"<Code>" in body


@pytest.mark.parametrize(
    "given", ["Bearer sk-two", "Bearer sk-on", "Bearer sk-one2", "bearer sk-ONE", "Bearer \xff"]
)
def test_wrong_key_is_incorrect(locked: str, call: Call, given: str) -> None:
    status, _, body = call(locked, "/v1/models", method="GET", headers={"Authorization": given})
    assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("given", ["Basic c2s6", "Bearer", "Bearer  ", "sk-one"])
def test_anything_but_a_bearer_key_is_no_key(locked: str, call: Call, given: str) -> None:
    status, _, body = call(locked, "/v1/models", method="GET", headers={"Authorization": given})
    assert (status, json.loads(body)["error"]["code"]) == (401, None)


@pytest.mark.parametrize("key", ["sk-one", "sk-zwei-ü"])
def test_each_key_opens(locked: str, call: Call, ask: Ask, *, key: str) -> None:
    given = f"Bearer {key}".encode().decode("latin-1")
    assert call(locked, body=ask(), headers={"Authorization": given})[0] == 200


def test_health_needs_no_key(locked: str, call: Call) -> None:
    assert call(locked, "/healthz", method="GET")[0] == 200
    assert call(locked, "/readyz", method="GET")[0] == 200


def test_foreign_host_is_fine_with_a_key(locked: str, call: Call) -> None:
    headers = {"Host": "api.example", "Authorization": "Bearer sk-one"}
    assert call(locked, "/v1/models", method="GET", headers=headers)[0] == 200


@pytest.mark.parametrize("key", [{}, {"Authorization": "Bearer anything"}])
def test_without_keys_any_key_or_none_opens(
    keyless: str, call: Call, ask: Ask, *, key: dict[str, str]
) -> None:
    assert call(keyless, body=ask(), headers=key)[0] == 200


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.8.8.8:80", "[::1]:8765"])
def test_names_of_this_machine_are_taken(keyless: str, call: Call, host: str) -> None:
    assert call(keyless, "/v1/models", method="GET", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "192.168.1.4:8765"},
        {"Host": "[bad"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "null"},
    ],
)
def test_foreign_names_and_pages_are_refused_without_keys(
    keyless: str, call: Call, ask: Ask, *, headers: dict[str, str]
) -> None:
    status, _, body = call(keyless, body=ask(), headers=headers)
    assert (status, json.loads(body)["error"]["code"]) == (403, "cross_site_request")


def test_page_of_this_machine_is_served(keyless: str, call: Call, ask: Ask) -> None:
    assert call(keyless, body=ask(), headers={"Origin": "http://localhost:3000"})[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org"])  # noqa: S104
def test_open_address_without_keys_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="QWEN_VISION_API_KEYS"):
        ServerSettings(host=host)


def test_page_of_this_machine_may_ask_first_and_read_the_answer(
    keyless: str, call: Call, ask: Ask
) -> None:
    page = {"Origin": "http://localhost:3000"}
    wish = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
    }
    status, headers, body = call(keyless, method="OPTIONS", headers={**page, **wish})
    assert (status, body) == (204, b"")
    assert headers["access-control-allow-origin"] == page["Origin"]
    assert headers["access-control-allow-headers"] == wish["Access-Control-Request-Headers"]
    assert "POST" in headers["access-control-allow-methods"]
    for sent, expected in ((ask(), 200), (b"{", 400)):
        status, headers, _ = call(keyless, body=sent, headers=page)
        assert (status, headers["access-control-allow-origin"]) == (expected, page["Origin"])
        assert "x-request-id" in headers["access-control-expose-headers"]
        assert headers["vary"] == "origin"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/healthz"])
def test_pages_from_elsewhere_are_told_nothing(keyless: str, call: Call, path: str) -> None:
    page = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    status, headers, _ = call(keyless, path, method="OPTIONS", headers=page)
    assert status >= 400
    assert not [name for name in headers if name.startswith("access-control")]


def test_server_with_keys_leaves_pages_to_the_proxy_before_it(locked: str, call: Call) -> None:
    page = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    status, headers, _ = call(locked, method="OPTIONS", headers=page)
    assert status == 401
    assert "access-control-allow-origin" not in headers
