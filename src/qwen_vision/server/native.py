"""The native dialect: `POST .../multimodal-generation/generation` (docs/reference/native.md)."""

from typing import Final

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.catalogue.model import Model
from qwen_vision.errors import IncrementalOnlyError, IncrementalThinkingError, WrongServiceError
from qwen_vision.protocol.native import NativeParameters, NativeRequest, decode_native
from qwen_vision.protocol.native_chat import to_chat
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.native_answers import NativeAnswers
from qwen_vision.server.service import Service
from qwen_vision.server.stream import write_stream

GENERATION_PATH: Final = "/api/v1/services/aigc/multimodal-generation/generation"
OTHER_SERVICES_PATH: Final = "/api/v1/services/aigc/{rest:path}"


class NativeRoute:
    """Answers native requests with the same pipeline; only the outer shapes differ."""

    def __init__(self, service: Service) -> None:
        """Answer with `service`."""
        self._service = service

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; interrupted when its caller leaves."""
        with self._service.slot(exchange):
            # Known before the body is read: its errors come as an event too.
            exchange.wants_stream = exchange.headers.get(b"x-dashscope-sse") == b"enable"
            request = decode_native(await self._service.read(exchange))
            with exchange.interrupt_when_gone():
                await self._answer(exchange, request)

    async def refuse(self, _exchange: Exchange) -> None:
        """Answer for the services of other kinds of models. Raises WrongServiceError."""
        raise WrongServiceError

    async def _answer(self, exchange: Exchange, request: NativeRequest) -> None:
        given = request.parameters
        exchange.model = request.model
        exchange.wants_stream = exchange.wants_stream or bool(given.stream)
        model = find_model(request.model, any_model=self._service.settings.any_model)
        if exchange.wants_stream:
            _check_incremental(given, model)
        run = await self._service.pipeline.start(
            to_chat(request, stream=exchange.wants_stream),
            request_id=exchange.request_id,
            uploads=self._service.uploads(exchange, model=request.model),
        )
        exchange.engine = run.engine_name
        incremental = given.incremental_output
        if incremental is None:
            incremental = model.incremental or run.thinking
        answers = NativeAnswers(request, run, exchange, incremental=incremental)
        try:
            with self._service.charge(exchange, run):
                if exchange.wants_stream:
                    await write_stream(exchange, run, encode=answers.event, end=b"")
                else:
                    await exchange.answer(answers.whole(await run.collect()))
        finally:
            # A run that was interrupted before it began still holds its media.
            await run.aclose()


def _check_incremental(given: NativeParameters, model: Model) -> None:
    """Refuse a cumulative stream where the service does.

    A model that thinks only because nobody said otherwise is let through: its callers never
    asked for what would forbid it.
    """
    if given.incremental_output is not False:
        return
    if given.enable_thinking:
        raise IncrementalThinkingError
    if model.thinking == "always":
        raise IncrementalOnlyError
