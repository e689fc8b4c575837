"""An upstream behind a proxy, reached through sockets."""

import ssl
from pathlib import Path

import pytest
import trustme

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import ConnectionFailedError, SettingsError
from qwen_vision.settings import ProxySettings, UpstreamSettings, find_proxies
from tests.engines.upstream.playing import WHOLE, ask, playing, says
from tests.proxying import proxying


def engine_behind(proxies: ProxySettings, url: str = "http://gpu.example/v1") -> UpstreamEngine:
    return UpstreamEngine(UpstreamSettings("gpu", (url,), profile="dashscope", proxies=proxies))


async def test_an_http_upstream_is_asked_through_the_proxy_with_its_whole_address() -> None:
    async with playing(says(WHOLE)) as site, proxying(site.url) as proxy:
        engine = engine_behind(ProxySettings(http=f"http://me:s%40fe@{proxy.place}"))
        assert [await ask(engine) for _ in range(2)] == ["A cat."] * 2
        await engine.aclose()
    (head,) = proxy.heads
    assert head.startswith("POST http://gpu.example/v1/chat/completions HTTP/1.1\r\n")
    assert "\r\nHost: gpu.example\r\n" in head
    assert "\r\nProxy-Authorization: Basic bWU6c0BmZQ==\r\n" in head


async def test_an_https_upstream_is_asked_through_a_tunnel_that_hides_the_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gpu.example").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with playing(says(WHOLE), tls=tls) as site, proxying(site.url) as proxy:
        engine = engine_behind(
            ProxySettings(https=f"http://me:safe@{proxy.place}"), "https://gpu.example/v1"
        )
        assert [await ask(engine) for _ in range(2)] == ["A cat."] * 2
        await engine.aclose()
    (head,) = proxy.heads
    assert head.startswith("CONNECT gpu.example:443 HTTP/1.1\r\n")
    assert "\r\nProxy-Authorization: Basic bWU6c2FmZQ==\r\n" in head


@pytest.mark.parametrize("refuses", ["407 Proxy Authentication Required", "503 No way"])
async def test_a_proxy_that_opens_no_tunnel_is_named_and_the_next_request_served(
    refuses: str,
) -> None:
    async with proxying("http://127.0.0.1:9", refuses=refuses) as proxy:
        engine = engine_behind(
            ProxySettings(https=f"me:safe@{proxy.place}"), "https://gpu.example/v1"
        )
        for _ in range(2):
            with pytest.raises(ConnectionFailedError, match="the proxy refused") as caught:
                await ask(engine)
            assert refuses[:3] in str(caught.value)
            assert "safe" not in str(caught.value)
        await engine.aclose()


async def test_a_proxy_that_says_nothing_is_no_tunnel() -> None:
    async with playing(says(WHOLE)) as silent:
        # It waits for a request with a length, and closes when that does not come.
        place = silent.url.removeprefix("http://").removesuffix("/v1")
        engine = engine_behind(ProxySettings(https=f"http://{place}"), "https://gpu.example/v1")
        with pytest.raises(ConnectionFailedError, match="cannot be reached"):
            await ask(engine)
        await engine.aclose()


@pytest.mark.parametrize(
    ("direct", "url", "through"),
    [
        ("", "https://gpu.example/v1", True),
        ("other.example", "https://gpu.example/v1", True),
        ("gpu.example", "https://gpu.example/v1", False),
        (".example", "https://gpu.example/v1", False),
        ("*.example", "https://gpu.example/v1", False),
        ("pu.example", "https://gpu.example/v1", True),
        ("gpu.example:443", "https://gpu.example/v1", False),
        ("gpu.example:8443", "https://gpu.example/v1", True),
        ("a.example, GPU.example", "https://gpu.example:8000/v1", False),
        ("10.0.0.0/8", "http://10.1.2.3:8000/v1", False),
        ("10.0.0.0/8", "http://11.1.2.3:8000/v1", True),
        ("10.0.0.0/8", "https://gpu.example/v1", True),
        ("no/network", "https://gpu.example/v1", True),
        ("*", "https://gpu.example/v1", False),
        ("", "http://127.0.0.1:8000/v1", False),
        ("", "http://localhost:8000/v1", False),
        ("", "http://[::1]:8000/v1", False),
    ],
)
def test_no_proxy_says_which_hosts_are_asked_directly(direct: str, url: str, through: bool) -> None:
    proxies = find_proxies({"ALL_PROXY": "http://proxy:3128", "NO_PROXY": direct})
    assert proxies.for_url(url) == ("http://proxy:3128" if through else None)


def test_each_scheme_has_its_proxy_and_small_letters_win() -> None:
    proxies = find_proxies(
        {"HTTPS_PROXY": "loud:1", "https_proxy": "quiet:1", "ALL_PROXY": "all:2", "NO_PROXY": ""}
    )
    assert proxies.for_url("https://gpu.example") == "http://quiet:1"
    assert proxies.for_url("http://gpu.example") == "http://all:2"
    assert "quiet" not in repr(proxies)


@pytest.mark.parametrize(
    "proxy", ["socks5://me:safe@proxy:1080", "https://proxy", "http://", "x:99999"]
)
def test_a_proxy_that_cannot_be_used_is_refused_without_telling_its_password(proxy: str) -> None:
    proxies = find_proxies({"ALL_PROXY": proxy})
    with pytest.raises(SettingsError, match="NO_PROXY") as caught:
        proxies.for_url("https://gpu.example")
    assert "safe" not in str(caught.value)
    assert proxies.for_url("http://localhost:8000") is None
