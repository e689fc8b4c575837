"""Freed memory goes back to the system."""

import sys

import pytest

from qwen_vision.engines.embedded.heap import Heap, resident_bytes

_MB = 10**6


@pytest.mark.skipif(sys.platform != "linux", reason="asks the GNU C library of Linux")
def test_much_freed_memory_goes_back_and_a_little_stays_for_the_next_look() -> None:
    heap = Heap()
    # Small enough to be taken from the heap; the last keeps the end of it in use.
    before = resident_bytes()
    blocks = [bytearray(b"x") * 100_000 for _ in range(3000)]
    last = blocks.pop()
    blocks.clear()
    held = resident_bytes()
    heap.give_back()
    assert held - before > 200 * _MB
    assert held - resident_bytes() > 200 * _MB
    assert len(last) == 100_000
    few = [bytearray(b"x") * 100_000 for _ in range(300)]
    last = few.pop()
    few.clear()
    held = resident_bytes()
    heap.give_back()
    assert abs(resident_bytes() - held) < 5 * _MB
