"""`POST /estimate`: what a chat request would cost, without running it."""

from typing import Final

import msgspec

from qwen_vision.protocol.request import decode_request
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.service import Service

_ENCODER: Final = msgspec.json.Encoder()


class EstimateRoute:
    """Counts the tokens of a chat request; takes the same body as the chat route."""

    def __init__(self, service: Service) -> None:
        """Count with `service`."""
        self._service = service

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; its media are fetched and measured, so it takes a slot too."""
        with self._service.slot(exchange):
            request = decode_request(await self._service.read(exchange))
            exchange.model = request.model
            uploads = self._service.uploads(exchange, model=request.model)
            with exchange.interrupt_when_gone():
                found = await self._service.pipeline.estimate(request, uploads=uploads)
                await exchange.answer(_ENCODER.encode(found))
