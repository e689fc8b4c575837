"""Limits a minute: whom they hold back, in which words, and when they let go."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from qwen_vision.client import Client
from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import Answer, Script, Step
from qwen_vision.protocol.request import decode_request
from qwen_vision.server.meter import Meter
from qwen_vision.settings import RateSettings, ServerSettings, StorageSettings
from tests.server.site import Site, fields_of, form

Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, Any]]
NATIVE = "/api/v1/services/aigc/multimodal-generation/generation"
ALICE, BOB = {"Authorization": "Bearer sk-alice"}, {"Authorization": "Bearer sk-bob"}
KEYS = frozenset({"sk-alice", "sk-bob"})
SCRIPT = Script(
    answer=(
        Answer(
            when="hold",
            steps=(Step(text="Five words and a wait. "), Step(text="More.", wait_s=600)),
        ),
        Answer(when="long", steps=(Step(text="x"), Step(finish="length", completion_tokens=9000))),
        Answer(steps=(Step(text="Hi."), Step(finish="stop", completion_tokens=10))),
    )
)


@dataclass
class Clock:
    """Seconds that stand still until a test moves them."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(serve: Callable[..., str], clock: Clock) -> Callable[..., str]:
    """Starts a server: `limited(requests=2)` -> its address."""

    def start(
        *,
        requests: int | None = None,
        tokens: int | None = None,
        **more: Any,  # noqa: ANN401 - any setting
    ) -> str:
        settings = ServerSettings(port=0, rates=RateSettings(requests, tokens), **more)
        meter = Meter(settings, clock=clock)
        return serve(engine=ScriptedEngine(SCRIPT), settings=settings, meter=meter)

    return start


def wait_until(answered: Callable[[], bool]) -> None:
    while not answered():
        time.sleep(0.02)


def test_openai_client_sees_its_rate_limit_error(limited: Callable[..., str]) -> None:
    url = limited(requests=1)
    with openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1", max_retries=0) as sdk:
        asked: Any = {
            "model": "qwen3-vl-plus",
            "messages": [{"role": "user", "content": "Hi"}],
        }
        sdk.chat.completions.create(**asked)
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError) as caught:
                sdk.chat.completions.create(**asked, stream=stream)
            assert (caught.value.code, caught.value.type) == ("limit_requests", "limit_requests")
            assert "exceeded your current request limit" in caught.value.message
            assert caught.value.response.headers["retry-after"] == "60"


def test_openai_client_that_waits_as_it_is_told_is_served(
    limited: Callable[..., str], clock: Clock
) -> None:
    url = limited(requests=1)
    with openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1", max_retries=1) as sdk:
        asked: Any = {
            "model": "qwen3-vl-plus",
            "messages": [{"role": "user", "content": "Hi"}],
        }
        sdk.chat.completions.create(**asked)
        # From here on the clock goes: the place is free in 1.7 s, which the answer rounds up.
        clock.now_s = 1058.3
        stop = _run(clock)
        answer = sdk.chat.completions.create(**asked)
        stop.set()
    assert answer.choices[0].message.content == "Hi."


def _run(clock: Clock) -> threading.Event:
    """Let the clock go as time does until the event is set."""
    stop, base_s = threading.Event(), clock.now_s - time.monotonic()

    def go() -> None:
        while not stop.wait(0.005):
            clock.now_s = base_s + time.monotonic()

    threading.Thread(target=go, daemon=True).start()
    return stop


def test_our_client_waits_for_tokens_as_it_is_told(
    limited: Callable[..., str], ask: Ask, clock: Clock
) -> None:
    url = limited(tokens=100)
    with Client(base_url=f"{url}/v1") as client:
        client.complete(decode_request(json.dumps(ask("long")).encode()))
        clock.now_s = 1059.5
        stop = _run(clock)
        answer = client.complete(decode_request(json.dumps(ask()).encode()))
        assert answer.choices[0].message.content == "Hi."
        stop.set()


