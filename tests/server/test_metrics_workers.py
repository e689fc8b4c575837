"""`GET /metrics` of several workers: whichever is asked tells what all have done."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.crew import CrewOfWorkers, install_engine


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[CrewOfWorkers]:
    """Two workers."""
    install_engine(tmp_path)
    server = CrewOfWorkers(tmp_path, "--engine", "who", workers=2, env={})
    yield server
    server.close()


def _value(crew: CrewOfWorkers, name: str, **labels: str) -> float:
    page = crew.site.call("GET", "/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == f"qwen_vision_{name}" and labels.items() <= sample.labels.items()
    )


def _wait_for(crew: CrewOfWorkers, value: float, name: str, **labels: str) -> None:
    """A worker knows of the others what they wrote down about a second ago."""
    while (found := _value(crew, name, **labels)) != value:
        assert found < value, found
        time.sleep(0.1)


def test_figures_of_all_workers_add_up_and_outlive_a_worker(crew: CrewOfWorkers) -> None:
    first, second = crew.workers
    for worker, times in ((first, 2), (second, 3)):
        with crew.only(worker):
            for _ in range(times):
                assert crew.who() == worker
    _wait_for(crew, 5, "requests_total", model="qwen3-vl-plus", outcome="ok")
    assert _value(crew, "workers") == 2
    assert _value(crew, "slots") == 128
    assert _value(crew, "stage_seconds_count", stage="whole", engine="who") == 5
    os.kill(first, signal.SIGKILL)
    crew.wait_for("another takes its place")
    while len(crew.workers) < 2:
        time.sleep(0.05)
    assert _value(crew, "requests_total", model="qwen3-vl-plus", outcome="ok") == 5
