"""Traces: a real OTLP receiver sees the spans of two servers as one trace."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from typing_extensions import override

from tests.server.crew import CrewOfWorkers

Start = Callable[..., CrewOfWorkers]
CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLERS_SPAN = "b7ad6b7169203331"
RECEIPT = Path(__file__).parent.parent.parent / "examples" / "receipt.png"


class Receiver:
    """Takes OTLP over HTTP and keeps the spans by service and name."""

    def __init__(self) -> None:
        spans = self.spans = dict[tuple[str, str], Span]()
        headers = self.headers = list[str | None]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers.append(self.headers["x-tenant"])
                assert self.path == "/v1/traces"
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    about = {a.key: a.value.string_value for a in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            spans[about["service.name"], span.name] = span
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `qwen-vision serve` with words and variables; ends what a test left."""
    running: list[CrewOfWorkers] = []

    def begin(*words: str, **env: str) -> CrewOfWorkers:
        running.append(CrewOfWorkers(tmp_path, *words, workers=1, env=env))
        return running[-1]

    yield begin
    for server in running:
        server.close()


def _stop(server: CrewOfWorkers) -> int:
    """Let it finish; its exit code."""
    server.process.terminate()
    return server.process.wait()


def _facts(span: Span) -> dict[str, str | int]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_a_request_is_one_trace_over_both_servers(start: Start, receiver: Receiver) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=a"}
    behind = start("--engine", "scripted", OTEL_SERVICE_NAME="behind", **env)
    upstream = f"peer={behind.site.url}/v1"
    before = start("--upstream", upstream, OTEL_SERVICE_NAME="before", **env)
    headers = {"traceparent": f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"}
    answer = before.site.call(
        "POST",
        "/v1/chat/completions",
        body='{"model":"qwen3-vl-plus","messages":[{"role":"user","content":"secret words"}]}',
        headers=headers,
    )
    assert answer.status == 200
    for server in (before, behind):
        _stop(server)
    spans = receiver.spans
    name = "POST /v1/chat/completions"
    request, engine = spans["before", name], spans["before", "engine"]
    assert {span.trace_id.hex() for span in spans.values()} == {CALLERS_TRACE}
    assert request.parent_span_id.hex() == CALLERS_SPAN
    for stage in ("read", "check", "prepare", "engine"):
        assert spans["before", stage].parent_span_id == request.span_id
        assert spans["behind", stage].parent_span_id == spans["behind", name].span_id
    assert spans["behind", name].parent_span_id == engine.span_id
    usage = answer.json["usage"]
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "qwen3-vl-plus",
        "gen_ai.usage.input_tokens": usage["prompt_tokens"],
        "gen_ai.usage.output_tokens": usage["completion_tokens"],
    }
    assert told.items() <= _facts(engine).items()
    assert told.items() <= _facts(request).items()
    assert _facts(request)["http.route"] == "/v1/chat/completions"
    assert _facts(request)["http.response.status_code"] == 200
    assert _facts(request)["qwen_vision.request_id"] == answer.headers["x-request-id"]
    assert set(receiver.headers) == {"a"}
    assert "secret" not in str(spans)
    assert before.count(f"trace={CALLERS_TRACE}") == 1


def test_each_medium_has_spans_and_an_error_is_told_by_its_class(
    start: Start, receiver: Receiver
) -> None:
    words = ("--engine", "scripted", "--allowed-folder", str(RECEIPT.parent))
    server = start(*words, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    parts = [{"type": "image_url", "image_url": {"url": RECEIPT.name}}]
    assert server.ask(content=parts)[0] == 200
    assert server.ask(model="unheard-of")[0] == 404
    _stop(server)
    load = receiver.spans["qwen-vision", "load image"]
    assert _facts(load)["qwen_vision.media.bytes"] == RECEIPT.stat().st_size
    assert ("qwen-vision", "header image") in receiver.spans
    failed = receiver.spans["qwen-vision", "POST /v1/chat/completions"]
    assert _facts(failed)["error.type"] == "ModelNotFoundError"
    assert RECEIPT.name not in str(receiver.spans)


def test_a_receiver_that_is_gone_holds_up_nothing(start: Start) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    server = start("--engine", "scripted", **env)
    assert server.ask()[0] == 200
    assert _stop(server) == 0


def test_without_the_variable_nothing_of_it_is_loaded(start: Start, tmp_path: Path) -> None:
    hidden = tmp_path / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise SystemExit('opentelemetry was loaded')")
    server = start("--engine", "scripted")
    assert server.ask()[0] == 200
    assert _stop(server) == 0


def test_a_missing_extra_is_said_once_and_requests_are_answered(
    start: Start, tmp_path: Path
) -> None:
    # A package of that name with nothing inside hides the installed one.
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("")
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    server = start("--engine", "scripted", **env)
    assert "pip install 'qwen-vision[otel]'" in server.wait_for("requests are not traced")
    assert server.ask()[0] == 200
    assert _stop(server) == 0
    assert server.count("requests are not traced") == 1


def test_an_address_that_is_none_is_refused_by_name(start: Start) -> None:
    server = start("--engine", "scripted", OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4318'" in server.wait_for("OTEL")
    assert server.process.wait() == 1
