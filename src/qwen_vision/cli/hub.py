"""Hub: lists and fetches the files of a repository on the model hub."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import PurePosixPath
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from qwen_vision import __version__
from qwen_vision.cli.partfile import PartFile
from qwen_vision.errors import ConnectionFailedError, SettingsError

REVISION: Final = "main"
TRIES: Final = 5
_PAUSE_S: Final = 0.5
_PIECE_BYTES: Final = 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.gguf")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PARTIAL, _MISSING = 206, 404
_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=60)


class LargeFile(Struct, frozen=True):
    """Checksum and size of a file kept outside the repository, as all weights are."""

    oid: str
    size: int


class HubFile(Struct, frozen=True):
    """One entry of a repository's list."""

    path: str
    type: str = "file"
    lfs: LargeFile | None = None


class Hub:
    """A model hub at `url`. Open it with `connected`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        """A hub reached through `session`."""
        self._url = url
        self._session = session

    async def weights(self, repository: str) -> list[HubFile]:
        """The GGUF files of a repository that have a checksum; raises ConnectionFailedError."""
        place = f"{self._url}/api/models/{repository}/tree/{REVISION}"
        with _failures(place):
            async with self._session.get(place) as response:
                self._check(response)
                body = await response.read()
        try:
            found = msgspec.json.decode(body, type=list[HubFile])
        except msgspec.DecodeError as error:
            raise ConnectionFailedError(f"{place} sent no list of files.") from error
        return [file for file in found if _is_safe(file)]

    async def fetch(
        self, repository: str, file: HubFile, part: PartFile, *, tell: Callable[[], None]
    ) -> None:
        """Fetch what is missing of a file, going on where a broken connection stopped.

        `tell` is called after every piece. Raises ConnectionFailedError when several tries in a
        row bring nothing.
        """
        place = f"{self._url}/{repository}/resolve/{REVISION}/{file.path}"
        failures = 0
        while not part.is_whole:
            before = part.received
            try:
                with _failures(place):
                    await self._fetch_rest(place, part, tell=tell)
            except ConnectionFailedError:
                # As long as something arrives it is worth going on.
                failures = 0 if part.received > before else failures + 1
                if failures == TRIES:
                    raise
                await asyncio.sleep(_PAUSE_S * failures)

    async def _fetch_rest(self, place: str, part: PartFile, *, tell: Callable[[], None]) -> None:
        headers = {"Range": f"bytes={part.received}-"} if part.received else {}
        async with self._session.get(place, headers=headers) as response:
            self._check(response)
            begins = f"bytes {part.received}-"
            if part.received and not (
                response.status == _PARTIAL
                and response.headers.get("Content-Range", "").startswith(begins)
            ):
                part.restart()
            async for piece in response.content.iter_chunked(_PIECE_BYTES):
                part.take(piece)
                tell()
        if not part.is_whole:
            raise ConnectionFailedError(
                f"The hub sent {part.received} of the {part.size} bytes of '{part.goal.name}'."
            )

    def _check(self, response: aiohttp.ClientResponse) -> None:
        if self._url.startswith("https:") and response.url.scheme != "https":
            raise ConnectionFailedError(
                f"The hub {self._url} redirects to an address without encryption; nothing was "
                "fetched."
            )
        if response.status == _MISSING:
            raise SettingsError(f"The hub has no '{response.url.path}'.", param="name")
        if not response.ok:
            raise ConnectionFailedError(f"The hub {self._url} answered {response.status}.")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Hub]:
    """The hub at `url` for the length of the block."""
    headers = {"User-Agent": f"qwen-vision/{__version__}", "Accept-Encoding": "identity"}
    async with aiohttp.ClientSession(headers=headers, timeout=_LIMITS, trust_env=True) as session:
        yield Hub(url, session)


@contextmanager
def _failures(place: str) -> Iterator[None]:
    """What goes wrong on the network as ConnectionFailedError."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise ConnectionFailedError(
            f"Cannot reach the hub at {place}: {reason}. Check the network, or name another hub "
            "with QWEN_VISION_HUB_URL."
        ) from error


def choose(files: Sequence[HubFile], pattern: Sequence[str]) -> HubFile | None:
    """The first file whose name holds the first of these words, or else the next one."""
    for word in pattern:
        for file in sorted(files, key=lambda file: len(file.path)):
            if re.search(rf"(?i)[-._]{re.escape(word)}\.gguf$", file.path):
                return file
    return None


def is_projector(file: HubFile) -> bool:
    """Whether a file is the vision encoder (mmproj) of the model beside it."""
    return "mmproj" in file.path.lower()


def _is_safe(file: HubFile) -> bool:
    """Plain names alone: what a hub says becomes a path on this machine."""
    return (
        file.lfs is not None
        and _NAME.fullmatch(PurePosixPath(file.path).name) is not None
        and file.path == PurePosixPath(file.path).name
        and _SHA256.fullmatch(file.lfs.oid) is not None
        and file.lfs.size > 0
    )