def test_native_callers_get_the_native_words(limited: Callable[..., str], call: Call) -> None:
    native = {
        "model": "qwen3-vl-plus",
        "input": {"messages": [{"role": "user", "content": [{"text": "long"}]}]},
    }
    requests, tokens = limited(requests=1), limited(tokens=100)
    for url, code, message in (
        (requests, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        (
            tokens,
            "Throttling.AllocationQuota",
            "Allocated quota exceeded, please increase your quota limit.",
        ),
    ):
        assert call(url, NATIVE, native)[0] == 200
        status, headers, body = call(url, NATIVE, native)
        found = json.loads(body)
        assert (status, headers["retry-after"]) == (429, "60")
        assert (found["code"], found["message"]) == (code, message)


def test_used_tokens_refuse_the_next_request_until_a_minute_has_gone(
    limited: Callable[..., str], call: Call, ask: Ask, *, clock: Clock
) -> None:
    url = limited(tokens=100)
    assert call(url, body=ask("long"))[0] == 200
    clock.now_s += 59
    status, headers, body = call(url, body=ask())
    assert (status, headers["retry-after"]) == (429, "1")
    assert json.loads(body)["error"] == {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota",
        "param": None,
        "code": "insufficient_quota",
    }
    clock.now_s += 1
    assert call(url, body=ask())[0] == 200


def test_requests_come_free_one_by_one(
    limited: Callable[..., str], call: Call, ask: Ask, *, clock: Clock
) -> None:
    url = limited(requests=2)
    assert call(url, body=ask())[0] == 200
    clock.now_s += 20
    assert call(url, body=ask())[0] == 200
    status, headers, _ = call(url, body=ask())
    assert (status, headers["retry-after"]) == (429, "40")
    clock.now_s += 40
    assert [call(url, body=ask())[0] for _ in range(2)] == [200, 429]
    clock.now_s += 600
    assert [call(url, body=ask())[0] for _ in range(3)] == [200, 200, 429]


def test_prompt_longer_than_the_limit_is_refused_without_a_time(
    limited: Callable[..., str], call: Call, ask: Ask
) -> None:
    status, headers, body = call(limited(tokens=100), body=ask("word " * 200))
    assert (status, "retry-after" in headers) == (429, False)
    assert json.loads(body)["error"]["code"] == "insufficient_quota"


def test_answer_that_was_set_aside_but_not_used_is_given_back(
    limited: Callable[..., str], call: Call, ask: Ask
) -> None:
    url = limited(tokens=300)
    for stream in (False, True, False, True):
        assert call(url, body=ask(max_tokens=150, stream=stream))[0] == 200


def test_running_answer_holds_what_it_may_become_and_a_caller_who_leaves_gives_it_back(
    limited: Callable[..., str], call: Call, ask: Ask
) -> None:
    url = limited(tokens=200)
    site = Site(url, Path())
    body = json.dumps(ask("hold", max_tokens=150, stream=True)).encode()
    held = _open_stream(site, body)
    assert call(url, body=ask(max_tokens=150))[0] == 429
    held.close()
    wait_until(lambda: call(url, body=ask(max_tokens=150))[0] == 200)


def test_what_a_caller_who_left_has_read_is_counted(
    limited: Callable[..., str], call: Call, ask: Ask
) -> None:
    url = limited(tokens=40)
    site = Site(url, Path())
    prompt = json.loads(call(url, "/v1/estimate", ask("hold"))[2])["prompt_tokens"]
    for _ in range(40 // (prompt + 5)):
        held = _open_stream(site, json.dumps(ask("hold", stream=True)).encode())
        held.close()
    wait_until(lambda: call(url, body=ask())[0] == 429)


def _open_stream(site: Site, body: bytes) -> socket.socket:
    host, port = site.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    seen = b""
    while b"Five words" not in seen:
        piece = connection.recv(65536)
        assert piece, seen
        seen += piece
    return connection


def test_each_key_has_limits_of_its_own(limited: Callable[..., str], call: Call, ask: Ask) -> None:
    url = limited(requests=1, keys=KEYS, key_rates={"sk-bob": RateSettings(3)})
    assert [call(url, body=ask(), headers=ALICE)[0] for _ in range(2)] == [200, 429]
    assert [call(url, body=ask(), headers=BOB)[0] for _ in range(4)] == [200] * 3 + [429]
    assert call(url, body=ask(), headers={"Authorization": "Bearer sk-eve"})[0] == 401


def test_key_without_limits_goes_on_beside_one_that_has_some(
    limited: Callable[..., str], call: Call, ask: Ask
) -> None:
    url = limited(keys=KEYS, key_rates={"sk-bob": RateSettings(1)})
    assert [call(url, body=ask(), headers=ALICE)[0] for _ in range(3)] == [200] * 3
    assert [call(url, body=ask(), headers=BOB)[0] for _ in range(2)] == [200, 429]


def test_refused_requests_are_not_counted_and_looking_around_costs_nothing(
    limited: Callable[..., str], call: Call, ask: Ask, *, clock: Clock
) -> None:
    url = limited(requests=1)
    for path in ("/v1/models", "/healthz", "/readyz", "/api/v1/models"):
        assert call(url, path, method="GET")[0] == 200
    assert [call(url, body=ask())[0] for _ in range(9)] == [200] + [429] * 8
    clock.now_s += 60
    assert call(url, "/v1/estimate", ask())[0] == 200
    assert call(url, "/v1/estimate", ask())[0] == 429


def test_uploads_count_as_requests_of_the_key_that_has_the_policy(
    limited: Callable[..., str], tmp_path: Path
) -> None:
    storage = StorageSettings(folder=tmp_path)
    url = limited(requests=2, keys=KEYS, storage=storage)
    site = Site(url, tmp_path, key="sk-alice")
    fields = fields_of(site.ticket())
    assert site.send(form(fields, b"bytes")).status == 200
    refused = site.send(form({**fields, "key": fields["key"] + "2"}, b"bytes"))
    assert refused.refusal == (429, "limit_requests")
    policy = site.get("/api/v1/uploads?action=getPolicy&model=qwen3-vl-plus")
    assert (policy.status, policy.json["code"]) == (429, "Throttling.RateQuota")
    assert Site(url, tmp_path, key="sk-bob").ticket()
