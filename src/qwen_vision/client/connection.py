"""Connection: one pool of connections to one server; tries again, and tells errors by type."""

import asyncio
import io
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from qwen_vision import __version__
from qwen_vision.client.refusal import read_refusal
from qwen_vision.client.retry import RetryRule, read_retry_after
from qwen_vision.errors import (
    ConnectionFailedError,
    QwenVisionError,
    RequestTimeoutError,
    SettingsError,
    UnsupportedKeyError,
)
from qwen_vision.settings import RemoteSettings

_log = logging.getLogger(__name__)
_CODING_PLAN_PREFIX: Final = "sk-sp-"
_CONNECT_TIMEOUT_S: Final = 10.0
_LARGE_BODY_BYTES: Final = 262_144
MAX_ERROR_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a whole answer, and for the next piece of a stream."""

    answer_s: float = 120.0
    silence_s: float = 300.0

    def whole(self) -> aiohttp.ClientTimeout:
        """Limits of a whole answer."""
        return aiohttp.ClientTimeout(total=self.answer_s, sock_connect=_CONNECT_TIMEOUT_S)

    def stream(self) -> aiohttp.ClientTimeout:
        """Limits of a stream, which may last as long as it is not silent."""
        return aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_TIMEOUT_S, sock_read=self.silence_s
        )


class Connection:
    """Sends requests to one server, over one pool.

    Failures with HTTP 429 and 5xx are tried again by `retry` until there is an answer; what
    has begun to answer is never asked again. The key never shows in `repr`, logs or errors.
    """

    def __init__(self, remote: RemoteSettings, *, retry: RetryRule, patience: Patience) -> None:
        """Keep where to ask; connects on the first request.

        Raises UnsupportedKeyError for a coding-plan key and SettingsError for an address
        that is no http(s) URL and for a key that no header can carry.
        """
        if remote.key is not None and remote.key.startswith(_CODING_PLAN_PREFIX):
            raise UnsupportedKeyError
        if remote.key is not None and not remote.key.isprintable():
            raise SettingsError(
                "The key holds a line break or another sign that no key has. Copy it anew.",
                param="key",
            )
        self.remote = remote
        self.patience = patience
        self._retry = retry
        self._base = _checked(remote.base_url)
        self._session: aiohttp.ClientSession | None = None

    @property
    def host(self) -> str:
        """Host (and port, if any) that is asked."""
        return _host(self._base)

    @asynccontextmanager
    async def answer(
        self,
        path: str,
        body: bytes,
        *,
        limits: aiohttp.ClientTimeout,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response with status 200 to a JSON body, posted to `path` under the address."""
        # A large body given as a file is written piece by piece and lets other requests through.
        large = len(body) > _LARGE_BODY_BYTES
        url = self.remote.base_url + path
        failures = 0
        while True:
            data = io.BytesIO(body) if large else body
            said = {"Content-Type": "application/json", **(headers or {})}
            async with self.exchange(
                "POST", url, data=data, headers=self._with_key(said), limits=limits
            ) as response:
                if response.status == 200:
                    yield response
                    return
                error = await _failure(response)
            failures += 1
            await self.pause(error, failures=failures)

    async def fetch(self, url: str) -> bytes:
        """The body of a GET with the key; tried again like everything else."""
        failures = 0
        while True:
            async with self.exchange(
                "GET", url, headers=self._with_key({}), limits=self.patience.whole()
            ) as response:
                if response.status == 200:
                    return await response.read()
                error = await _failure(response)
            failures += 1
            await self.pause(error, failures=failures)

    async def pause(self, error: QwenVisionError, *, failures: int) -> None:
        """Wait before the next try; raises the error when there shall be none."""
        wait_s = self._retry.wait_s(
            failures, status=error.status, code=error.code, retry_after_s=error.retry_after_s
        )
        if wait_s is None:
            raise error
        _log.info("%s answered HTTP %d; next try in %.1f s", self.host, error.status, wait_s)
        await asyncio.sleep(wait_s)

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: str,
        *,
        limits: aiohttp.ClientTimeout,
        headers: Mapping[str, str],
        data: bytes | io.BytesIO | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One try, without the key; what breaks on the way becomes an error of the tree."""
        host = _host(URL(url))
        try:
            async with self._pool().request(
                method,
                url,
                data=data,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
                proxy=self.remote.proxies.for_url(url),
            ) as response:
                yield response
        except TimeoutError as error:
            limit_s = limits.total or limits.sock_read or _CONNECT_TIMEOUT_S
            raise RequestTimeoutError(
                f"{host} gave no answer within {limit_s:g} s. Ask for a stream (--stream), a "
                "shorter answer, or try again later."
            ) from error
        except aiohttp.ClientHttpProxyError as error:
            reason = f"the proxy refused (HTTP {error.status})"
            raise ConnectionFailedError(host=host, reason=reason) from error
        except aiohttp.ClientProxyConnectionError as error:
            reason = f"the proxy cannot be reached: {_connect_reason(error.os_error)}"
            raise ConnectionFailedError(host=host, reason=reason) from error
        except aiohttp.ClientConnectorError as error:
            reason = _connect_reason(error.os_error)
            raise ConnectionFailedError(host=host, reason=reason) from error
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, QwenVisionError):
                # What we were sending could not be read; that is no fault of the connection.
                raise error.__cause__ from error
            raise ConnectionFailedError(host=host, reason=_break_reason(error)) from error

    async def aclose(self) -> None:
        """Close the pool; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _with_key(self, headers: dict[str, str]) -> dict[str, str]:
        if self.remote.key:
            headers["Authorization"] = f"Bearer {self.remote.key}"
        return headers

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": f"qwen-vision/{__version__}"}
            )
        return self._session


def _checked(base_url: str) -> URL:
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
    return url


def _host(url: URL) -> str:
    return url.host_port_subcomponent or ""


def _connect_reason(error: OSError) -> str:
    # asyncio puts the address into strerror; a failed name look-up has a number below zero.
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _break_reason(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError):
        return "the connection was cut"
    return str(error) or type(error).__name__


async def _failure(response: aiohttp.ClientResponse) -> QwenVisionError:
    body = await response.content.read(MAX_ERROR_BYTES)
    retry_after_s = read_retry_after(response.headers.get("Retry-After"))
    return read_refusal(body, status=response.status, retry_after_s=retry_after_s)
