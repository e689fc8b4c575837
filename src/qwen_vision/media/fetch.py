"""Fetch: media from http(s) URLs, with every guard against what a URL can do to a server."""

import asyncio
import io
import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from qwen_vision.errors import (
    ContentLengthError,
    ContentTypeError,
    DownloadError,
    DownloadRefusedError,
    DownloadTimeoutError,
    FileTooLargeError,
)
from qwen_vision.media.address import may_connect
from qwen_vision.media.blob import Blob, MediaKind
from qwen_vision.media.location import Location, follow, locate
from qwen_vision.media.nameserver import Nameserver, look_up
from qwen_vision.settings import FetchSettings

_log = logging.getLogger(__name__)

# Above this a video goes to a file while it is read: a clip may be larger than memory.
MEMORY_BYTES = 16 * 1024 * 1024
# How many fetches run at once in the process; the others wait, before their time starts.
_SLOTS = 64
_LOOKUPS = 16
_READ_BYTES = 256 * 1024
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What storage services say when nobody told them better.
_ANY_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})
_KIND_TYPES = {
    "image": frozenset({"application/pdf", "application/x-pdf"}),
    "video": frozenset(
        {"application/mp4", "application/x-matroska", "application/vnd.ms-asf"},
    ),
}
_HEADERS = {"User-Agent": "qwen-vision", "Accept": "*/*", "Accept-Encoding": "identity"}


class Fetcher:
    """Fetches media over a pool of connections, each to an address that was checked."""

    def __init__(self, settings: FetchSettings) -> None:
        self._settings = settings
        self._guard = _Guard(settings)
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(_SLOTS)

    async def fetch(self, url: str, *, kind: MediaKind, max_bytes: int, param: str) -> Blob:
        """The bytes behind a URL, in memory or (a large video) in a file the blob owns.

        Nothing of the URL's query and nothing the other server wrote enters an error or a log.

        Raises:
            MediaUrlError: Not an http(s) URL.
            DownloadRefusedError: The address, a redirect, a port or a domain is not allowed.
            DownloadTimeoutError: Connecting, the first byte or the whole took too long.
            DownloadError: No connection, a status other than 200, too many redirects, a
                content encoding, or fewer bytes than announced.
            ContentTypeError: The other server calls it something else.
            ContentLengthError: The other server does not say how long it is.
            FileTooLargeError: More than `max_bytes`.
        """
        location = locate(url, self._settings, param=param)
        async with self._slots:
            try:
                async with asyncio.timeout(self._settings.total_timeout_s):
                    return await self._follow(location, kind=kind, max_bytes=max_bytes, param=param)
            except TimeoutError:
                _log.info("fetching from %s took too long", location.host)
                raise DownloadTimeoutError(param=param) from None
            except aiohttp.ClientError as error:
                # Its text may hold the whole URL, so only its class is told.
                _log.info("fetching from %s failed: %s", location.host, type(error).__name__)
                raise DownloadError(param=param) from None

    async def aclose(self) -> None:
        """Close the connection pool; safe to call twice."""
        await self._guard.close()
        if self._session is not None:
            await self._session.close()

    async def _follow(
        self,
        location: Location,
        *,
        kind: MediaKind,
        max_bytes: int,
        param: str,
    ) -> Blob:
        for _ in range(self._settings.max_redirects + 1):
            async with self._ask(location, param=param) as response:
                if response.status not in _REDIRECTS:
                    length = _check(response, kind=kind, param=param)
                    if length > max_bytes:
                        raise FileTooLargeError(param=param)
                    if kind == "video" and length > MEMORY_BYTES:
                        return await _to_file(response, length)
                    return await _to_memory(response, length)
                target = response.headers.get("Location", "")
            location = follow(location, target, self._settings, param=param)
        raise DownloadError(param=param)

    @asynccontextmanager
    async def _ask(
        self, location: Location, *, param: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        settings = self._settings
        try:
            # Also bounds headers that trickle in and endless 1xx answers.
            async with asyncio.timeout(settings.connect_timeout_s + settings.first_byte_timeout_s):
                response = await self._pool().get(location.url, allow_redirects=False)
        except DownloadRefusedError:
            _log.warning("refused to connect to the address of %s", location.host)
            raise DownloadRefusedError(param=param) from None
        try:
            yield response
        finally:
            # Keeps the connection only when the body was read to its end.
            response.release()

    def _pool(self) -> aiohttp.ClientSession:
        # Made at the first fetch: it belongs to the running event loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._guard,
                    socket_factory=self._guard.make_socket,
                    use_dns_cache=False,
                    limit=0,
                ),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=self._settings.connect_timeout_s,
                    sock_read=self._settings.first_byte_timeout_s,
                ),
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=_READ_BYTES,
            )
        return self._session


