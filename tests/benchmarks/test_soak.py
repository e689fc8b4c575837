"""The soak of `make soak`, cut short: nothing that a request took is still held after it."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "benchmarks.soak", "--seconds=4", "--at-once=4", "--settle=1")


# The server reads pictures all along: on a busy machine that takes longer than other tests.
@pytest.mark.timeout(120)
def test_a_busy_server_gives_back_tasks_threads_and_files() -> None:
    done = subprocess.run(  # noqa: S603 - our own module
        COMMAND, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " requests" in done.stdout
