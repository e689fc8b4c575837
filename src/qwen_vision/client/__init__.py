"""The client: asks a remote server of the dialect; sees only the wire types."""

from qwen_vision.client.client import AsyncClient
from qwen_vision.client.retry import RetryRule

__all__ = ["AsyncClient", "RetryRule"]
