"""The chat route of a server: whole answers, streams, estimates."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
)

import aiohttp
import msgspec

from qwen_vision.client.connection import MAX_ERROR_BYTES, Connection
from qwen_vision.client.pack import Packer
from qwen_vision.client.references import names_oss, references
from qwen_vision.client.refusal import typed
from qwen_vision.errors import (
    ConnectionFailedError,
    MediaError,
    QwenVisionError,
    RemoteError,
    RouteNotFoundError,
)
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.estimate import Estimate
from qwen_vision.protocol.reading import read_chunk, read_completion, strange_answer
from qwen_vision.protocol.request import ChatRequest, encode_request
from qwen_vision.protocol.sse import EventReader

_RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}
_ENGINE_HEADER = "x-qwen-vision-engine"


class ChatRoute:
    """Sends chat requests whose media a server can reach."""

    def __init__(self, connection: Connection, packer: Packer) -> None:
        """Send over `connection`; `packer` forgets uploads the server has lost."""
        self._connection = connection
        self._packer = packer

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer; raises an error of the tree."""
        request = msgspec.structs.replace(request, stream=None, stream_options=None)
        limits = self._connection.patience.whole()
        async with self._answer("/chat/completions", request, limits=limits) as response:
            body = await response.read()
            engine = response.headers.get(_ENGINE_HEADER)
        try:
            completion = read_completion(body)
        except RemoteError as error:
            raise typed(error) from error
        completion.system_fingerprint = completion.system_fingerprint or engine
        return completion

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """The answer chunk by chunk; raises before the first one when the request is bad.

        A stream that breaks off raises ConnectionFailedError; nothing is resumed.
        """
        request = msgspec.structs.replace(request, stream=True)
        limits = self._connection.patience.stream()
        finished = False
        async with self._answer("/chat/completions", request, limits=limits) as response:
            if response.content_type != "text/event-stream":
                raise strange_answer(await response.content.read(MAX_ERROR_BYTES))
            engine = response.headers.get(_ENGINE_HEADER)
            async with aclosing(_payloads(response)) as payloads:
                async for payload in payloads:
                    if payload == b"[DONE]":
                        return
                    chunk = _chunk(payload)
                    chunk.system_fingerprint = chunk.system_fingerprint or engine
                    finished = finished or any(choice.finish_reason for choice in chunk.choices)
                    yield chunk
        if not finished:
            raise ConnectionFailedError(
                host=self._connection.host, reason="the stream broke off before its end"
            )

    async def estimate(self, request: ChatRequest) -> Estimate:
        """What the request would cost; RemoteError from a server that cannot tell."""
        limits = self._connection.patience.whole()
        try:
            async with self._answer("/estimate", request, limits=limits) as response:
                return msgspec.json.decode(await response.read(), type=Estimate)
        except (RouteNotFoundError, RemoteError, msgspec.DecodeError) as error:
            if isinstance(error, RemoteError) and error.status not in (404, 405, 501):
                raise
            raise RemoteError(
                f"{self._connection.host} cannot estimate. `qwen-vision estimate` counts on this "
                "machine, before anything is sent.",
                status=404,
                code="no_estimates",
            ) from error

    @asynccontextmanager
    async def _answer(
        self, path: str, request: ChatRequest, *, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = _RESOLVE if names_oss(request) else None

        def ask(asked: ChatRequest) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
            body = encode_request(asked)
            return self._connection.answer(path, body, limits=limits, headers=headers)

        try:
            async with AsyncExitStack() as stack:
                try:
                    response = await stack.enter_async_context(ask(request))
                except QwenVisionError as error:
                    if request.coordinates is None or not _is_about_the_wish(error):
                        raise
                    plain = msgspec.structs.replace(request, coordinates=None)
                    response = await stack.enter_async_context(ask(plain))
                yield response
        except MediaError:
            # It may be that the server has lost an upload: the next question sends it again.
            if headers is not None:
                await self._packer.forget(references(request))
            raise


def _is_about_the_wish(error: QwenVisionError) -> bool:
    """Whether a server refuses `coordinates`, which only servers of this project know."""
    return error.status in (400, 422) and "coordinates" in f"{error.message} {error.param}"


def _chunk(payload: bytes) -> Chunk:
    try:
        return read_chunk(payload)
    except RemoteError as error:
        raise typed(error) from error


async def _payloads(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    reader = EventReader()
    async for piece in response.content.iter_any():
        for payload in reader.feed(piece):
            yield payload
    for payload in reader.end():
        # Half a line is no event; the caller then sees that the stream broke off.
        if payload.endswith((b"}", b"[DONE]")):
            yield payload
