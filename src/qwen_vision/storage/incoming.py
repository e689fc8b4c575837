"""Incoming: one upload on its way, streamed to disk and seen by nobody until it is whole."""

import asyncio
import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from qwen_vision.errors import ObjectTooLargeError, StorageFullError
from qwen_vision.storage.disk import telling_disk_trouble


class Allowance:
    """Room for files that are not finished, so that many uploads at once stay in the quota."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken_bytes = 0

    def take(self, count: int, *, free_bytes: int) -> None:
        """Raises StorageFullError when less than `count` is left of `free_bytes`."""
        with self._lock:
            if self._taken_bytes + count > free_bytes:
                raise StorageFullError
            self._taken_bytes += count

    def give_back(self, count: int) -> None:
        """The file is finished or gone."""
        with self._lock:
            self._taken_bytes -= count


# Puts a finished file (path, size in bytes, hex SHA-256) where it belongs.
Keep: TypeAlias = Callable[[Path, int, str], None]


class Incoming:
    """An async context manager; what was not committed at its end is removed.

    All file work runs in threads. A lock keeps the removal behind a write that still runs
    when its caller has already been cancelled.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        free_bytes: int,
        allowance: Allowance,
        keep: Keep,
    ) -> None:
        """Write to `folder`; `keep` takes the finished file over."""
        self._path = folder / secrets.token_hex(16)
        self._max_bytes = max_bytes
        self._free_bytes = free_bytes
        self._allowance = allowance
        self._keep = keep
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._closed = False
        self._hash = hashlib.sha256()
        self._size_bytes = 0

    async def __aenter__(self) -> "Incoming":
        """Nothing is written yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove what is left."""
        await asyncio.shield(asyncio.to_thread(self._discard))

    @property
    def size_bytes(self) -> int:
        """What has been written so far."""
        return self._size_bytes

    async def write(self, piece: bytes | bytearray) -> None:
        """Append. Raises ObjectTooLargeError or StorageFullError before the byte too many."""
        if self._size_bytes + len(piece) > self._max_bytes:
            raise ObjectTooLargeError(limit=self._max_bytes)
        await asyncio.to_thread(self._write, piece)

    async def commit(self) -> None:
        """Make the file visible as a whole; on disk when this returns."""
        await asyncio.shield(asyncio.to_thread(self._commit))

    def _write(self, piece: bytes | bytearray) -> None:
        with self._lock, telling_disk_trouble():
            if self._closed:
                return
            self._allowance.take(len(piece), free_bytes=self._free_bytes)
            self._size_bytes += len(piece)
            self._opened().write(piece)
            self._hash.update(piece)

    def _commit(self) -> None:
        with self._lock, telling_disk_trouble():
            if self._closed:
                return
            file = self._opened()
            os.fsync(file.fileno())
            self._keep(self._path, self._size_bytes, self._hash.hexdigest())

    def _discard(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._allowance.give_back(self._size_bytes)
            if self._file is not None:
                self._file.close()
                self._path.unlink(missing_ok=True)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = os.fdopen(
                os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0
            )
        return self._file
