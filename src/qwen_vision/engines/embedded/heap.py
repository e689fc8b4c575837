"""Heap: what the C library keeps of freed memory goes back to the system.

Looking at a large page takes hundreds of megabytes for a moment. The GNU C library keeps most of
what is freed, in an arena for each thread, for the next time: a server would hold it for days.
Other C libraries and systems have no such call and are left alone.
"""

import ctypes
import mmap
import platform
from functools import cache
from pathlib import Path
from typing import Final

_FIGURES: Final = Path("/proc/self/statm")
# So much may be kept between two looks: taking it from the system anew costs time.
_KEPT_BYTES: Final = 128 * 2**20


class Heap:
    """Watches how much memory this process holds. Safe to use from several threads."""

    def __init__(self) -> None:
        self._least_bytes = 0

    def give_back(self) -> None:
        """Return freed memory to the system where much more is held than before.

        Takes some microseconds where it is not.
        """
        library = _gnu_library()
        if library is None:
            return
        held = resident_bytes()
        if held - self._least_bytes > _KEPT_BYTES:
            library.malloc_trim(0)
            # What is held now is in use: models that were loaded, facts that are kept.
            held = self._least_bytes = resident_bytes()
        self._least_bytes = min(self._least_bytes, held)


def resident_bytes() -> int:
    """The memory that this process holds, as Linux tells it."""
    return int(_FIGURES.read_text("ascii").split()[1]) * mmap.PAGESIZE


@cache
def _gnu_library() -> ctypes.CDLL | None:
    is_gnu = platform.system() == "Linux" and platform.libc_ver()[0] == "glibc"
    return ctypes.CDLL("libc.so.6") if is_gnu else None
