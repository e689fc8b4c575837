"""The log on stderr: a line for each request, as text or JSON; other libraries' lines alike."""

import logging
import time
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from typing_extensions import override

from qwen_vision.server.exchange import Exchange
from qwen_vision.settings import LogSettings
from qwen_vision.telemetry.trace import MAX_MODEL_CHARS

_ENCODER: Final = msgspec.json.Encoder()
_MAX_PATH_CHARS: Final = 200
# What text tells of a stage begins here.
_TOLD_S: Final = 0.001


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


class RequestLine:
    """A request that is over, as the log is told of it; whoever formats it takes what it needs."""

    __slots__ = ("_code", "_elapsed_s", "_exchange")

    def __init__(self, exchange: Exchange, *, elapsed_s: float, code: str | None) -> None:
        """Tell of `exchange`; `code` is that of its error."""
        self._exchange = exchange
        self._elapsed_s = elapsed_s
        self._code = code

    @override
    def __str__(self) -> str:
        """The line as text; stages under a millisecond are left out."""
        exchange, record, model = self._exchange, self._exchange.record, self._exchange.model
        # Path and model come from the caller: `ascii` keeps line breaks out of the log.
        line = (
            f"{exchange.scope['method']} {ascii(exchange.scope['path'][:_MAX_PATH_CHARS])[1:-1]} "
            f"{exchange.status} {int(self._elapsed_s * 1000)} ms request={exchange.request_id} "
            f"engine={exchange.engine} "
            f"model={'-' if model is None else ascii(model[:MAX_MODEL_CHARS])[1:-1]} "
            f"in={exchange.received_bytes} out={exchange.sent_bytes}"
        )
        usage = record.usage
        if usage is not None:
            line += f" tokens={usage.prompt_tokens}+{usage.completion_tokens}"
        # Most requests are short: no need to add up what is not told.
        if self._elapsed_s >= _TOLD_S:
            for name, ms in self._stages_ms().items():
                if ms >= _TOLD_S * 1000:
                    line += f" {name}={ms:.0f}"
        if exchange.error is not None:
            line += f" error={type(exchange.error).__name__} code={self._code}"
        if record.trace is not None:
            line += f" trace={record.trace.trace_id}"
        return line

    def fields(self) -> AccessLine:
        """The line as fields."""
        exchange, record = self._exchange, self._exchange.record
        line = AccessLine(
            method=exchange.scope["method"],
            path=exchange.scope["path"][:_MAX_PATH_CHARS],
            status=exchange.status,
            ms=_ms(self._elapsed_s),
            request_id=exchange.request_id,
            engine=exchange.engine,
            stream=exchange.wants_stream,
            received_bytes=exchange.received_bytes,
            sent_bytes=exchange.sent_bytes,
            stages_ms=self._stages_ms(),
        )
        if exchange.model is not None:
            line.model = exchange.model[:MAX_MODEL_CHARS]
        if record.usage is not None:
            line.prompt_tokens = record.usage.prompt_tokens
            line.completion_tokens = record.usage.completion_tokens
        if exchange.error is not None and self._code is not None:
            line.error, line.code = type(exchange.error).__name__, self._code
        if record.trace is not None:
            line.trace_id = record.trace.trace_id
        return line

    def _stages_ms(self) -> dict[str, float]:
        record = self._exchange.record
        stages_ms = {name: _ms(seconds) for name, seconds in record.stages_s.items()}
        if self._exchange.streamed_after_s is not None:
            stages_ms["first_token"] = _ms(self._exchange.streamed_after_s)
        for piece in record.works:
            stages_ms[piece.name] = round(stages_ms.get(piece.name, 0.0) + piece.seconds * 1000, 3)
        return stages_ms


def _ms(seconds: float) -> float:
    # Cut, not rounded: half as costly, and done several times a request.
    return int(seconds * 1_000_000) / 1000


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
        access = record.msg if isinstance(record.msg, RequestLine) else None
        head = _Head(
            time=f"{_utc_second(int(record.created))}.{int(record.msecs):03d}Z",
            level=record.levelname,
            logger=record.name,
            message="request" if access is not None else record.getMessage(),
            exception=self.formatException(record.exc_info) if record.exc_info else UNSET,
        )
        line = _ENCODER.encode(head)
        if access is not None:
            line = line[:-1] + b"," + _ENCODER.encode(access.fields())[1:]
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
