"""Disk: what the store needs of the file system beyond reading and writing."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qwen_vision.errors import StorageFullError, StorageUnavailableError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def telling_disk_trouble() -> Iterator[None]:
    """Turns an error of the disk into StorageFullError or StorageUnavailableError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFullError from error
        raise StorageUnavailableError(reason="its disk does not take the file") from error


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk: a renamed file is there after a power cut only then."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
