"""Completer: the one thing a caller needs, whether the answer is made here or far away."""

from collections.abc import AsyncIterator
from typing import Protocol

from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import ChatRequest


class Completer(Protocol):
    """Answers chat requests: the local pipeline or a client of a remote server."""

    async def complete(self, request: ChatRequest, /) -> Completion:
        """The whole answer; raises an error of the tree."""

    def stream(self, request: ChatRequest, /) -> AsyncIterator[Chunk]:
        """The answer chunk by chunk; raises before the first chunk when the request is bad."""

    async def aclose(self) -> None:
        """Give back what is held; safe to call twice."""
