"""Finds what sends traces; its packages are loaded only when traces are wanted."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from qwen_vision.errors import MissingExtraError
from qwen_vision.settings import ServerSettings, TraceSettings
from qwen_vision.telemetry.trace import Tracing

_log = logging.getLogger("qwen_vision.server")
_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def start_tracing(settings: TraceSettings | None) -> Tracing | None:
    """What sends the traces of this process; None when nobody wants any.

    Raises MissingExtraError.
    """
    if settings is None:
        return None
    if not _is_installed():
        raise MissingExtraError(what="Sending traces", extra="otel")
    # The packages take 60 ms and some megabytes: only who has a receiver pays for them.
    module = import_module("qwen_vision.telemetry.otlp")
    tracing: Tracing = module.build(settings)
    return tracing


@asynccontextmanager
async def closing_traces(tracing: Tracing | None) -> AsyncIterator[None]:
    """Sends what is left of the traces when the block ends."""
    try:
        yield
    finally:
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def without_missing(settings: ServerSettings) -> ServerSettings:
    """The settings, without traces when their packages are not there; that is said, once.

    The variable may be set for every program of a machine, so it keeps no server from starting.
    """
    if settings.traces is None or _is_installed():
        return settings
    reason = MissingExtraError(what="Sending traces", extra="otel")
    _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but requests are not traced. %s", reason)
    return replace(settings, traces=None)


def _is_installed() -> bool:
    try:
        return all(find_spec(package) for package in _PACKAGES)
    except ModuleNotFoundError:
        # A package above it is not there either.
        return False
