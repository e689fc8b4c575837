"""`serve --workers N` as processes: all answer, a dead one is replaced, one signal stops all."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path

import pytest
from PIL import Image

from tests.server.crew import CrewOfWorkers, StartCrew, install_engine
from tests.server.site import fields_of, form


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[StartCrew]:
    """Starts a server with workers; ends what a test left."""
    install_engine(tmp_path)
    running: list[CrewOfWorkers] = []

    def start(*words: str, engine: str = "who", workers: int = 2, **env: str) -> CrewOfWorkers:
        for name in [name for name in env if name.endswith(".toml")]:
            (tmp_path / name).write_text(env.pop(name))
        words = ("--engine", engine, "--stop-grace", "20", *words)
        running.append(CrewOfWorkers(tmp_path, *words, workers=workers, env=env))
        return running[-1]

    yield start
    for each in running:
        each.close()


def is_running(process: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text("ascii").split()[2] != "Z"
    return False


def test_every_worker_answers_at_the_one_port(crew: StartCrew) -> None:
    server = crew(workers=3)
    assert "with engine who in 3 workers. No key is needed" in server.wait_for("answers at")
    workers = server.workers
    assert len(workers) == 3
    for worker in workers:
        with server.only(worker):
            assert server.who() == worker
            assert server.site.call("GET", "/readyz").status == 200


def test_workers_share_the_memory_for_decoding_and_the_cores(crew: StartCrew) -> None:
    server = crew(workers=3)
    status, body = server.ask()
    assert status == 200
    _, threads, memory_bytes = body.partition('"content":"')[2].partition('"')[0].split()
    cores = len(os.sched_getaffinity(0))
    assert (int(threads), int(memory_bytes)) == (max(1, cores // 3), 1024**3)


def test_worker_killed_amid_a_stream_is_replaced_while_the_others_serve(crew: StartCrew) -> None:
    server = crew()
    before = server.workers
    with server.stream("hold", stream=True) as answer:
        # The first chunk has the role only.
        lines = [answer.readline() for _ in range(4)]
        (victim,) = {worker for worker in before if str(worker).encode() in lines[2]}
        os.kill(victim, signal.SIGKILL)
        with pytest.raises((ConnectionError, IncompleteRead)):
            answer.read()
    (other,) = before - {victim}
    assert server.who() in server.workers | {other}
    server.wait_for(f"(process {victim}) ended with signal 9; another takes its place.")
    while len(server.workers) < 2:
        time.sleep(0.01)
    (fresh,) = server.workers - before
    with server.only(fresh):
        assert server.who() == fresh


def test_worker_that_hangs_is_replaced_while_the_others_serve(crew: StartCrew) -> None:
    server = crew("--worker-timeout", "2")
    before = server.workers
    victim, other = before
    os.kill(victim, signal.SIGSTOP)
    server.wait_for(f"(process {victim}) gave no sign of life for 2 s and is ended.")
    server.wait_for(f"(process {victim}) ended with signal 9; another takes its place.")
    while len(server.workers - {victim}) < 2:
        time.sleep(0.01)
    assert not is_running(victim)
    (fresh,) = server.workers - before
    with server.only(fresh):
        assert server.who() == fresh
    assert other in server.workers


def test_workers_that_stood_still_with_their_parent_are_left_alone(crew: StartCrew) -> None:
    server = crew("--worker-timeout", "2")
    before = server.workers
    # As Ctrl-Z and `fg` do it.
    os.killpg(server.process.pid, signal.SIGSTOP)
    time.sleep(3)
    os.killpg(server.process.pid, signal.SIGCONT)
    time.sleep(2.5)
    assert server.who() in before
    assert server.workers == before


def test_worker_that_computes_all_the_time_is_left_alone(crew: StartCrew) -> None:
    server = crew("--worker-timeout", "4")
    before = server.workers
    with ThreadPoolExecutor(4) as callers:
        assert {status for status, _ in callers.map(server.ask, ["compute"] * 4)} == {200}
    assert server.workers == before


def test_upload_taken_by_one_worker_is_resolved_by_another(crew: StartCrew) -> None:
    server = crew(QWEN_VISION_API_KEYS="sk-uploading-key")
    site = server.site
    first, second = server.workers
    picture = server.folder / "red.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    with server.only(first):
        ticket = site.ticket()
    fields = fields_of(ticket)
    with server.only(second):
        assert site.send(form(fields, picture.read_bytes())).status == 200
    content = [
        {"type": "image_url", "image_url": {"url": f"oss://{fields['key']}"}},
        {"type": "text", "text": "who"},
    ]
    with server.only(first):
        status, body = server.ask(content=content)
    assert (status, str(first) in body) == (200, True), body


def test_all_workers_together_let_through_what_one_key_may_ask(crew: StartCrew) -> None:
    server = crew("--requests-per-minute", "20", workers=3)
    assert server.site.url
    with ThreadPoolExecutor(12) as callers:
        statuses = list(callers.map(lambda _: server.ask()[0], range(60)))
    assert (statuses.count(200), statuses.count(429)) == (20, 40)


def test_what_a_key_has_used_outlives_the_worker_that_counted_it(crew: StartCrew) -> None:
    config = "[limits]\nrequests_per_minute = 3\n[keys.robot]\nrequests_per_minute = 2\n"
    keys = {"QWEN_VISION_API_KEYS": "sk-any", "QWEN_VISION_API_KEY_ROBOT": "sk-uploading-key"}
    server = crew("--config", "limits.toml", **keys, **{"limits.toml": config})
    before = server.workers
    assert server.ask()[0] == 200
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    while len(server.workers - before) < 2:
        time.sleep(0.01)
    assert [server.ask()[0] for _ in range(2)] == [200, 429]
    server.process.terminate()
    server.process.wait()
    assert server.count("sk-") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_lets_every_worker_finish(crew: StartCrew, *, number: signal.Signals) -> None:
    server = crew()
    first, second = server.workers
    with server.only(first), server.stream("twice", stream=True) as one:
        assert one.status == 200
        with server.only(second):
            pass
        # The whole group, as a terminal does it, and as systemd does.
        os.killpg(server.process.pid, number)
        assert one.read().endswith(b"data: [DONE]\n\n")
    assert server.process.wait(timeout=20) == 0
    assert server.count("Stopping") == 1
    assert server.count("Traceback") == 0


def test_second_signal_ends_all_workers_at_once(crew: StartCrew) -> None:
    server = crew()
    workers = server.workers
    with server.stream("hold", stream=True) as answer:
        answer.readline()
        server.process.terminate()
        server.wait_for("Stopping")
        server.process.terminate()
        assert server.process.wait(timeout=20) == -signal.SIGTERM
    assert [worker for worker in workers if is_running(worker)] == []


def test_workers_stop_when_their_parent_is_killed(crew: StartCrew) -> None:
    server = crew()
    workers = server.workers
    server.process.kill()
    server.process.wait()
    while any(map(is_running, workers)):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("nobody", "There is no engine 'nobody'"),
        ("embedded:large", "The embedded engine takes no argument"),
        ("who:crash", "a worker ended with exit code 3 while it started"),
    ],
)
def test_what_stands_in_the_way_is_said_once(crew: StartCrew, *, engine: str, words: str) -> None:
    server = crew(engine=engine, workers=3)
    assert server.process.wait(timeout=20) == 1
    assert server.count("") == server.count(words) == 1


def test_interrupt_while_a_worker_loads_ends_quietly_with_130(crew: StartCrew) -> None:
    server = crew(engine="who:slow")
    while not (server.folder / "loading").exists():
        time.sleep(0.01)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(timeout=20) == 130
    assert server.count("") == 0


def test_parent_has_one_thread_so_that_it_may_fork(crew: StartCrew) -> None:
    server = crew(engine="embedded")
    assert server.site.call("GET", "/readyz").status == 200
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    assert "\nThreads:\t1\n" in status


def test_worker_that_cannot_start_again_is_tried_later(crew: StartCrew) -> None:
    server = crew(engine="who:obstacle")
    before = server.workers
    obstacle = server.folder / "obstacle"
    obstacle.touch()
    os.kill(min(before), signal.SIGKILL)
    server.wait_for("cannot start: 'obstacle' is in the way.")
    assert server.who() == max(before)
    obstacle.unlink()
    while not (fresh := server.workers - before):
        time.sleep(0.02)
    with server.only(fresh.pop()):
        assert server.who() not in before
