"""Workers: several processes that answer at one port, and the parent that keeps them going."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection, wait
from typing import Final

import msgspec
from msgspec import Struct

from qwen_vision.errors import EngineError, QwenVisionError, SettingsError
from qwen_vision.server.pulse import Pulse, PulseWatch

_log = logging.getLogger("qwen_vision.server")
# A fork hands on the listening socket and the shared memory, and starts in milliseconds.
_FORK: Final = multiprocessing.get_context("fork")
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# After its grace a worker says farewell and closes its engines; then it is ended.
_CLOSE_S: Final = 10.0
# A worker that cannot start is tried again after 1 s, 2 s, 4 s and so on.
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0


class Started(Struct, tag=True):
    """A worker answers, with this engine."""

    engine: str


class Failed(Struct, tag=True):
    """A worker cannot start; what it would have told whoever started it."""

    message: str
    param: str | None


_NEWS: Final[msgspec.json.Decoder[Started | Failed]] = msgspec.json.Decoder(Started | Failed)


@dataclass(frozen=True, slots=True)
class Post:
    """A worker's line to its parent.

    Workers are numbered from 1; one that takes another's place takes its number too.
    `leash` is a pipe that ends when the parent is gone. Once it has told that it answers, a worker
    whose `pulse` stops is replaced.
    """

    number: int
    leash: int
    news: Connection
    pulse: Pulse

    def tell(self, news: Started | Failed) -> None:
        """Say how the start went."""
        self.news.send_bytes(msgspec.json.encode(news))
        self.news.close()


class _Worker:
    """One process; `failures` counts those that could not start in a row at its place."""

    def __init__(self, number: int, *, failures: int = 0) -> None:
        self.number = number
        self.failures = failures
        self.ready = False
        self.failed = False
        self.pulse = Pulse()

    def start(self, work: Callable[[Post], None], *, leash: tuple[int, int]) -> None:
        """Fork; in the child `work` runs, and nothing of what the parent would do next."""
        self.news, its_news = _FORK.Pipe(duplex=False)
        self.process = _FORK.Process(
            name=f"qwen-vision worker {self.number}",
            target=_begin,
            args=(work, Post(self.number, leash[0], its_news, self.pulse), leash[1]),
        )
        # A signal between fork and `_begin` would be taken for one of the parent's.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        its_news.close()

    def read_news(self) -> Started | Failed | None:
        """What the worker says of its start; None when it ended without a word."""
        try:
            return _NEWS.decode(self.news.recv_bytes())
        except EOFError:
            return None
        finally:
            self.news.close()

    def end(self) -> str:
        """How the process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _begin(work: Callable[[Post], None], post: Post, parents_end: int) -> None:
    """The first lines of a worker: nothing of the parent's signals is left, then the work."""
    os.close(parents_end)
    signal.set_wakeup_fd(-1)
    # Ctrl-C goes to every process of the terminal: here the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    try:
        work(post)
    except QwenVisionError as error:
        post.tell(Failed(error.message, error.param))
        sys.exit(1)


