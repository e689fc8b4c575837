"""How things are measured: ours and the peer in turn, the median counts.

Machines are noisy and clocks drift, so a busy moment must hit both alike. CPU time says more
than wall time; ratios of one run say more than any figure.
"""

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROUNDS = 5


class Pair(NamedTuple):
    """The median cost of ours and of the peer, in the unit that was measured."""

    ours: float
    peer: float


def paired(ours: Callable[[], float], peer: Callable[[], float], *, rounds: int = ROUNDS) -> Pair:
    """Medians of two costs; each callable does its work once and returns what it cost.

    Both run once before the first round, so that neither pays for a cold start.
    """
    ours()
    peer()
    costs = [(ours(), peer()) for _ in range(rounds)]
    return Pair(*(statistics.median(column) for column in zip(*costs, strict=True)))


def wall_ms(action: Callable[[], object]) -> float:
    """Milliseconds that pass while `action` runs."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def own_cpu_ms(action: Callable[[], object]) -> float:
    """CPU milliseconds of this process, all threads, while `action` runs."""
    began = time.process_time()
    action()
    return (time.process_time() - began) * 1000


def process_cpu_ms(pid: int) -> float:
    """CPU milliseconds (user and system) a running process has used so far."""
    # The kernel's clock of a process (clock_getcpuclockid), in nanoseconds: /proc counts in
    # ticks of 10 ms.
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


def command_cpu_ms(command: Sequence[str]) -> float:
    """CPU milliseconds of a command from start to end, its children included."""
    before = _children_ms()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words
    return _children_ms() - before


def _children_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def memory_mb(pid: int) -> float:
    """Megabytes of memory a process holds now."""
    return _status_mb(pid, "VmRSS")


def peak_memory_mb(pid: int) -> float:
    """The most megabytes of memory a process has held."""
    return _status_mb(pid, "VmHWM")


def _status_mb(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
