"""Which upstream, and which of its addresses, is asked."""

import pytest

from qwen_vision.engines.upstream.engine import UpstreamEngine, build
from qwen_vision.engines.upstream.hosts import Hosts
from qwen_vision.errors import SettingsError
from qwen_vision.settings import EngineSettings, UpstreamSettings


def test_hosts_are_chosen_by_load_and_rest_after_failures() -> None:
    now = [0.0]
    hosts = Hosts(["http://a", "http://b"], clock=lambda: now[0])
    a = hosts.pick()
    assert a is not None
    with hosts.using(a):
        b = hosts.pick()
        assert b is not None
        assert b.url == "http://b"
    for _ in range(3):
        hosts.failed(a)
    assert hosts.pick() is b
    assert hosts.pick(tried=[b]) is None
    now[0] = 11.0
    assert hosts.pick(tried=[b]) is a
    hosts.succeeded(a)
    assert a.failures == 0


def test_an_upstream_is_found_by_name() -> None:
    one = UpstreamSettings(name="gpu", urls=("http://127.0.0.1:9/v1",), key="sk-secret")
    settings = EngineSettings(upstreams=(one,))
    assert build("gpu", settings).fingerprint == "upstream-gpu"
    assert build("", settings).fingerprint == "upstream-gpu"
    assert "sk-secret" not in repr(settings)
    with pytest.raises(SettingsError, match="There is no upstream 'tpu'"):
        build("tpu", settings)
    with pytest.raises(SettingsError, match="Known: dashscope, vllm"):
        UpstreamEngine(UpstreamSettings(name="x", urls=("http://a",), profile="nope"))
