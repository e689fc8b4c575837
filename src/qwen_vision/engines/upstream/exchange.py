"""Exchange: one try at one address; whatever goes wrong becomes an error of the tree."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from qwen_vision.engines.upstream.hosts import Host
from qwen_vision.errors import (
    ConnectionFailedError,
    EngineError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
)
from qwen_vision.protocol.failure import read_failure

_MAX_ERROR_BYTES: Final = 65_536
# A larger body is written piece by piece, so that it lets other requests through.
_LARGE_BODY_BYTES: Final = 1_000_000
_PIECE_BYTES: Final = 262_144
_KEY_STATUSES: Final = (401, 403)


@asynccontextmanager
async def post(
    session: aiohttp.ClientSession,
    host: Host,
    body: bytes,
    *,
    engine: str,
    headers: dict[str, str],
    limits: aiohttp.ClientTimeout,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """A response with status 200. Leaving the block early closes the connection upstream.

    Raises RemoteError for what the server answered, ConnectionFailedError and
    RequestTimeoutError when it did not.
    """
    data: bytes | AsyncIterator[memoryview] = body
    if len(body) > _LARGE_BODY_BYTES:
        data, headers = _pieces(body), {**headers, "Content-Length": str(len(body))}
    try:
        async with session.post(
            f"{host.url}/chat/completions",
            data=data,
            headers=headers,
            timeout=limits,
            allow_redirects=False,
        ) as response:
            if response.status != 200:
                raise await _failure(response, engine=engine)
            yield response
    except TimeoutError as error:
        raise RequestTimeoutError(
            f"The upstream '{engine}' gave no answer in time. Try again later, or ask for less."
        ) from error
    except aiohttp.ClientConnectorError as error:
        reason = error.os_error.strerror or "no connection"
        raise ConnectionFailedError(
            f"The upstream '{engine}' cannot be reached: {reason}. Is it running?"
        ) from error
    except aiohttp.ClientError as error:
        raise ConnectionFailedError(
            f"The upstream '{engine}' broke off: {type(error).__name__}. Try again."
        ) from error


async def _pieces(body: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(body)
    for start in range(0, len(body), _PIECE_BYTES):
        yield view[start : start + _PIECE_BYTES]


def is_hosts_fault(error: QwenVisionError) -> bool:
    """Whether another address of the same upstream may do better."""
    if isinstance(error, ConnectionFailedError | RequestTimeoutError):
        return True
    return isinstance(error, RemoteError) and (error.status >= 500 or error.status == 429)


async def _failure(response: aiohttp.ClientResponse, *, engine: str) -> QwenVisionError:
    body = await response.content.read(_MAX_ERROR_BYTES)
    if response.status in _KEY_STATUSES:
        # The caller's key was right: it is ours that the other server does not like.
        return EngineError(
            f"The upstream '{engine}' refused this server's key (HTTP {response.status}). "
            "Whoever runs this server must set the right one."
        )
    retry_after = response.headers.get("Retry-After", "")
    retry_after_s = int(retry_after) if retry_after.isdigit() else None
    status = response.status if response.status >= 400 else 502
    return read_failure(body, status=status, retry_after_s=retry_after_s)
