"""Keeps a server busy with good and bad requests and watches what it holds on to.

`python -m benchmarks.soak --seconds 600` starts a server with keys, uploads, the embedded engine
and a second server behind it, sends the load of `soak_load`, and compares what the server holds
before and after: tasks, threads, files, memory. It exits with 1 when something has grown.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.measure import memory_mb
from benchmarks.processes import OURS, listening
from benchmarks.soak_load import KEY, RELAYED, Load

# The server says on SIGUSR1 how many tasks its loop has.
SERVER = f"""
import asyncio, signal, sys
from pathlib import Path
from qwen_vision.server.run import serve
from qwen_vision.settings import EngineSettings, ServerSettings, StorageSettings, UpstreamSettings

folder, peer = sys.argv[2].split("|")
def count(*_):
    Path(folder, "tasks").write_text(str(len(asyncio.all_tasks())))
signal.signal(signal.SIGUSR1, count)
serve(
    ServerSettings(
        port=int(sys.argv[1]),
        keys=frozenset({{"{KEY}"}}),
        models={{"{RELAYED}": "upstream:peer"}},
        storage=StorageSettings(folder=Path(folder, "uploads")),
    ),
    EngineSettings(upstreams=(UpstreamSettings("peer", (peer,), profile="dashscope"),)),
)
"""
ANSWER = {"answer": [{"steps": [{"text": "word ", "times": 8, "wait_s": 0.005}]}]}
# Shorter runs are still filling caches: their memory is printed and not judged.
JUDGED_FROM_S = 240
GROWTH = 1.10
POOLED = ("threads", "files")


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment; memory in megabytes."""

    tasks: int
    threads: int
    files: int
    half_uploads: int
    memory: float


def held(pid: int, folder: Path) -> Held:
    """Ask the process and the kernel."""
    said = folder / "tasks"
    said.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    patience = time.monotonic() + 10
    while not (said.exists() and said.read_text()):
        if time.monotonic() > patience:
            raise SystemExit("The server's loop is stuck: it does not heed a signal.")
        time.sleep(0.02)
    return Held(
        tasks=int(said.read_text()),
        threads=_entries(f"/proc/{pid}/task"),
        files=_entries(f"/proc/{pid}/fd"),
        half_uploads=sum(path.is_file() for path in (folder / "uploads/incoming").rglob("*")),
        memory=memory_mb(pid),
    )


def _entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


async def busy(url: str, seconds: float, *, at_once: int, seed: int) -> Load:
    """Send the load for `seconds`."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        load = Load(session, url, seed)
        until_s = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(load.work(until_s, number) for number in range(at_once)))
    return load


@contextmanager
def servers(folder: Path) -> Iterator[tuple[int, int]]:
    """The server under load: its port and process."""
    script = folder / "peer.json"
    script.write_text(json.dumps(ANSWER))
    with listening(OURS, f"scripted:{script}") as peer:
        behind = f"{folder}|http://127.0.0.1:{peer.port}/v1"
        with listening(SERVER, behind) as ours:
            yield ours.port, ours.pid


def run(seconds: float, *, at_once: int, seed: int, settle_s: float) -> int:
    """Warm up, load, settle, compare; 0 when nothing has grown."""
    with tempfile.TemporaryDirectory() as name, servers(folder := Path(name)) as (port, pid):
        url = f"http://127.0.0.1:{port}"
        asyncio.run(busy(url, max(3.0, seconds / 10), at_once=at_once, seed=seed))
        time.sleep(settle_s)
        before, memory = held(pid, folder), [memory_mb(pid)]
        print(f"before  {before}", flush=True)
        loads = []
        rounds = max(1, round(seconds / 60))
        for number in range(rounds):
            loads.append(
                asyncio.run(busy(url, seconds / rounds, at_once=at_once, seed=seed + 1 + number))
            )
            memory.append(memory_mb(pid))
            print(f"after {number + 1} of {rounds}: {memory[-1]:.0f} MB", flush=True)
        time.sleep(settle_s)
        after = held(pid, folder)
        print(f"after   {after}")
    return verdict(loads, before=before, after=after, memory=memory, at_once=at_once)


def verdict(
    loads: list[Load], *, before: Held, after: Held, memory: list[float], at_once: int
) -> int:
    """Print what was answered and what has grown."""
    answers = sum((load.answers for load in loads), start=loads[0].answers.__class__())
    for (kind, said), count in sorted(answers.items()):
        print(f"  {kind:16} {said:>6} {count:7}")
    print(f"  {sum(answers.values())} requests")
    wrong = [failure for load in loads for failure in load.failures][:20]
    for name in ("tasks", "half_uploads", "threads", "files"):
        was, now = getattr(before, name), getattr(after, name)
        # Pools of threads and kept connections grow up to what was in flight at once.
        if now > was + (at_once if name in POOLED else 0):
            wrong.append(f"{name} grew from {was} to {now}")
    middle = len(memory) // 2
    early, late = statistics.median(memory[: middle + 1]), statistics.median(memory[middle:])
    print(f"  memory: {early:.0f} MB in the first half, {late:.0f} MB in the second")
    if len(memory) * 60 > JUDGED_FROM_S and late > early * GROWTH:
        wrong.append(f"memory grew from {early:.0f} to {late:.0f} MB")
    for line in wrong:
        print(f"  WRONG {line}")
    return 1 if wrong else 0


def main() -> None:
    """Run the soak."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long, by default 600")
    parser.add_argument("--at-once", type=int, default=16, help="requests in flight")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another load")
    parser.add_argument("--settle", type=float, default=8, help="seconds of rest before counting")
    chosen = parser.parse_args()
    raise SystemExit(
        run(chosen.seconds, at_once=chosen.at_once, seed=chosen.seed, settle_s=chosen.settle)
    )


if __name__ == "__main__":
    main()
