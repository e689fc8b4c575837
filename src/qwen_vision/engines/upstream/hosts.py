"""Hosts: the addresses of one upstream; picks the least busy, leaves out those that fail."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from qwen_vision.telemetry.metrics import (
    UPSTREAM_FAILURES,
    UPSTREAM_REQUESTS,
    UPSTREAM_RESTING,
    UPSTREAM_RETRIES,
    UPSTREAM_RUNNING,
    Figure,
)

FAILURES_TO_OPEN: Final = 3
REST_S: Final = 10.0


@dataclass(slots=True)
class Host:
    """One address: what it serves for us now, how often it failed in a row and altogether."""

    url: str
    running: int = 0
    failures: int = 0
    rests_until: float = 0.0
    asked_in_all: int = 0
    failed_in_all: int = 0


class Hosts:
    """Chooses among the addresses of an upstream.

    After three failures in a row an address rests for ten seconds; then one request tries it
    again. When all rest, the one that rested longest is asked: an error that is true beats
    one made here.
    """

    def __init__(self, urls: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hosts = [Host(url.rstrip("/")) for url in urls]
        self._clock = clock
        self._retries = 0

    def __iter__(self) -> Iterator[Host]:
        """Every address."""
        return iter(self._hosts)

    def figures(self, *, upstream: str) -> Iterator[Figure]:
        """How the addresses fare; they are told by their number, for a URL may hold a secret."""
        now = self._clock()
        yield Figure(UPSTREAM_RETRIES, self._retries, (upstream,))
        for number, host in enumerate(self._hosts):
            labels = (upstream, str(number))
            yield Figure(UPSTREAM_REQUESTS, host.asked_in_all, labels)
            yield Figure(UPSTREAM_FAILURES, host.failed_in_all, labels)
            yield Figure(UPSTREAM_RESTING, int(host.rests_until > now), labels)
            yield Figure(UPSTREAM_RUNNING, host.running, labels)

    def pick(self, *, tried: Sequence[Host] = ()) -> Host | None:
        """The least busy address that has not been tried and does not rest; None without one."""
        left = [host for host in self._hosts if host not in tried]
        if not left:
            return None
        now = self._clock()
        awake = [host for host in left if host.rests_until <= now]
        if awake:
            self._retries += bool(tried)
            return min(awake, key=lambda host: host.running)
        # Something has been tried already: no need to bother one that rests.
        return None if tried else min(left, key=lambda host: host.rests_until)

    @contextmanager
    def using(self, host: Host) -> Iterator[None]:
        """Counts a request as running while the block lasts."""
        host.running += 1
        host.asked_in_all += 1
        try:
            yield
        finally:
            host.running -= 1

    def succeeded(self, host: Host) -> None:
        """The address answered."""
        host.failures = 0
        host.rests_until = 0.0

    def failed(self, host: Host) -> None:
        """The address did not answer, or answered that it cannot."""
        host.failures += 1
        host.failed_in_all += 1
        if host.failures >= FAILURES_TO_OPEN:
            host.rests_until = self._clock() + REST_S
