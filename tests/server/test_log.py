"""What the server writes down: one line a request, and nothing it must not say."""

import logging
import socket
import time
from collections.abc import Callable

import pytest

from qwen_vision.errors import SettingsError
from qwen_vision.server.run import listen
from qwen_vision.settings import ServerSettings

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]
Lines = Callable[[int], list[str]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Waits for that many lines of the server: a line is written after its answer is sent."""
    caplog.set_level(logging.INFO, "qwen_vision.server")

    def wait(count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            time.sleep(0.01)
            messages = [record.getMessage() for record in caplog.records]
            found = [message for message in messages if " request=" in message]
        return found

    return wait


def test_access_line_names_request_engine_and_model(
    serve: Serve, call: Call, ask: Ask, *, lines: Lines
) -> None:
    _, headers, _ = call(serve(), body=ask())
    line = lines(1)[-1]
    assert line.startswith("POST /v1/chat/completions 200 ")
    assert f"request={headers['x-request-id']} engine=scripted model=qwen3-vl-plus" in line


def test_log_holds_no_key_no_prompt_and_no_query(
    serve: Serve, call: Call, ask: Ask, *, lines: Lines
) -> None:
    url = serve(settings=ServerSettings(port=0, keys=frozenset({"sk-very-secret"})))
    for key in ("sk-very-secret", "sk-wrong-secret"):
        call(
            url,
            "/v1/chat/completions?signature=secret",
            ask("a secret question"),
            headers={"Authorization": f"Bearer {key}"},
        )
    assert "secret" not in "".join(lines(2))


def test_line_breaks_of_a_caller_stay_out_of_the_log(
    serve: Serve, call: Call, ask: Ask, *, lines: Lines
) -> None:
    url = serve()
    call(url, body=ask(model="a\nPOST /forged 200"))
    call(url, "/a%0Aforged", method="GET")
    assert "\n" not in "".join(lines(2))


def test_settings_do_not_show_keys() -> None:
    assert "sk-secret" not in repr(ServerSettings(keys=frozenset({"sk-secret"})))


def test_address_in_use_is_told_with_a_way_out() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SettingsError, match=r"Address already in use.*--port"),
    ):
        listen("127.0.0.1", taken.getsockname()[1])


def test_unknown_host_is_told() -> None:
    with pytest.raises(SettingsError, match="Cannot listen on no-such-host"):
        listen("no-such-host.invalid", 0)
