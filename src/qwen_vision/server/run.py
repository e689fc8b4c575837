"""Runs the server: builds engine, door and pipeline, listens, and stops without cutting answers."""

import asyncio
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvicorn
from typing_extensions import override

from qwen_vision.engines.registry import build_engine
from qwen_vision.errors import SettingsError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.app import create_app
from qwen_vision.server.connection import connection_class
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.log import log_to_stderr
from qwen_vision.server.meter import Meter, make_meter
from qwen_vision.server.share import share_of
from qwen_vision.server.tracing import without_missing
from qwen_vision.server.workers import Crew, Post, Started
from qwen_vision.settings import EngineSettings, ServerSettings
from qwen_vision.telemetry.shared import FiguresFolder, worker_name

_log = logging.getLogger("qwen_vision.server")
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_KEEP_ALIVE_S: Final = 75
# After the grace period nothing runs any more but the farewells of interrupted requests.
_CLOSE_S: Final = 3
_BACKLOG: Final = 2048
# A request makes some hundred objects and hardly a cycle: the collector need not look as often
# as it does by default (700, 10, 10), which was a tenth of a short request's cost.
_GC_THRESHOLDS: Final = (10_000, 20, 20)


class Server(uvicorn.Server):
    """uvicorn, listening on a socket of ours and stopping in our order.

    uvicorn closes its listener as soon as it is told to stop. Here the first signal only
    turns new requests away (503) until the running ones are done; a second one ends the
    process at once. A worker leaves second signals to its parent, and stops without it.
    """

    def __init__(
        self,
        settings: ServerSettings,
        pipeline: Pipeline,
        *,
        listener: socket.socket | None = None,
        post: Post | None = None,
        meter: Meter | None = None,
        folder: FiguresFolder | None = None,
    ) -> None:
        """Bind the address, or take the `listener` of the parent to whom `post` leads.

        `meter` counts against the limits of the settings; without one the server makes its own.
        Workers share their figures in a `folder`.
        Raises SettingsError when the address cannot be used.
        """
        self._settings = settings
        self._engine = pipeline.engine.name
        self._lifecycle = Lifecycle(max_concurrent=settings.max_concurrent)
        self._socket = listener or listen(settings.host, settings.port)
        self._post = post
        self._stopping: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                create_app(
                    settings,
                    pipeline,
                    lifecycle=self._lifecycle,
                    meter=meter,
                    sweeps=post is None or post.number == 1,
                    folder=folder,
                ),
                http=connection_class(patience_s=settings.body_timeout_s),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_CLOSE_S,
            )
        )

    @property
    def url(self) -> str:
        """Where a caller finds the server, such as `http://127.0.0.1:8765`."""
        return url_of(self._socket)

    def listen_and_serve(self) -> None:
        """Serve until stopped."""
        self.run(sockets=[self._socket])

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where the server is, once it answers and signals are heeded."""
        await super().startup(sockets)
        if self._post is None:
            _announce(self._settings, url=self.url, engine=self._engine)
        else:
            self._post.pulse.beat()
            self._post.tell(Started(self._engine))

    @override
    async def on_tick(self, counter: int) -> bool:
        """Give the parent a sign of life, ten times a second: this loop still turns."""
        if self._post is not None:
            self._post.pulse.beat()
        return await super().on_tick(counter)

    def stop(self) -> None:
        """Begin a graceful stop; must be called in the server's own event loop."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())

    async def _stop(self) -> None:
        if self._post is None:
            _log.info("Stopping: running answers are finished, new requests get 503.")
        await self._lifecycle.stop(grace_s=self._settings.stop_grace_s)
        self.should_exit = True

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop gracefully on SIGINT and SIGTERM; on a second one end at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        if self._post is not None:
            # Its end says that the parent is gone. SIGINT is the parent's alone.
            loop.add_reader(self._post.leash, self._on_parent_gone, self._post.leash)
            loop.add_signal_handler(signal.SIGTERM, self.stop)
            yield
            return
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    def _on_parent_gone(self, leash: int) -> None:
        asyncio.get_running_loop().remove_reader(leash)
        self.stop()

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stopping is None:
            self.stop()
            return
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises SettingsError naming what stands in the way."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # A name such as localhost has an IPv4 and an IPv6 address: callers try IPv4 in any case.
        family, kind, protocol, _, address = min(found, key=lambda entry: entry[0])
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another address with --host and --port.",
            param="port",
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a caller finds who listens there."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: ServerSettings, engines: EngineSettings) -> None:
    """Answer until SIGINT or SIGTERM with the engines that `settings` names.

    Raises SettingsError for an unknown engine or an address that cannot be used, and
    MissingExtraError when an engine's packages are not installed.
    """
    log_to_stderr(settings.log)
    settings = without_missing(settings)
    _look_at_storage(settings)
    if settings.workers == 1:
        _play(Server(settings, _pipeline(settings, engines)))
        return
    share = share_of(engines, workers=settings.workers, choices=_choices(settings))
    with (
        listen(settings.host, settings.port) as listener,
        TemporaryDirectory(prefix="qwen-vision-figures-") as folder,
    ):
        # While a worker is replaced its callers wait at the door instead of being refused.
        listener.listen(_BACKLOG)

        meter = make_meter(settings)

        def work(post: Post) -> None:
            pipeline = _pipeline(settings, share)
            figures = FiguresFolder(Path(folder), name=worker_name())
            server = Server(
                settings, pipeline, listener=listener, post=post, meter=meter, folder=figures
            )
            _play(server)

        def announce(engine: str) -> None:
            _announce(settings, url=url_of(listener), engine=engine)

        crew = Crew(
            settings.workers,
            work,
            grace_s=settings.stop_grace_s,
            silence_s=settings.worker_timeout_s,
            announce=announce,
        )
        crew.run()


def _look_at_storage(settings: ServerSettings) -> None:
    """Say at the start that uploads will be refused, before the first caller is the one to know."""
    if settings.storage is None:
        return
    folder = nearest = settings.storage.folder.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        _log.warning(
            "Uploads cannot be kept in '%s': '%s' is no folder that may be written to. "
            "QWEN_VISION_STORAGE_FOLDER names another.",
            folder,
            nearest,
        )


def _play(server: Server) -> None:
    # What is here now stays to the end: the collector leaves it alone from here on.
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    server.listen_and_serve()


def _choices(settings: ServerSettings) -> tuple[str, ...]:
    """Every engine that the settings name, once."""
    return tuple(dict.fromkeys((settings.engine, *settings.models.values())))


def _pipeline(settings: ServerSettings, engines: EngineSettings) -> Pipeline:
    built = {choice: build_engine(choice, engines) for choice in _choices(settings)}
    return Pipeline(
        built[settings.engine],
        MediaDoor(engines.media),
        engines={model: built[choice] for model, choice in settings.models.items()},
        any_model=settings.any_model,
    )


def _announce(settings: ServerSettings, *, url: str, engine: str) -> None:
    _log.info(
        "qwen-vision answers at %s/v1 with engine %s%s. %s",
        url,
        engine,
        "" if settings.workers == 1 else f" in {settings.workers} workers",
        "A key is needed."
        if settings.keys
        else "No key is needed (this machine only); any key is accepted.",
    )
