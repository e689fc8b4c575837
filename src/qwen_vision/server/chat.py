"""`POST /chat/completions`: the answer whole or as an event stream."""

from typing import Final

import msgspec

from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest, decode_request
from qwen_vision.server.body import read_body
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.stream import write_stream
from qwen_vision.server.uploads import uploads_of
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.store import UploadStore

_ENCODER: Final = msgspec.json.Encoder()


class ChatRoute:
    """Answers chat requests with the pipeline; the hot path of the server."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        settings: ServerSettings,
        lifecycle: Lifecycle,
        store: UploadStore | None,
    ) -> None:
        """Answer within the limits of `settings`; `store` holds what callers uploaded."""
        self._pipeline = pipeline
        self._settings = settings
        self._lifecycle = lifecycle
        self._store = store

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; interrupted when its caller leaves."""
        with self._lifecycle.slot(exchange):
            request, body = await self._take(exchange)
            with exchange.interrupt_when_gone():
                await self._answer(exchange, request, body=body)

    async def _take(self, exchange: Exchange) -> tuple[ChatRequest, bytes | None]:
        """The request, and its body for an engine that forwards it.

        Otherwise the megabytes of a body with pictures are given back before the run.
        """
        body = await read_body(exchange, settings=self._settings)
        request = decode_request(body)
        return request, body if self._pipeline.forwards(request.model) else None

    async def _answer(
        self, exchange: Exchange, request: ChatRequest, *, body: bytes | None
    ) -> None:
        exchange.model = request.model
        exchange.wants_stream = bool(request.stream)
        run = await self._pipeline.start(
            request,
            request_id=exchange.request_id,
            body=body,
            uploads=uploads_of(exchange, self._store, model=request.model),
        )
        exchange.engine = run.engine_name
        try:
            if exchange.wants_stream:
                await write_stream(exchange, run.chunks())
            else:
                await exchange.answer(_ENCODER.encode(await run.collect()))
        finally:
            # A run that was interrupted before it began still holds its media.
            await run.aclose()
