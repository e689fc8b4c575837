"""Stopping the server as a process: answers are finished, new ones refused, then it ends."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Call = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[..., dict[str, object]]
Start = Callable[..., tuple[subprocess.Popen[str], str]]

PROGRAM = """
import sys
from qwen_vision.server.run import serve
from qwen_vision.settings import EngineSettings, ServerSettings

serve(
    ServerSettings(port=0, engine="scripted:" + sys.argv[1], stop_grace_s=float(sys.argv[2])),
    EngineSettings(),
)
"""
SCRIPT = """
[[answer]]
when = "slow"
steps = [{ text = "One." }, { text = "Two.", wait_s = 1.5 }]

[[answer]]
when = "endless"
steps = [{ text = "One." }, { text = "Two.", wait_s = 600 }]

[[answer]]
steps = [{ text = "Quick." }]
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `serve` in a process of its own; gives the process and its address."""
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    running: list[subprocess.Popen[str]] = []

    def launch(*, grace_s: float = 20) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM, str(script), str(grace_s)],
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        words = r"answers at (http://[\d.]+:\d+)/v1 with engine scripted. No key is needed"
        found = re.search(words, line)
        assert found, line
        return process, found[1]

    yield launch
    for process in running:
        process.kill()
        process.communicate()


class Asking:
    """A request on its own thread."""

    def __init__(self, call: Call, url: str, body: dict[str, object]) -> None:
        self.answer = b""
        self.status = 0
        self._thread = threading.Thread(target=self._ask, args=(call, url, body))
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _ask(self, call: Call, url: str, body: dict[str, object]) -> None:
        # A server that ends at once leaves no answer: status 0.
        with contextlib.suppress(OSError):
            self.status, _, self.answer = call(url, body=body)


def wait_for_line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"The process ended without saying {words!r}.")


def begin(call: Call, url: str) -> None:
    """Wait until what was sent before is being answered."""
    while b"qwen_vision_slots_taken 1.0" not in call(url, "/metrics", method="GET")[2]:
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_stream_is_finished_while_new_requests_get_503(
    start: Start, call: Call, ask: Ask, *, number: signal.Signals
) -> None:
    process, url = start()
    stream = Asking(call, url, ask("slow", stream=True))
    begin(call, url)
    process.send_signal(number)
    wait_for_line(process, "Stopping")
    status, headers, body = call(url, body=ask())
    assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
    assert b"The server is stopping" in body
    assert call(url, "/readyz", method="GET")[0] == 503
    assert call(url, "/healthz", method="GET")[0] == 200
    stream.join()
    assert stream.status == 200
    assert b"Two." in stream.answer
    assert stream.answer.endswith(b"data: [DONE]\n\n")
    assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("streamed", [True, False])
def test_answer_over_the_grace_period_ends_with_an_error(
    start: Start, call: Call, ask: Ask, *, streamed: bool
) -> None:
    process, url = start(grace_s=0.2)
    asking = Asking(call, url, ask("endless", stream=streamed))
    begin(call, url)
    process.terminate()
    asking.join()
    assert asking.status == (200 if streamed else 503)
    last = asking.answer.decode().strip().split("\n\n")[-1].removeprefix("data: ")
    assert json.loads(last)["error"]["message"].startswith("The server is stopping")
    assert process.wait(timeout=20) == 0


def test_second_signal_ends_the_process_at_once(start: Start, call: Call, ask: Ask) -> None:
    process, url = start(grace_s=600)
    asking = Asking(call, url, ask("endless"))
    begin(call, url)
    process.terminate()
    wait_for_line(process, "Stopping")
    process.terminate()
    assert process.wait(timeout=20) == -signal.SIGTERM
    asking.join()
    assert asking.status == 0


def test_server_that_idles_stops_at_once(start: Start, call: Call, ask: Ask) -> None:
    process, url = start(grace_s=600)
    assert call(url, body=ask())[0] == 200
    process.terminate()
    assert process.wait(timeout=20) == 0
