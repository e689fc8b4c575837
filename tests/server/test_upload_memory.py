"""Uploads pass through the server: they take disk, not memory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.site import FORM_TYPE, Spawn, fields_of, form

MEBIBYTE = 1024 * 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks the Linux kernel")
def test_an_upload_of_100_mb_takes_less_than_20_mb_of_memory(spawn: Spawn, tmp_path: Path) -> None:
    process, site = spawn(tmp_path)
    assert site.send(form(fields_of(site.ticket()), b"warm")).status == 200
    ticket = site.ticket()
    empty = form(fields_of(ticket), b"")
    cut = empty.rindex(b"\r\n--")
    length = len(empty) + 100 * MEBIBYTE
    before = _kib(process.pid, "VmRSS")
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    answer = site.call(
        "POST",
        "/api/v1/uploads/objects",
        body=_pieces(empty[:cut], empty[cut:]),
        headers={"Content-Type": FORM_TYPE, "Content-Length": str(length)},
    )
    assert answer.status == 200, answer.body
    assert (_kib(process.pid, "VmHWM") - before) / 1024 < 20
    sizes = [path.stat().st_size for path in site.files()]
    for path in site.files():
        # The folders of the last runs are kept; not with this in them.
        path.unlink()
    assert max(sizes) == 100 * MEBIBYTE


def _pieces(head: bytes, tail: bytes) -> Iterator[bytes]:
    piece = os.urandom(MEBIBYTE)
    yield head
    for _ in range(100):
        yield piece
    yield tail


def _kib(pid: int, name: str) -> int:
    """A figure of the process in KiB: VmRSS is what it holds, VmHWM the most it ever held."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
