"""Session: the part of the store that one process writes to, and the sign that it lives."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ALIVE: Final = "alive"


class Session:
    """A folder for unfinished files, locked for as long as this process lives.

    The kernel drops the lock when a process ends, kill -9 included, so that a later one can
    tell what was left behind from what is still being written.
    """

    def __init__(self, folder: Path) -> None:
        """Make a session folder inside `folder`."""
        self._parent = folder
        self.token = secrets.token_hex(16)
        self.folder = folder / self.token
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nobody may take a folder that has no lock yet for an abandoned one.
        with _locked(folder / "sessions.lock"):
            self.folder.mkdir(mode=0o700)
            self._handle = os.open(self.folder / _ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    def sweep(self) -> set[str]:
        """Remove what dead sessions left; the tokens of the living ones, this one included."""
        living: set[str] = set()
        with _locked(self._parent / "sessions.lock"):
            for folder in self._parent.iterdir():
                if folder.name == self.token or _is_alive(folder):
                    living.add(folder.name)
                elif folder.is_dir():
                    shutil.rmtree(folder, ignore_errors=True)
        return living

    def close(self) -> None:
        """Remove the folder and all in it; safe to call twice."""
        if self._handle >= 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self._handle)
            self._handle = -1


def _is_alive(folder: Path) -> bool:
    try:
        handle = os.open(folder / _ALIVE, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
