"""Every metric there is: its name, kind, labels and meaning, as data."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

MetricKind: TypeAlias = Literal["counter", "gauge", "histogram"]
LabelValues: TypeAlias = tuple[str, ...]

# Upper bounds of the histograms' buckets, in seconds: from a check to a long video.
BUCKETS_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric. `labels` only take values from sets that this server knows.

    With several workers each one's value is added up, but for `shared` ones: these tell of
    something that all workers see alike.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    shared: bool = False

    @property
    def shown_name(self) -> str:
        """The name as it stands on the page."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


@dataclass(frozen=True, slots=True)
class Figure:
    """The value of one metric for one set of labels."""

    metric: Metric
    value: float
    labels: LabelValues = ()


def _metric(name: str, kind: MetricKind, *labels: str, about: str, shared: bool = False) -> Metric:
    return Metric(f"qwen_vision_{name}", kind, about, labels, shared)


REQUESTS: Final = _metric(
    "requests", "counter", "route", "model", "engine", "outcome",
    about="Requests that have ended; outcome is ok, refused (4xx), failed (5xx) or left",
)  # fmt: skip
ERRORS: Final = _metric(
    "errors", "counter", "error", "code", "status",
    about="Errors told to callers, by the class of the error tree and the dialect's code",
)  # fmt: skip
IN_FLIGHT: Final = _metric(
    "requests_in_flight", "gauge", "stage",
    about="Requests that run now, by stage; wait is for a free slot of the engine",
)  # fmt: skip
SLOTS: Final = _metric("slots", "gauge", about="Requests that may run at a time (--max-concurrent)")
SLOTS_TAKEN: Final = _metric("slots_taken", "gauge", about="Slots that are taken now")
STAGE_SECONDS: Final = _metric(
    "stage_seconds", "histogram", "stage", "engine",
    about="Time of each stage; first_token (of streams) and whole count from the arrival",
)  # fmt: skip
MEDIA_SECONDS: Final = _metric(
    "media_seconds", "histogram", "work", "kind",
    about="Time for each picture or video: load (fetch or base64), header, decode",
)  # fmt: skip
MEDIA: Final = _metric(
    "media", "counter", "kind", "source", about="Pictures and videos that were taken in"
)
MEDIA_BYTES: Final = _metric(
    "media_bytes", "counter", "kind", "source", about="Bytes of the media that were taken in"
)
TOKENS: Final = _metric(
    "tokens", "counter", "model", "engine", "kind",
    about="Tokens of answers that came to their end; image, video and cached are part of "
    "prompt, reasoning is part of completion",
)  # fmt: skip
RECEIVED_BYTES: Final = _metric(
    "received_bytes", "counter", "route", about="Bytes of request bodies"
)
SENT_BYTES: Final = _metric("sent_bytes", "counter", "route", about="Bytes of answers")
CACHE: Final = _metric(
    "cache_lookups", "counter", "cache", "result",
    about="Looks into a cache: perception (what was seen in a picture), prefix (prompt tokens "
    "the engine remembered)",
)  # fmt: skip
UPLOADS: Final = _metric("uploads", "counter", about="Files that were uploaded")
UPLOAD_BYTES: Final = _metric("upload_bytes", "counter", about="Bytes of uploaded files")
STORAGE_BYTES: Final = _metric(
    "storage_bytes", "gauge", about="Bytes in the temporary storage", shared=True
)
STORAGE_QUOTA: Final = _metric(
    "storage_quota_bytes", "gauge", about="Room of the temporary storage", shared=True
)
UPSTREAM_REQUESTS: Final = _metric(
    "upstream_requests", "counter", "upstream", "address",
    about="Requests sent to each address of an upstream; addresses are numbered from 0",
)  # fmt: skip
UPSTREAM_FAILURES: Final = _metric(
    "upstream_failures", "counter", "upstream", "address",
    about="Requests that an address did not answer, or answered that it cannot",
)  # fmt: skip
UPSTREAM_RETRIES: Final = _metric(
    "upstream_retries", "counter", "upstream", about="Requests asked again at another address"
)
UPSTREAM_RESTING: Final = _metric(
    "upstream_resting", "gauge", "upstream", "address",
    about="Workers that leave an address alone for now, after three failures in a row",
)  # fmt: skip
UPSTREAM_RUNNING: Final = _metric(
    "upstream_running", "gauge", "upstream", "address", about="Requests an address works on now"
)
CPU_SECONDS: Final = _metric("cpu_seconds", "counter", about="CPU time of the server's processes")
RESIDENT_BYTES: Final = _metric(
    "resident_bytes",
    "gauge",
    about="Memory of the server's processes; shared pages count in each",
)
WORKERS: Final = _metric("workers", "gauge", about="Processes that answer")
BUILD: Final = _metric(
    "build_info", "gauge", "version", about="The version, as a label", shared=True
)

METRICS: Final = (
    REQUESTS, ERRORS, IN_FLIGHT, SLOTS, SLOTS_TAKEN, STAGE_SECONDS,
    TOKENS, RECEIVED_BYTES, SENT_BYTES,
    MEDIA, MEDIA_BYTES, MEDIA_SECONDS, CACHE,
    UPLOADS, UPLOAD_BYTES, STORAGE_BYTES, STORAGE_QUOTA,
    UPSTREAM_REQUESTS, UPSTREAM_FAILURES, UPSTREAM_RETRIES, UPSTREAM_RESTING, UPSTREAM_RUNNING,
    CPU_SECONDS, RESIDENT_BYTES, WORKERS, BUILD,
)  # fmt: skip
