"""The soak of `make soak`, cut short: nothing that a request took is still held after it."""

import subprocess
import sys
from pathlib import Path


def test_a_busy_server_gives_back_tasks_threads_and_files() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--seconds", "6", "--at-once", "4"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "requests" in done.stdout
