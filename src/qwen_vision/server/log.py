"""The log on stderr: a line for each request, as text or JSON; other libraries' lines alike."""

import logging
import time
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from typing_extensions import override

from qwen_vision.settings import LogSettings

_ENCODER: Final = msgspec.json.Encoder()


class AccessLine(Struct, omit_defaults=True):
    """What is written down of one request. Never its prompt, key, media or query.

    `ms` is from its arrival to the end of its answer, `stages` what of that was spent where.
    """

    method: str
    path: str
    status: int
    ms: float
    request_id: str
    engine: str
    model: str | UnsetType = UNSET
    stream: bool = False
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    stages_ms: dict[str, float] = {}
    prompt_tokens: int | UnsetType = UNSET
    completion_tokens: int | UnsetType = UNSET
    received_bytes: int = 0
    sent_bytes: int = 0
    trace_id: str | UnsetType = UNSET

    @override
    def __str__(self) -> str:
        """The line as text."""
        # Path and model come from the caller: `ascii` keeps line breaks out of the log.
        line = (
            f"{self.method} {ascii(self.path)[1:-1]} {self.status} {self.ms:.0f} ms "
            f"request={self.request_id} engine={self.engine} "
            f"model={'-' if self.model is UNSET else ascii(self.model)[1:-1]} "
            f"in={self.received_bytes} out={self.sent_bytes}"
        )
        if self.prompt_tokens is not UNSET:
            line += f" tokens={self.prompt_tokens}+{self.completion_tokens}"
        for name, ms in self.stages_ms.items():
            line += f" {name}={ms:.1f}"
        if self.error is not UNSET:
            line += f" error={self.error} code={'-' if self.code is UNSET else self.code}"
        if self.trace_id is not UNSET:
            line += f" trace={self.trace_id}"
        return line


class _Head(Struct, omit_defaults=True):
    """What every line of JSON says first."""

    time: str
    level: str
    logger: str
    message: str
    exception: str | UnsetType = UNSET


class TextLines(logging.Formatter):
    """Lines for people; those of one second share its text."""

    def __init__(self) -> None:
        """Time, level, message."""
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Local time with milliseconds, as the base class writes it."""
        return f"{_second(int(record.created))},{int(record.msecs):03d}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and a request's own fields."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        access = record.msg if isinstance(record.msg, AccessLine) else None
        head = _Head(
            time=f"{_utc_second(int(record.created))}.{int(record.msecs):03d}Z",
            level=record.levelname,
            logger=record.name,
            message="request" if access is not None else record.getMessage(),
            exception=self.formatException(record.exc_info) if record.exc_info else UNSET,
        )
        line = _ENCODER.encode(head)
        if access is not None:
            line = line[:-1] + b"," + _ENCODER.encode(access)[1:]
        return line.decode()


@lru_cache(maxsize=1)
def _second(at_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_s))


@lru_cache(maxsize=1)
def _utc_second(at_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_s))


def log_to_stderr(settings: LogSettings) -> None:
    """Write this process's log to stderr; whoever embeds the server and has set it up keeps that.

    Other libraries, uvicorn among them, tell warnings and errors in the same shape.
    """
    root, ours = logging.getLogger(), logging.getLogger("qwen_vision")
    if root.handlers or ours.handlers:
        return
    # The logging module's own advice for busy loggers: do not collect what no line shows.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines())
    root.addHandler(handler)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    root.setLevel(max(level, logging.WARNING))
    ours.setLevel(level)
    logging.captureWarnings(capture=True)
