"""`POST /chat/completions`: the answer whole or as an event stream."""

from typing import Final

import msgspec

from qwen_vision.protocol.abridge import abridge
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.request import ChatRequest, decode_request
from qwen_vision.protocol.sse import DONE, frame
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.service import Service
from qwen_vision.server.stream import write_stream

_ENCODER: Final = msgspec.json.Encoder()


class ChatRoute:
    """Answers chat requests with the pipeline; the hot path of the server."""

    def __init__(self, service: Service) -> None:
        """Answer with `service`."""
        self._service = service

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; interrupted when its caller leaves."""
        with self._service.slot(exchange):
            request, body = await self._take(exchange)
            with exchange.interrupt_when_gone():
                await self._answer(exchange, request, body=body)

    async def _take(self, exchange: Exchange) -> tuple[ChatRequest, bytes | None]:
        """The request, and its body for an engine that forwards it.

        The megabytes of a body with pictures are held once: in the body that is forwarded,
        beside an abridged request, or in the whole request alone.
        """
        body = await self._service.read(exchange)
        pipeline = self._service.pipeline
        if not pipeline.may_forward:
            return decode_request(body), None
        short = abridge(body)
        request = decode_request(short)
        if pipeline.forwards(request.model):
            return request, body
        return request if short is body else decode_request(body), None

    async def _answer(
        self, exchange: Exchange, request: ChatRequest, *, body: bytes | None
    ) -> None:
        exchange.model = request.model
        exchange.wants_stream = bool(request.stream)
        run = await self._service.pipeline.start(
            request,
            request_id=exchange.request_id,
            body=body,
            uploads=self._service.uploads(exchange, model=request.model),
        )
        exchange.engine = run.engine_name
        try:
            with self._service.charge(exchange, run):
                if exchange.wants_stream:
                    await write_stream(exchange, run, encode=_event, end=DONE)
                else:
                    await exchange.answer(_ENCODER.encode(await run.collect()))
        finally:
            # A run that was interrupted before it began still holds its media.
            await run.aclose()


def _event(chunk: Chunk) -> bytes:
    return frame(_ENCODER.encode(chunk))
