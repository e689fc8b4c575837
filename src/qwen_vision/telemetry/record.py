"""Record: what is noted of one request while it runs. `Stage` and `Work` are how code takes note.

The record of a request is found through a context variable, so no function on the way needs a
parameter for it. Code that runs outside any request (a command, a test) takes note of nothing.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Final, Literal, NamedTuple, TypeAlias

from qwen_vision.protocol.usage import Usage
from qwen_vision.telemetry.trace import Span, Trace, answer_facts

StageName: TypeAlias = Literal["read", "check", "prepare", "wait", "engine"]
WorkName: TypeAlias = Literal["load", "header", "decode"]
# Where a request stands between the stages that have a name.
OTHER_STAGE: Final = "other"
STAGES: Final = ("read", "check", "prepare", "wait", "engine", OTHER_STAGE)
_NO_HEADERS: Final[Mapping[str, str]] = {}


class WorkTime(NamedTuple):
    """Time spent on one picture or video."""

    name: WorkName
    kind: str
    seconds: float


class Taken(NamedTuple):
    """A picture or video that came in."""

    kind: str
    source: str
    size_bytes: int


class Record:
    """One request: where it stands, what each stage took, what came in and what it cost.

    Stages follow one another (`wait` stands inside `engine`); works on several media run at
    the same time. Times in seconds.
    """

    __slots__ = ("span", "stage", "stages_s", "taken", "trace", "usage", "works")

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.stage = OTHER_STAGE
        self.stages_s: dict[str, float] = {}
        self.works: list[WorkTime] = []
        self.taken: list[Taken] = []
        self.usage: Usage | None = None
        self.trace: Trace | None = None
        self.span: Span | None = None


_current: ContextVar[Record | None] = ContextVar("qwen_vision_record", default=None)


def begin(record: Record) -> None:
    """Let everything that runs in this context take note in `record`."""
    _current.set(record)


class Stage:
    """A `with` block that is one stage of the request."""

    __slots__ = ("_before", "_began", "_name", "_outer", "_record")

    def __init__(self, name: StageName) -> None:
        """Note the block as `name`."""
        self._name = name

    def __enter__(self) -> None:
        """Begin."""
        record = self._record = _current.get()
        if record is not None:
            self._before = record.stage
            record.stage = self._name
            if record.trace is not None:
                self._outer = record.span
                record.span = record.trace.begin(self._name, self._outer)
            self._began = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Add the time to the record."""
        record = self._record
        if record is not None:
            seconds, stages_s = perf_counter() - self._began, record.stages_s
            # Each request passes this several times: no call that is not needed.
            name = self._name
            stages_s[name] = stages_s[name] + seconds if name in stages_s else seconds
            record.stage = self._before
            if record.span is not None:
                record.span.end(error)
                record.span = self._outer


class Work:
    """A `with` block in which one picture or video is worked on; `ms` is its time afterwards.

    A block that also waits for others sets `spent_s` to what was its own.
    """

    __slots__ = ("_began", "_kind", "_name", "_record", "_span", "ms", "spent_s")

    def __init__(self, name: WorkName, *, kind: str) -> None:
        """Note the block as `name`; `kind` is image or video."""
        self._name: WorkName = name
        self._kind = kind
        self.ms = 0.0
        self.spent_s: float | None = None

    def __enter__(self) -> "Work":
        """Begin."""
        record = self._record = _current.get()
        self._span: Span | None = None
        if record is not None and record.trace is not None:
            self._span = record.trace.begin(f"{self._name} {self._kind}", record.span)
        self._began = perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Add the time to the record."""
        elapsed_s = perf_counter() - self._began
        seconds = elapsed_s if self.spent_s is None else self.spent_s
        self.ms = round(seconds * 1000, 3)
        if self._record is not None:
            self._record.works.append(WorkTime(self._name, self._kind, seconds))
        if self._span is not None:
            self._span.end(error)

    def took(self, *, source: str, size_bytes: int) -> None:
        """Note what came in."""
        if self._record is not None:
            self._record.taken.append(Taken(self._kind, source, size_bytes))
        if self._span is not None:
            self._span.set("qwen_vision.media.source", source)
            self._span.set("qwen_vision.media.bytes", size_bytes)


def note_usage(usage: Usage, *, model: str) -> None:
    """Note the tokens of an answer that has ended, while its stage still runs."""
    record = _current.get()
    if record is None:
        return
    record.usage = usage
    if record.span is not None:
        for name, value in answer_facts(usage, model=model).items():
            record.span.set(name, value)


def trace_headers() -> Mapping[str, str]:
    """Headers that let the next server continue this request's trace; none without one."""
    record = _current.get()
    if record is None or record.trace is None:
        return _NO_HEADERS
    return record.trace.headers(record.span)
