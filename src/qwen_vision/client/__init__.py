"""The client: asks a remote server of the dialect; sees only the wire types and the catalogue."""

from qwen_vision.client.answer import Answer
from qwen_vision.client.client import AsyncClient
from qwen_vision.client.retry import RetryRule
from qwen_vision.client.sync import Client

__all__ = ["Answer", "AsyncClient", "Client", "RetryRule"]