class Crew:
    """Keeps `count` workers going until SIGINT or SIGTERM.

    The first worker starts alone: what stands in its way would stand in the way of all, and
    is said once. A worker that ends later is replaced, and so is one that hangs. A second signal
    ends all at once.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[Post], None],
        *,
        grace_s: float,
        silence_s: float,
        announce: Callable[[str], None],
    ) -> None:
        """Run `work` in each; it tells its Post when it answers. They stop within `grace_s`.

        One that gives no sign of life for `silence_s` is ended. `announce` is given the engine's
        name once all answer.
        """
        self._count = count
        self._work = work
        self._grace_s = grace_s
        self._announce = announce
        self._watch = PulseWatch(silence_s=silence_s)
        self._workers: dict[int, _Worker] = {}
        # Places that are empty for a while: number, when to fill them, failures so far.
        self._waiting: dict[int, tuple[float, int]] = {}
        self._answering = False
        self._kill_at_s: float | None = None
        self._error: QwenVisionError | None = None
        self._last_signal: int | None = None

    def run(self) -> None:
        """Serve until stopped. Raises SettingsError or EngineError when no worker can start."""
        leash = os.pipe()
        try:
            with _signals() as inbox:
                self._waiting[1] = (0.0, 0)
                while self._workers or self._waiting:
                    self._turn(inbox, leash)
        finally:
            for end in leash:
                os.close(end)
        if self._error is not None:
            raise self._error
        if self._last_signal is not None:
            signal.raise_signal(self._last_signal)

    def _turn(self, inbox: socket.socket, leash: tuple[int, int]) -> None:
        """Fill empty places, wait for whatever comes first, and see to it."""
        now = time.monotonic()
        for number, (due_s, failures) in tuple(self._waiting.items()):
            if due_s <= now:
                del self._waiting[number]
                worker = self._workers[number] = _Worker(number, failures=failures)
                worker.start(self._work, leash=leash)
        workers = tuple(self._workers.values())
        ends = {worker.process.sentinel: worker for worker in workers}
        speaking = {worker.news: worker for worker in workers if not worker.news.closed}
        found = set(wait([inbox, *speaking, *ends], self._patience_s()))
        if inbox in found:
            self._on_signal(inbox.recv(1)[0])
        for news in speaking.keys() & found:
            self._on_news(speaking[news])
        for end in ends.keys() & found:
            self._on_end(ends[end])
        if self._kill_at_s is None:
            self._end_those_who_hang()
        elif self._kill_at_s <= time.monotonic():
            _log.warning("Workers that did not stop in time are ended.")
            self._kill()

    def _patience_s(self) -> float | None:
        due = [due_s for due_s, _ in self._waiting.values()]
        if self._kill_at_s is None:
            due.append(time.monotonic() + self._watch.look_s)
        else:
            due.append(self._kill_at_s)
        soonest = min(due)
        return None if soonest == inf else max(0.0, soonest - time.monotonic())

    def _end_those_who_hang(self) -> None:
        """End workers whose event loop stands still; their end has others take their places."""
        pulses = {worker.pulse: worker for worker in self._workers.values() if worker.ready}
        for pulse in self._watch.stopped(pulses):
            worker = pulses[pulse]
            _log.warning(
                "Worker %d (process %s) gave no sign of life for %g s and is ended.",
                worker.number,
                worker.process.pid,
                self._watch.silence_s,
            )
            worker.process.kill()
            # The system may take a while to end it: that is no reason to say it again.
            pulse.beat()

    def _on_news(self, worker: _Worker) -> None:
        news = worker.read_news()
        if isinstance(news, Failed):
            self._on_failure(worker, SettingsError(news.message, param=news.param))
        elif isinstance(news, Started):
            worker.ready = True
            if not self._answering and self._kill_at_s is None:
                self._on_first_start(news.engine)

    def _on_first_start(self, engine: str) -> None:
        for number in range(1, self._count + 1):
            if number not in self._workers:
                self._waiting.setdefault(number, (0.0, 0))
        if not self._waiting and all(worker.ready for worker in self._workers.values()):
            self._answering = True
            self._announce(engine)

    def _on_failure(self, worker: _Worker, error: QwenVisionError) -> None:
        """A worker could not start: fatal at first, said and tried again later on."""
        worker.failed = True
        if self._kill_at_s is not None:
            return
        if self._answering:
            _log.error("Worker %d cannot start: %s", worker.number, error.message)
        else:
            self._error = error
            self._stop()

    def _on_end(self, worker: _Worker) -> None:
        if not worker.news.closed:
            self._on_news(worker)
        end, number = worker.end(), worker.number
        if not worker.ready and not worker.failed:
            reason = f"a worker ended with {end} while it started"
            self._on_failure(worker, EngineError(engine="server", reason=reason))
        del self._workers[number]
        if self._kill_at_s is not None:
            return
        if worker.ready:
            _log.warning(
                "Worker %d (process %s) ended with %s; another takes its place.",
                number,
                worker.process.pid,
                end,
            )
            self._waiting[number] = (0.0, 0)
        else:
            wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**worker.failures)
            self._waiting[number] = (time.monotonic() + wait_s, worker.failures + 1)

    def _on_signal(self, number: int) -> None:
        if self._kill_at_s is None and self._answering:
            _log.info("Stopping: running answers are finished, new requests get 503.")
            self._stop()
            return
        # Told twice, or before there was anything to finish.
        self._last_signal = number
        self._stop()
        self._kill()

    def _stop(self) -> None:
        self._kill_at_s = time.monotonic() + self._grace_s + _CLOSE_S
        self._waiting.clear()
        for worker in self._workers.values():
            worker.process.terminate()

    def _kill(self) -> None:
        self._kill_at_s = inf
        for worker in self._workers.values():
            worker.process.kill()


@contextmanager
def _signals() -> Generator[socket.socket, None, None]:
    """A socket from which the numbers of SIGINT and SIGTERM are read as they come."""
    ours, its = socket.socketpair()
    with ours, its:
        its.settimeout(0)
        before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
        # The handler has nothing to do: the number is written before it runs.
        for number in _STOP_SIGNALS:
            signal.signal(number, lambda *_: None)
        wakeup = signal.set_wakeup_fd(its.fileno(), warn_on_full_buffer=False)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, action in before.items():
                signal.signal(number, action)
