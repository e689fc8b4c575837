"""Qwen vision: ask pictures, videos and documents anything, here or on a server."""

__version__ = "0.1.0"
