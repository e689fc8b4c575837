"""`POST /estimate`: what a chat request would cost, without running it."""

from typing import Final

import msgspec

from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import decode_request
from qwen_vision.server.body import read_body
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.uploads import uploads_of
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.store import UploadStore

_ENCODER: Final = msgspec.json.Encoder()


class EstimateRoute:
    """Counts the tokens of a chat request; takes the same body as the chat route."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        settings: ServerSettings,
        lifecycle: Lifecycle,
        store: UploadStore | None,
    ) -> None:
        """Count within the limits of `settings`; `store` holds what callers uploaded."""
        self._pipeline = pipeline
        self._settings = settings
        self._lifecycle = lifecycle
        self._store = store

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; its media are fetched and measured, so it takes a slot too."""
        with self._lifecycle.slot(exchange):
            body = await read_body(exchange, settings=self._settings)
            request = decode_request(body)
            exchange.model = request.model
            uploads = uploads_of(exchange, self._store, model=request.model)
            with exchange.interrupt_when_gone():
                found = await self._pipeline.estimate(request, uploads=uploads)
                await exchange.answer(_ENCODER.encode(found))
