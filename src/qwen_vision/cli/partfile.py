"""PartFile: a file that arrives in pieces, checked before it takes its name."""

import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import Self

from qwen_vision.errors import SettingsError, StorageFullError

_READ_BYTES = 1024 * 1024


class PartFile:
    """`NAME.part` beside its goal; what an earlier try has fetched is kept and counted.

    Only one process fills it: another one gets SettingsError. Open it with `with`.
    """

    def __init__(self, goal: Path, *, size: int, sha256: str) -> None:
        """A part of `goal`, which shall have `size` bytes and this checksum (hex)."""
        self.goal = goal
        self.size = size
        self._sha256 = sha256
        self._path = goal.with_name(goal.name + ".part")

    def __enter__(self) -> Self:
        """Take the file; raises StorageFullError when the rest has no room."""
        self.goal.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise SettingsError(
                f"Another 'qwen-vision pull' is fetching '{self.goal.name}'. Wait for it.",
                param="name",
            ) from error
        self._digest = hashlib.sha256()
        self._file.seek(0)
        while piece := self._file.read(_READ_BYTES):
            self._digest.update(piece)
        self.received = self._file.tell()
        if self.received > self.size:
            self.restart()
        self._check_room()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; its bytes stay for the next try."""
        self._file.close()

    @property
    def is_whole(self) -> bool:
        """Whether every byte is there."""
        return self.received == self.size

    def restart(self) -> None:
        """Forget what was fetched."""
        self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.received = 0

    def take(self, piece: bytes) -> None:
        """Append a piece; raises SettingsError for more bytes than were announced."""
        if self.received + len(piece) > self.size:
            self.restart()
            raise SettingsError(
                f"The hub sent more than the {self.size} bytes of '{self.goal.name}'. Try again.",
                param="name",
            )
        self._file.write(piece)
        self._digest.update(piece)
        self.received += len(piece)

    def finish(self) -> None:
        """Give the file its name; raises SettingsError, and drops it, for a wrong checksum."""
        found = self._digest.hexdigest()
        if found != self._sha256:
            self.restart()
            raise SettingsError(
                f"'{self.goal.name}' arrived damaged: its SHA-256 is {found}, the hub says "
                f"{self._sha256}. Run the same command again.",
                param="name",
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(self.goal)

    def _check_room(self) -> None:
        missing = self.size - self.received
        free = shutil.disk_usage(self.goal.parent).free
        if missing > free:
            raise StorageFullError(
                f"'{self.goal.name}' needs {missing} more bytes in '{self.goal.parent}', which has "
                f"{free} free. Choose another folder with QWEN_VISION_WEIGHTS_FOLDER."
            )


def has_checksum(path: Path, *, size: int, sha256: str) -> bool:
    """Whether a whole file is there already, byte for byte."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
