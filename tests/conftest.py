"""Fixtures for every test: a server on a free port."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from qwen_vision.engines.base import Engine
from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT, Answer, Script, Step
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.meter import Meter
from qwen_vision.server.run import Server
from qwen_vision.settings import MediaSettings, ServerSettings

# A job started in the background ignores SIGINT and hands that on to its children; some tests
# interrupt theirs.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test asserts a time, of which a busy machine takes any amount. The environment of the
# clients' tests has no hypothesis.
if find_spec("hypothesis"):
    hypothesis = import_module("hypothesis")
    hypothesis.settings.register_profile(
        "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--callers 2000` makes the tests that soak an engine as long as they are meant to be."""
    parser.addoption("--callers", type=int, default=200, help="callers of the tests that soak")
    parser.addoption(
        "--vllm",
        metavar="PYTHON",
        help="the Python of an environment with vLLM: runs the slow tests before a real one",
    )


@pytest.fixture
def callers(request: pytest.FixtureRequest) -> int:
    """How many callers a test that soaks sends."""
    count: int = request.config.getoption("--callers")
    return count


# (engine, or the steps of a scripted answer), settings -> the server's address.
Serve = Callable[..., str]


@pytest.fixture(scope="session")
def vllm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real vLLM, started for all tests of a session."""
    python = request.config.getoption("--vllm")
    if python is None:
        pytest.skip("needs a real vLLM, which `make test-vllm` brings and starts")
    # Only these tests need what writes weights.
    server = import_module("tests.e2e.vllm.server")
    with server.running(Path(python).absolute(), tmp_path_factory.mktemp("vllm")) as url:
        yield url


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Starts servers for the tests of one file: `serve(Step(text="Hi"))` -> its address."""
    running: list[tuple[Server, threading.Thread]] = []

    def start(
        *steps: Step,
        engine: Engine | None = None,
        settings: ServerSettings | None = None,
        meter: Meter | None = None,
    ) -> str:
        script = Script(answer=(Answer(steps=steps),)) if steps else DEFAULT_SCRIPT
        settings = settings or ServerSettings(port=0)
        pipeline = Pipeline(
            engine or ScriptedEngine(script),
            MediaDoor(MediaSettings()),
            any_model=settings.any_model,
        )
        server = Server(settings, pipeline, meter=meter)
        thread = threading.Thread(target=server.listen_and_serve)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return server.url

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join()
