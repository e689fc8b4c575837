"""Sends traces to an OpenTelemetry receiver (OTLP over HTTP). Loaded only when one is set."""

from collections.abc import Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from qwen_vision import __version__
from qwen_vision.settings import TraceSettings
from qwen_vision.telemetry.trace import Fact, Span

# How long a receiver may take; also how long one that is gone holds up the end of the server.
_TIMEOUT_S: Final = 5.0
_CARRIED: Final = ("traceparent", "tracestate")
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class OtlpTracing:
    """Collects spans and sends them in batches, from a thread of the library's own."""

    def __init__(self, settings: TraceSettings) -> None:
        """Nothing is sent, and no connection made, before the first span has ended."""
        self._provider = TracerProvider(
            resource=Resource.create(
                {"service.name": settings.service_name, "service.version": __version__}
            ),
            # The end of the process is ours: `close` is called when the server stops.
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(
            endpoint=settings.endpoint, headers=dict(settings.headers), timeout=_TIMEOUT_S
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("qwen_vision", __version__)

    def follow(self, name: str, headers: Mapping[bytes, bytes]) -> "OtlpTrace":
        """A request that arrives; its headers may name the trace it belongs to."""
        carrier = {
            key: headers[key.encode()].decode("latin-1")
            for key in _CARRIED
            if key.encode() in headers
        }
        outside = _PROPAGATOR.extract(carrier, context=Context())
        span = self._tracer.start_span(name, context=outside, kind=SpanKind.SERVER)
        return OtlpTrace(self, OtlpSpan(span))

    def begin(self, name: str, parent: "OtlpSpan") -> "OtlpSpan":
        """A span inside `parent`."""
        return OtlpSpan(self._tracer.start_span(name, context=parent.context))

    def close(self) -> None:
        """Send what is left. Blocks for a few seconds at most."""
        self._provider.shutdown()


class OtlpSpan:
    """A span of the library."""

    def __init__(self, span: SdkSpan) -> None:
        """Follow `span`, which has begun."""
        self._span = span
        self.context = set_span_in_context(span, Context())

    @property
    def trace_id(self) -> str:
        """The trace it belongs to, as 32 hex digits."""
        return format_trace_id(self._span.get_span_context().trace_id)

    def set(self, name: str, value: Fact) -> None:
        """Say a fact about it."""
        self._span.set_attribute(name, value)

    def end(self, error: BaseException | None = None) -> None:
        """It is over; of an error only the class is told: its text may hold an address."""
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class OtlpTrace:
    """One request as spans."""

    def __init__(self, tracing: OtlpTracing, span: OtlpSpan) -> None:
        """Follow the request of `span`."""
        self.span: Span = span
        self.trace_id = span.trace_id
        self._root = span
        self._tracing = tracing

    def begin(self, name: str, parent: Span | None) -> OtlpSpan:
        """A span inside `parent`, or inside the request's own."""
        return self._tracing.begin(name, self._within(parent))

    def headers(self, span: Span | None) -> Mapping[str, str]:
        """Headers that let another server continue the trace below `span`."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, context=self._within(span).context)
        return carrier

    def _within(self, span: Span | None) -> OtlpSpan:
        return span if isinstance(span, OtlpSpan) else self._root


def build(settings: TraceSettings) -> OtlpTracing:
    """What sends the spans of this process."""
    return OtlpTracing(settings)
