"""Service: what every route that answers with the pipeline needs."""

from contextlib import AbstractContextManager, nullcontext
from typing import Final

from qwen_vision.media.source import OssResolver
from qwen_vision.pipeline.pipeline import Pipeline, Run
from qwen_vision.server.body import read_body
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.lifecycle import Lifecycle, Slot
from qwen_vision.server.meter import Meter
from qwen_vision.server.uploads import uploads_of
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.store import UploadStore
from qwen_vision.telemetry.record import Stage

_FREE: Final[AbstractContextManager[None]] = nullcontext()


class Service:
    """The pipeline within the limits of the settings; `store` holds what callers uploaded."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        settings: ServerSettings,
        lifecycle: Lifecycle,
        store: UploadStore | None,
        meter: Meter | None,
    ) -> None:
        """Serve requests with `pipeline`."""
        self.pipeline = pipeline
        self.settings = settings
        self._lifecycle = lifecycle
        self._store = store
        self._meter = meter

    def slot(self, exchange: Exchange) -> Slot:
        """A place for one request, held while its `with` block runs.

        Raises RateLimitError for a key that has asked enough in this minute.
        """
        if self._meter is not None:
            self._meter.admit(exchange)
        return self._lifecycle.slot(exchange)

    def charge(self, exchange: Exchange, run: Run) -> AbstractContextManager[None]:
        """A `with` block for an answer, whose tokens count against the caller's limit.

        Raises QuotaError when the prompt's do not fit.
        """
        return _FREE if self._meter is None else self._meter.charge(exchange, run)

    async def read(self, exchange: Exchange) -> bytes:
        """The request's body, within the limits of size and time."""
        with Stage("read"):
            body = await read_body(exchange, settings=self.settings)
        exchange.received_bytes = len(body)
        return body

    def uploads(self, exchange: Exchange, *, model: str) -> OssResolver | None:
        """The caller's uploads when the request asks for `oss://` URLs to be resolved."""
        return uploads_of(exchange, self._store, model=model)
