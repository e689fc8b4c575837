"""Index: which objects the store holds and whose they are, in one SQLite file."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen_vision.errors import ObjectExistsError, StorageFullError, StorageUnavailableError

_BUSY_TIMEOUT_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,      -- what the shelf calls it: random, never from a request
    owner TEXT NOT NULL,
    model TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    expires_at REAL NOT NULL,       -- seconds since the epoch
    keeper TEXT                     -- the process still putting it on the shelf; NULL once there
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_expiry ON objects (expires_at);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: its key, what the shelf calls it, whose it is. Sizes in bytes, times in s."""

    key: str
    name: str
    owner: str
    model: str
    size_bytes: int
    content_hash: str
    expires_at: float


class Index:
    """Blocking; call it in a thread. Several processes may share the file."""

    def __init__(self, path: Path) -> None:
        """Open or create; raises StorageUnavailableError."""
        self._lock = threading.Lock()
        try:
            # Autocommit: transactions begin where the code says so.
            self._database = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
            )
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StorageUnavailableError(reason="its index cannot be opened") from error

    def reserve(self, entry: Entry, *, keeper: str, quota_bytes: int) -> bool:
        """Claim a key for an object that is about to go on the shelf; nobody sees it yet.

        False when the very same bytes are there already. Raises ObjectExistsError for other
        bytes under the key, StorageFullError over the quota.
        """
        with self._transaction() as database:
            there = database.execute(
                "SELECT owner, model, content_hash, keeper FROM objects WHERE key = ?",
                (entry.key,),
            ).fetchone()
            if there is not None:
                if there == (entry.owner, entry.model, entry.content_hash, None):
                    return False
                raise ObjectExistsError
            if self._total(database) + entry.size_bytes > quota_bytes:
                raise StorageFullError
            database.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.key,
                    entry.name,
                    entry.owner,
                    entry.model,
                    entry.size_bytes,
                    entry.content_hash,
                    entry.expires_at,
                    keeper,
                ),
            )
        return True

    def publish(self, key: str) -> None:
        """Make a reserved object visible."""
        with self._transaction() as database:
            database.execute("UPDATE objects SET keeper = NULL WHERE key = ?", (key,))

    def forget(self, key: str) -> None:
        """Drop an object."""
        with self._transaction() as database:
            database.execute("DELETE FROM objects WHERE key = ?", (key,))

    def find(self, key: str) -> Entry | None:
        """A visible object."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT key, name, owner, model, size_bytes, content_hash, expires_at"
                " FROM objects WHERE key = ? AND keeper IS NULL",
                (key,),
            ).fetchone()
        return None if row is None else Entry(*row)

    def total_bytes(self) -> int:
        """Bytes of all objects, those on their way to the shelf included."""
        with self._transaction() as database:
            return self._total(database)

    def names(self) -> set[str]:
        """What the shelf should hold."""
        with self._transaction() as database:
            return {name for (name,) in database.execute("SELECT name FROM objects")}

    def stale(self, *, expired_before: float, living: set[str]) -> list[tuple[str, str]]:
        """Key and name of expired objects, and of those whose keeper no longer lives."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT key, name, keeper FROM objects WHERE expires_at < ? OR keeper IS NOT NULL",
                (expired_before,),
            ).fetchall()
        return [(key, name) for key, name, keeper in rows if keeper not in living]

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._database.close()

    def _total(self, database: sqlite3.Connection) -> int:
        (total,) = database.execute("SELECT COALESCE(SUM(size_bytes), 0) FROM objects").fetchone()
        return int(total)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time, in this process and across processes."""
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                finally:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
            except sqlite3.Error as error:
                # Errors of the module itself, such as a closed file, have no code.
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise StorageFullError from error
                raise StorageUnavailableError(reason="its index does not answer") from error
