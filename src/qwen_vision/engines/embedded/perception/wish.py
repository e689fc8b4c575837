"""Wish: somebody waits for what a thread works on; when nobody does any longer, it ends early."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock


class NobodyWaitsError(Exception):
    """What a thread worked on is wanted no more. Nobody but that thread sees it."""


class Wish:
    """One piece of work that somebody waits for. It is done by one thread, ended by another."""

    def __init__(self) -> None:
        """Somebody waits."""
        self._lock = Lock()
        self._is_over = False
        self._stop: Callable[[], None] | None = None

    def end(self) -> None:
        """Nobody waits any longer: the step that runs is stopped, and no other begins."""
        with self._lock:
            self._is_over = True
            if self._stop is not None:
                self._stop()

    @contextmanager
    def served(self) -> Iterator[None]:
        """The steps of this thread are for this wish while the block runs."""
        before = _served.set(self)
        try:
            yield
        finally:
            _served.reset(before)

    def begin(self, stop: Callable[[], None] | None) -> None:
        """A step begins that `stop` ends. Raises NobodyWaitsError."""
        with self._lock:
            if self._is_over:
                raise NobodyWaitsError
            self._stop = stop

    def finish(self) -> None:
        """The step has ended."""
        with self._lock:
            self._stop = None


_served: ContextVar[Wish | None] = ContextVar("served", default=None)


@contextmanager
def step(stop: Callable[[], None] | None = None) -> Iterator[None]:
    """A long step of the work for a wish, which `stop` (called in another thread) cuts short.

    Raises NobodyWaitsError instead of beginning one that nobody waits for.
    """
    wish = _served.get()
    if wish is None:
        yield
        return
    wish.begin(stop)
    try:
        yield
    finally:
        wish.finish()
