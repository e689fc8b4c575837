"""Heap: what the C library keeps of freed memory goes back to the system.

Looking at a large page takes hundreds of megabytes for a moment. The GNU C library keeps most of
what is freed, in an arena for each thread, for the next time: a server would hold it for days.
Other C libraries and systems have no such call and are left alone.
"""

import ctypes
import mmap
from functools import cache
from pathlib import Path
from typing import Final

_FIGURES: Final = Path("/proc/self/statm")
# So much may be kept between two looks: taking it from the system anew costs time.
_KEPT_BYTES: Final = 128 * 2**20


class Heap:
    """Watches how much memory this process holds. Safe to use from several threads."""

    def __init__(self) -> None:
        self._least_bytes = resident_bytes()

    def give_back(self) -> None:
        """Return freed memory to the system where much more is held than before.

        Takes some microseconds where it is not.
        """
        held = resident_bytes()
        library = _gnu_library()
        if library is not None and held - self._least_bytes > _KEPT_BYTES:
            library.malloc_trim(0)
            # What is held now is in use: models that were loaded, facts that are kept.
            self._least_bytes = resident_bytes()
        else:
            self._least_bytes = min(self._least_bytes, held)


def resident_bytes() -> int:
    """The memory that this process holds; 0 where the system does not say."""
    if not _FIGURES.exists():
        return 0
    return int(_FIGURES.read_text("ascii").split()[1]) * mmap.PAGESIZE


@cache
def _gnu_library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libc.so.6")
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, AttributeError):
        return None
    return library
