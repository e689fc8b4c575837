"""Observer: what becomes of a request's record: counts, a line in the log, spans."""

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from msgspec import UNSET

from qwen_vision.catalogue.catalogue import models
from qwen_vision.errors import QwenVisionError
from qwen_vision.protocol.usage import Usage
from qwen_vision.server.exchange import CLIENT_GONE_STATUS, Exchange
from qwen_vision.server.log import RequestLine
from qwen_vision.telemetry import metrics as metric
from qwen_vision.telemetry.record import begin
from qwen_vision.telemetry.tally import Tally
from qwen_vision.telemetry.trace import MAX_MODEL_CHARS, Fact, Tracing, answer_facts

_log = logging.getLogger("qwen_vision.server")
# What stands in a label for names that only a caller knows, and for none at all.
OTHER: Final = "other"
NONE: Final = "none"


class Names:
    """What may stand in a label: the names that this server knows, and `other` for all else.

    A caller can neither make more labels nor write into them.
    """

    def __init__(self, *, routes: Iterable[str], models: Iterable[str] = ()) -> None:
        """Know `routes` and, beside the catalogue's, `models`."""
        self._routes = {path: path for path in routes}
        # Those with a parameter at their end, by what stands before it.
        self._open_routes = [
            (path.partition("{")[0], path) for path in self._routes if path.endswith("}")
        ]
        self._models = {**{name: name for name in models}, **_catalogue_names()}

    def route(self, path: str) -> str:
        """The route a path leads to."""
        known = self._routes.get(path)
        if known is not None:
            return known
        return next((route for head, route in self._open_routes if path.startswith(head)), OTHER)

    def model(self, name: str) -> str:
        """The model a caller named, a snapshot under its model's own name."""
        return self._models.get(name, OTHER)


class Observer:
    """Watches every request from the error door."""

    def __init__(self, tally: Tally, names: Names, *, tracing: Tracing | None = None) -> None:
        """Count in `tally` under `names`."""
        self._tally = tally
        self._names = names
        self._tracing = tracing

    def begin(self, exchange: Exchange) -> None:
        """A request has arrived; must be called in the task that serves it."""
        begin(exchange.record)
        if self._tracing is not None:
            name = f"{exchange.scope['method']} {self._names.route(exchange.scope['path'])}"
            exchange.record.trace = self._tracing.follow(name, exchange.headers)

    def end(self, exchange: Exchange) -> None:
        """Its answer is sent, or nobody waits for it any more."""
        elapsed_s = exchange.elapsed_s
        self._count(exchange, elapsed_s)
        if _log.isEnabledFor(logging.INFO):
            code = None if exchange.error is None else _code(exchange.error)
            _log.info(RequestLine(exchange, elapsed_s=elapsed_s, code=code))
        trace = exchange.record.trace
        if trace is not None:
            for name, value in _facts(
                exchange, route=self._names.route(exchange.scope["path"])
            ).items():
                trace.span.set(name, value)
            trace.span.end(exchange.error)

    def _count(self, exchange: Exchange, elapsed_s: float) -> None:
        tally, route, error = self._tally, self._names.route(exchange.scope["path"]), exchange.error
        model, engine = NONE, NONE
        if exchange.model is not None:
            model, engine = self._names.model(exchange.model), exchange.engine
            _count_chat(tally, exchange, elapsed_s, model=model)
        tally.add(metric.REQUESTS, 1, (route, model, engine, _outcome(exchange)))
        if exchange.received_bytes:
            tally.add(metric.RECEIVED_BYTES, exchange.received_bytes, (route,))
        tally.add(metric.SENT_BYTES, exchange.sent_bytes, (route,))
        if error is not None:
            tally.add(metric.ERRORS, 1, (type(error).__name__, _code(error), _status(error)))
        if exchange.uploaded_bytes is not None:
            tally.add(metric.UPLOADS)
            tally.add(metric.UPLOAD_BYTES, exchange.uploaded_bytes)


def _count_chat(tally: Tally, exchange: Exchange, elapsed_s: float, *, model: str) -> None:
    """What a request that names a model took, took in and cost."""
    record, engine = exchange.record, exchange.engine
    tally.observe(metric.STAGE_SECONDS, elapsed_s, ("whole", engine))
    if exchange.streamed_after_s is not None:
        tally.observe(metric.STAGE_SECONDS, exchange.streamed_after_s, ("first_token", engine))
    for name, seconds in record.stages_s.items():
        tally.observe(metric.STAGE_SECONDS, seconds, (name, engine))
    for item in record.taken:
        tally.add(metric.MEDIA, 1, (item.kind, item.source))
        tally.add(metric.MEDIA_BYTES, item.size_bytes, (item.kind, item.source))
    for piece in record.works:
        tally.observe(metric.MEDIA_SECONDS, piece.seconds, (piece.name, piece.kind))
    if record.usage is not None:
        _count_tokens(tally, record.usage, model=model, engine=engine)


def _count_tokens(tally: Tally, usage: Usage, *, model: str, engine: str) -> None:
    for kind, count in _tokens(usage):
        tally.add(metric.TOKENS, count, (model, engine, kind))
        if kind == "cached":
            tally.add(metric.CACHE, 1, ("prefix", "hit" if count else "miss"))


def _tokens(usage: Usage) -> Iterator[tuple[str, int]]:
    yield "prompt", usage.prompt_tokens
    yield "completion", usage.completion_tokens
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    if prompt is not UNSET:
        if prompt.image_tokens is not UNSET:
            yield "image", prompt.image_tokens
        if prompt.video_tokens is not UNSET:
            yield "video", prompt.video_tokens
        if prompt.cached_tokens is not UNSET:
            yield "cached", prompt.cached_tokens
    if completion is not UNSET and completion.reasoning_tokens is not UNSET:
        yield "reasoning", completion.reasoning_tokens


def _outcome(exchange: Exchange) -> str:
    """Told from the error as well: one that ends a stream comes after status 200."""
    status = exchange.status if exchange.error is None else exchange.error.status
    if status == CLIENT_GONE_STATUS:
        return "left"
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"


def _code(error: QwenVisionError) -> str:
    """The code of an error of the tree; another server's own words are not for labels."""
    if error.code is None:
        return NONE
    return error.code if error.code in _codes() else OTHER


def _status(error: QwenVisionError) -> str:
    return str(error.status) if 400 <= error.status < 600 else OTHER


@cache
def _codes() -> frozenset[str]:
    classes = [QwenVisionError]
    for known in classes:
        classes += known.__subclasses__()
    return frozenset(known.code for known in classes if known.code is not None)


@cache
def _catalogue_names() -> dict[str, str]:
    """From every name of a model to the one under which it is counted."""
    return {name: model.id for model in models() for name in model.names}


def _facts(exchange: Exchange, *, route: str) -> dict[str, Fact]:
    """What the request's own span tells, in the names of OpenTelemetry's conventions."""
    facts: dict[str, Fact] = {
        "http.request.method": exchange.scope["method"],
        "http.route": route,
        "http.response.status_code": exchange.status,
        "qwen_vision.request_id": exchange.request_id,
    }
    if exchange.model is None:
        return facts
    facts["qwen_vision.engine"] = exchange.engine
    facts["gen_ai.request.model"] = exchange.model[:MAX_MODEL_CHARS]
    if exchange.record.usage is not None:
        facts |= answer_facts(exchange.record.usage, model=exchange.model)
    return facts
