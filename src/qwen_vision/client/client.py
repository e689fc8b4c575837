"""AsyncClient: asks a remote server of the dialect; a Completer."""

import asyncio
import io
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from typing_extensions import override
from yarl import URL

from qwen_vision import __version__
from qwen_vision.client.files import inline_files, names_files, names_oss
from qwen_vision.client.retry import RetryRule, read_retry_after
from qwen_vision.errors import (
    ConnectionFailedError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
    SettingsError,
    UnsupportedKeyError,
)
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.failure import read_failure
from qwen_vision.protocol.reading import read_chunk, read_completion, strange_answer
from qwen_vision.protocol.request import ChatRequest, encode_request
from qwen_vision.protocol.sse import EventReader
from qwen_vision.settings import RemoteSettings

_log = logging.getLogger(__name__)
_CODING_PLAN_PREFIX = "sk-sp-"
_MAX_ERROR_BYTES = 65_536
_LARGE_BODY_BYTES = 262_144


class AsyncClient:
    """Asks a remote server, over one pool of connections.

    Failures with HTTP 429 and 5xx are tried again by `retry`, never after the first chunk of
    a stream. A whole answer may take `answer_timeout_s`; a stream may be silent for
    `silence_timeout_s`. The key never shows in `repr`, logs or errors.

    With `local_files` a request may name files of this machine; they travel as data URIs
    (under 7 MB each). Leave it off when the references come from someone else.
    """

    def __init__(
        self,
        remote: RemoteSettings,
        *,
        local_files: bool = False,
        retry: RetryRule | None = None,
        answer_timeout_s: float = 120.0,
        silence_timeout_s: float = 300.0,
    ) -> None:
        """Keep where to ask; connects on the first request.

        Raises UnsupportedKeyError for a coding-plan key and SettingsError for an address
        that is no http(s) URL.
        """
        if remote.key is not None and remote.key.startswith(_CODING_PLAN_PREFIX):
            raise UnsupportedKeyError
        self._remote = remote
        self._url = _chat_url(remote.base_url)
        self._local_files = local_files
        self._retry = retry or RetryRule()
        self._answer_timeout_s = answer_timeout_s
        self._silence_timeout_s = silence_timeout_s
        self._session: aiohttp.ClientSession | None = None

    @override
    def __repr__(self) -> str:
        """The address, never the key."""
        return f"AsyncClient(base_url={self._remote.base_url!r})"

    async def __aenter__(self) -> Self:
        """Itself; the pool closes at the end of the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        await self.aclose()

    @property
    def host(self) -> str:
        """Host (and port, if any) that is asked."""
        return self._url.authority

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer; raises an error of the tree."""
        request = msgspec.structs.replace(request, stream=None, stream_options=None)
        limits = aiohttp.ClientTimeout(total=self._answer_timeout_s, sock_connect=10)
        async with self._answer(request, limits=limits) as response:
            body = await response.read()
        return read_completion(body)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """The answer chunk by chunk; raises before the first one when the request is bad.

        A stream that breaks off raises ConnectionFailedError; nothing is resumed.
        """
        request = msgspec.structs.replace(request, stream=True)
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=10, sock_read=self._silence_timeout_s
        )
        finished = False
        async with self._answer(request, limits=limits) as response:
            if response.content_type != "text/event-stream":
                raise strange_answer(await response.content.read(_MAX_ERROR_BYTES))
            async with aclosing(_payloads(response)) as payloads:
                async for payload in payloads:
                    if payload == b"[DONE]":
                        return
                    chunk = read_chunk(payload)
                    finished = finished or any(choice.finish_reason for choice in chunk.choices)
                    yield chunk
        if not finished:
            raise ConnectionFailedError(
                host=self.host, reason="the stream broke off before its end"
            )

    async def aclose(self) -> None:
        """Close the pool; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _answer(
        self, request: ChatRequest, *, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response with status 200; tries again by the rule until there is one."""
        if self._local_files and names_files(request):
            request = await asyncio.to_thread(inline_files, request)
        body = encode_request(request)
        headers = {"X-DashScope-OssResourceResolve": "enable"} if names_oss(request) else {}
        failures = 0
        while True:
            async with self._post(body, headers=headers, limits=limits) as response:
                if response.status == 200:
                    yield response
                    return
                error = await _failure(response)
            failures += 1
            wait_s = self._retry.wait_s(
                failures,
                status=error.status,
                code=error.code,
                retry_after_s=error.retry_after_s,
            )
            if wait_s is None:
                raise error
            _log.info("%s answered HTTP %d; next try in %.1f s", self.host, error.status, wait_s)
            await asyncio.sleep(wait_s)

    @asynccontextmanager
    async def _post(
        self, body: bytes, *, headers: dict[str, str], limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One try; whatever breaks on the way becomes an error of the tree."""
        # A large body given as a file is written piece by piece and lets other requests through.
        data = io.BytesIO(body) if len(body) > _LARGE_BODY_BYTES else body
        try:
            async with self._pool().post(
                self._url, data=data, headers=headers, timeout=limits, allow_redirects=False
            ) as response:
                yield response
        except TimeoutError as error:
            raise self._too_slow(limits) from error
        except aiohttp.ClientConnectorError as error:
            reason = _connect_reason(error.os_error)
            raise ConnectionFailedError(host=self.host, reason=reason) from error
        except aiohttp.ClientError as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailedError(host=self.host, reason=reason) from error

    def _too_slow(self, limits: aiohttp.ClientTimeout) -> QwenVisionError:
        limit_s = limits.total or limits.sock_read
        return RequestTimeoutError(
            f"{self.host} gave no answer within {limit_s:g} s. Ask for a stream (--stream), a "
            "shorter answer, or try again later."
        )

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"qwen-vision/{__version__}",
            }
            if self._remote.key:
                headers["Authorization"] = f"Bearer {self._remote.key}"
            self._session = aiohttp.ClientSession(headers=headers)
        return self._session


def _chat_url(base_url: str) -> URL:
    try:
        url = URL(base_url)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(
            f"QWEN_BASE_URL is '{base_url}', which is no http(s) address. Use one like "
            "http://127.0.0.1:8765/v1.",
            param="base_url",
        )
    return URL(base_url.rstrip("/") + "/chat/completions")


def _connect_reason(error: OSError) -> str:
    # asyncio puts the address into strerror; a failed name look-up has a number below zero.
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


async def _failure(response: aiohttp.ClientResponse) -> RemoteError:
    body = await response.content.read(_MAX_ERROR_BYTES)
    retry_after_s = read_retry_after(response.headers.get("Retry-After"))
    return read_failure(body, status=response.status, retry_after_s=retry_after_s)


async def _payloads(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    reader = EventReader()
    async for piece in response.content.iter_any():
        for payload in reader.feed(piece):
            yield payload
    for payload in reader.end():
        # Half a line is no event; the caller then sees that the stream broke off.
        if payload.endswith((b"}", b"[DONE]")):
            yield payload
