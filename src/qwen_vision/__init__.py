"""Qwen vision: ask pictures, videos and documents anything, here or on a server."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwen_vision.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]

__version__ = "0.1.0"

_CLIENTS = ("AsyncClient", "Client")


def __getattr__(name: str) -> object:
    """The clients, loaded when they are first named: `import qwen_vision` stays light."""
    if name not in _CLIENTS:
        raise AttributeError(f"module 'qwen_vision' has no attribute '{name}'")
    # The stdlib's loader is itself only needed here.
    return getattr(__import__("qwen_vision.client", fromlist=[name]), name)