class _Guard(AbstractResolver):
    """Resolves a host once and lets no socket be made to an address that is not allowed.

    What `resolve` returns is what the connection is made to: there is no second lookup that
    could say something else.
    """

    def __init__(self, settings: FetchSettings) -> None:
        self._settings = settings
        self._nameservers = tuple(Nameserver.parse(text) for text in settings.nameservers)
        # Threads of its own: a slow name holds up other names, never decoding or files.
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="qwen-vision-lookup")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a host; one that is refused refuses the host."""
        async with asyncio.timeout(self._settings.connect_timeout_s):
            addresses = await self._addresses(host, port, family)
        if not all(self._may_connect(address) for address in addresses):
            raise DownloadRefusedError
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    @override
    async def close(self) -> None:
        """Let the threads end; a lookup under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def make_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for this address: the last check, on what is really connected to."""
        family, kind, protocol, _, place = address
        if not self._may_connect(str(place[0])):
            raise DownloadRefusedError
        return socket.socket(family, kind, protocol)

    async def _addresses(self, host: str, port: int, family: socket.AddressFamily) -> list[str]:
        loop = asyncio.get_running_loop()
        if self._nameservers:
            return await loop.run_in_executor(self._threads, look_up, host, self._nameservers)
        found = await loop.run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )
        return [str(place[0]) for *_, place in found]

    def _may_connect(self, address: str) -> bool:
        return may_connect(address, allow_private=self._settings.allow_private_network)


def _check(response: aiohttp.ClientResponse, *, kind: MediaKind, param: str) -> int:
    """The announced length of an answer that may be read."""
    headers = response.headers
    encodings = ",".join(headers.getall("Content-Encoding", [])).strip().lower()
    # Only plain bytes: a compressed body could be a thousand times larger than it says.
    if response.status != _OK or encodings not in ("", "identity"):
        raise DownloadError(param=param)
    declared = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    family = declared.partition("/")[0]
    if family != kind and declared not in _ANY_TYPES and declared not in _KIND_TYPES[kind]:
        raise ContentTypeError(param=param)
    lengths = headers.getall("Content-Length", [])
    if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise ContentLengthError(param=param)
    return int(lengths[0])


async def _body(response: aiohttp.ClientResponse, length: int) -> AsyncIterator[bytes]:
    """The chunks of a body that may not be longer than announced, whatever frames it."""
    left_bytes = length
    async for chunk in response.content.iter_any():
        left_bytes -= len(chunk)
        if left_bytes < 0:
            raise aiohttp.ClientPayloadError
        yield chunk


async def _to_memory(response: aiohttp.ClientResponse, length: int) -> Blob:
    # Grows in place and gives its bytes away uncopied, also when they come one by one.
    buffer = io.BytesIO()
    async for chunk in _body(response, length):
        buffer.write(chunk)
    data = buffer.getvalue()
    return Blob(source="http", size_bytes=len(data), data=data)


async def _to_file(response: aiohttp.ClientResponse, length: int) -> Blob:
    path, file = await asyncio.to_thread(_temporary_file)
    complete = False
    try:
        with file:
            async for chunk in _body(response, length):
                await asyncio.to_thread(file.write, chunk)
        complete = True
    finally:
        if not complete:
            path.unlink(missing_ok=True)
    return Blob(source="http", size_bytes=length, path=path, temporary=True)


def _temporary_file() -> tuple[Path, BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix="qwen-vision-")
    return Path(name), os.fdopen(descriptor, "wb")
