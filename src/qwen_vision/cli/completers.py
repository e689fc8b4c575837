"""Which engine answers, why, and opening it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_vision.errors import SettingsError
from qwen_vision.protocol.completer import Completer
from qwen_vision.settings import EngineSettings, RemoteSettings, Settings

if TYPE_CHECKING:
    from qwen_vision.client import AsyncClient
    from qwen_vision.client.upload import Progress, Shelf
    from qwen_vision.media.progress import WatchProgress

LOCAL_ENGINE = "embedded"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Who answers: a remote server, or the local engine `name`; `why` is for a person."""

    remote: RemoteSettings | None
    name: str
    why: str

    @property
    def place(self) -> str:
        """Where the answer is made, in a few words."""
        if self.remote is None:
            return "this machine"
        return self.remote.base_url.partition("://")[2].partition("/")[0]


def choose_engine(flag: str | None, settings: Settings) -> EngineChoice:
    """The engine for `--engine` and the settings.

    Raises SettingsError for `remote` without a key or address, and for an upstream: a command
    asks a server itself.
    """
    match flag:
        case None if settings.remote is not None:
            why = "a key is set" if settings.remote.key else "QWEN_BASE_URL is set"
            return EngineChoice(settings.remote, "remote", why)
        case None:
            return EngineChoice(None, LOCAL_ENGINE, "no key and no QWEN_BASE_URL is set")
        case "remote":
            if settings.remote is None:
                raise SettingsError(
                    "No server is named: set DASHSCOPE_API_KEY (or QWEN_API_KEY), or "
                    "QWEN_BASE_URL for another server.",
                    param="engine",
                )
            return EngineChoice(settings.remote, "remote", "--engine says so")
        case "local":
            return EngineChoice(None, LOCAL_ENGINE, "--engine says so")
        case _ if flag.partition(":")[0] == "upstream":
            raise SettingsError(
                "Upstreams belong to qwen-vision serve. To ask a server from here set "
                "QWEN_BASE_URL=http://HOST:PORT/v1 (and QWEN_API_KEY), and leave --engine out.",
                param="engine",
            )
        case _:
            return EngineChoice(None, flag, "--engine says so")


@dataclass(frozen=True, slots=True)
class Sending:
    """How files reach a remote server.

    `upload` None uploads from 7 MB on; `shrink` makes pictures as small as the model sees
    them; `remember` is a file in which runs of the command share what they uploaded.
    """

    upload: bool | None = None
    shrink: bool = True
    remember: Path | None = None
    progress: "Progress | None" = None
    shelf: "Shelf | None" = None


def open_client(remote: RemoteSettings, sending: Sending) -> "AsyncClient":
    """A client that sends files of this machine."""
    from qwen_vision.client import AsyncClient

    return AsyncClient(
        remote,
        shelf=sending.shelf,
        local_files=True,
        upload=sending.upload,
        shrink=sending.shrink,
        progress=sending.progress,
        remember_uploads=sending.remember,
    )


@asynccontextmanager
async def open_completer(
    choice: EngineChoice,
    settings: Settings,
    *,
    sending: Sending | None = None,
    watched: "WatchProgress | None" = None,
) -> AsyncIterator[Completer]:
    """The completer of a choice, closed at the end of the block.

    `sending` says how files of this machine reach a remote server; `watched` hears how far a
    local engine has looked at a video.
    """
    if choice.remote is not None:
        async with open_client(choice.remote, sending or Sending()) as client:
            yield client
        return
    from qwen_vision.engines.registry import build_engine
    from qwen_vision.media.door import MediaDoor
    from qwen_vision.pipeline.pipeline import Pipeline

    engine = build_engine(
        choice.name, EngineSettings(media=settings.media, weights=settings.weights)
    )
    pipeline = Pipeline(engine, MediaDoor(settings.media, progress=watched), local_files=True)
    interrupted = False
    try:
        yield pipeline
    except asyncio.CancelledError:
        interrupted = True
        raise
    finally:
        # Closing waits for what threads have begun; whoever pressed Ctrl-C does not want to.
        if not interrupted:
            await pipeline.aclose()
