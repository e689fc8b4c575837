"""Pipeline: answers chat requests with a local engine; a Completer (contract, filled next)."""

from collections.abc import AsyncIterator

from qwen_vision.engines.base import Engine
from qwen_vision.media.door import MediaDoor
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import ChatRequest


class Run:
    """A checked and prepared request, ready to be played once."""

    def chunks(self) -> AsyncIterator[Chunk]:
        """The answer chunk by chunk; closing the iterator cancels the engine's run."""
        raise NotImplementedError

    async def collect(self) -> Completion:
        """The whole answer."""
        raise NotImplementedError


class Pipeline:
    """Check, prepare, run, assemble. A Completer."""

    def __init__(
        self, engine: Engine, door: MediaDoor, *, any_model: bool = False, local_files: bool = False
    ) -> None:
        """Answer with `engine`; `local_files` lets requests name files of this machine."""

    async def start(
        self, request: ChatRequest, *, request_id: str | None = None, body: bytes | None = None
    ) -> Run:
        """Check and prepare; raises an error of the tree before anything runs."""
        raise NotImplementedError

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer."""
        return await (await self.start(request)).collect()

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """The answer chunk by chunk."""
        run = await self.start(request)
        async for chunk in run.chunks():
            yield chunk

    async def aclose(self) -> None:
        """Close the engine."""
