"""Draws pages of PDFs in processes of their own, so that no document can hold up or end this one.

PDFium is not safe in threads, a page may take it for ever, and a broken one may crash it. A
worker is asked for one thing at a time, and is ended when that takes too long.
"""

import atexit
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO

import msgspec
from msgspec import Struct

from qwen_vision.errors import ImageDecodeError, MediaError
from qwen_vision.media.blob import Blob

MOST_WORKERS = 2
LONGEST_S = 8.0
_GOODBYE_S = 2.0
_LENGTH_BYTES = 8


class Question(Struct, omit_defaults=True):
    """What a worker is asked: the sizes of all pages, or to draw page `number` to a size.

    The document is the file at `path`, or the `size_bytes` that follow.
    """

    path: str | None = None
    size_bytes: int = 0
    number: int | None = None
    width_px: int = 0
    height_px: int = 0


class Reply(Struct, omit_defaults=True):
    """Sizes in points, or `size_bytes` of RGB that follow; or why not."""

    sizes: list[tuple[float, float]] = []
    size_bytes: int = 0
    failed: bool = False
    locked: bool = False


class _Worker:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            # -P: modules that lie in the working folder are none of ours.
            [sys.executable, "-P", "-m", "qwen_vision.media.pdf_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Ctrl-C is for this process, which ends its workers itself.
            start_new_session=True,
        )

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def ask(self, question: Question, data: bytes) -> tuple[Reply, bytes]:
        """Raises OSError, EOFError when the worker ends or is ended meanwhile."""
        questions, replies = self.process.stdin, self.process.stdout
        if questions is None or replies is None:
            raise EOFError
        deadline = threading.Timer(LONGEST_S, self.process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            write_message(questions, msgspec.json.encode(question), data)
            reply = msgspec.json.decode(read_message(replies), type=Reply)
            return reply, read_bytes(replies, reply.size_bytes)
        finally:
            deadline.cancel()

    def dismiss(self) -> None:
        """Let a worker that waits for a question go."""
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GOODBYE_S)
        self.end()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # What was not yet written to a worker that is dead cannot be.
                with suppress(OSError):
                    pipe.close()


# Workers that wait for a question. Threads take one, and put it back when it has answered.
_IDLE: list[_Worker] = []

PAGE_THREADS = ThreadPoolExecutor(MOST_WORKERS, thread_name_prefix="pages")
"""Where pages are drawn: waiting for a slow document takes no thread from other media."""


def _end_workers() -> None:
    while _IDLE:
        _IDLE.pop().dismiss()


atexit.register(_end_workers)


def page_sizes(blob: Blob) -> list[tuple[float, float]]:
    """Width and height of every page in points. Blocks.

    Raises ImageDecodeError for a file that is no PDF inside or takes longer than `LONGEST_S`,
    MediaError for one with a password.
    """
    return _ask(blob, Question())[0].sizes


def draw(blob: Blob, *, number: int, width_px: int, height_px: int) -> bytes:
    """Page `number` (from 1) on white, as RGB rows. Blocks. Raises as `page_sizes`."""
    return _ask(blob, Question(number=number, width_px=width_px, height_px=height_px))[1]


def _ask(blob: Blob, question: Question) -> tuple[Reply, bytes]:
    data = blob.data or b""
    if blob.data is None and blob.path is not None:
        # A worker may have begun in another working folder.
        question.path = str(blob.path.absolute())
    question.size_bytes = len(data)
    worker = _idle_worker()
    try:
        reply, pixels = worker.ask(question, data)
    except (OSError, EOFError, msgspec.MsgspecError):
        worker.end()
        raise ImageDecodeError from None
    _IDLE.append(worker)
    if reply.locked:
        raise MediaError(
            "The PDF is protected by a password. Save it without one and send it again."
        )
    if reply.failed:
        raise ImageDecodeError
    return reply, pixels


def _idle_worker() -> _Worker:
    while _IDLE:
        worker = _IDLE.pop()
        if worker.lives:
            return worker
        worker.end()
    return _Worker()


def write_message(file: IO[bytes], head: bytes, data: bytes = b"") -> None:
    """Write one message and the bytes that belong to it."""
    file.write(len(head).to_bytes(_LENGTH_BYTES, "big") + head)
    file.write(data)
    file.flush()


def read_message(file: IO[bytes]) -> bytes:
    """Read one message. Raises EOFError at the end."""
    return read_bytes(file, int.from_bytes(read_bytes(file, _LENGTH_BYTES), "big"))


def read_bytes(file: IO[bytes], count: int) -> bytes:
    """Read exactly `count` bytes. Raises EOFError at the end."""
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data
