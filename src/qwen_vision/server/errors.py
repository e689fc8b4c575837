"""The error door: every request passes it, and any error becomes the dialect's reply here."""

import asyncio
import logging
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qwen_vision.errors import (
    BrokenStreamError,
    MethodNotAllowedError,
    QwenVisionError,
    RouteNotFoundError,
)
from qwen_vision.server.exchange import ClientGoneError, Exchange, exchange_of
from qwen_vision.server.gate import OPEN_PATHS, Gate
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.replies import error_event, reply_to

_log = logging.getLogger("qwen_vision.server")
# nginx's status for "the client closed the request"; only ever logged.
CLIENT_GONE_STATUS: Final = 499


class ErrorDoor:
    """Begins the exchange, checks the gate, tells errors, and writes one access line."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        lifecycle: Lifecycle,
        engine: str,
        stream_error_prefix: bool,
        stall_timeout_s: float,
    ) -> None:
        """Stand before `app`."""
        self._app = app
        self._gate = gate
        self._lifecycle = lifecycle
        self._engine = engine
        self._stream_error_prefix = stream_error_prefix
        self._stall_timeout_s = stall_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; no error leaves, but for the cancellation of the server itself."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(
            scope,
            receive,
            send,
            engine=self._engine,
            stall_timeout_s=self._stall_timeout_s,
        )
        try:
            self._gate.check(exchange)
            if scope["path"] not in OPEN_PATHS:
                self._lifecycle.check()
            await self._app(scope, receive, send)
        except ClientGoneError:
            exchange.status = CLIENT_GONE_STATUS
        except BrokenStreamError as error:
            await exchange.hang_up(error.last_bytes)
        except QwenVisionError as error:
            await self._tell(error, exchange)
        except asyncio.CancelledError:
            await self._end_interrupted(exchange)
        except Exception:  # noqa: BLE001 - this is the door where any error becomes a reply
            # The text of an unknown error may hold addresses or paths: it stays in the log.
            _log.exception("Request %s failed.", exchange.request_id)
            await self._tell(QwenVisionError(), exchange)
        _write_access_line(exchange)
        exchange.end()

    async def _end_interrupted(self, exchange: Exchange) -> None:
        reason = exchange.interruption
        if reason is None:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        if isinstance(reason, QwenVisionError):
            await self._tell(reason, exchange)
        else:
            exchange.status = CLIENT_GONE_STATUS

    async def _tell(self, error: QwenVisionError, exchange: Exchange) -> None:
        if exchange.finished:
            return
        if exchange.started:
            await exchange.close_stream(error_event(error, exchange))
            return
        if error.retry_after_s is not None:
            exchange.extra_headers.append((b"retry-after", b"%d" % error.retry_after_s))
        if error.status == 401:
            exchange.extra_headers.append((b"www-authenticate", b"Bearer"))
        if self._lifecycle.stopping:
            exchange.extra_headers.append((b"connection", b"close"))
        reply = reply_to(error, exchange, prefix=self._stream_error_prefix)
        await exchange.answer(reply.body, status=reply.status, content_type=reply.content_type)


async def tell_unrouted(request: Request, error: Exception) -> Response:
    """Turn the router's 404 and 405 into the dialect's errors."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        exchange_of(request.scope).extra_headers.append((b"allow", allowed.encode()))
        raise MethodNotAllowedError(method=request.method)
    raise RouteNotFoundError(path=request.url.path[:200])


def _write_access_line(exchange: Exchange) -> None:
    # Path and model come from the caller: `ascii` keeps line breaks out of the log.
    _log.info(
        "%s %s %d %d ms request=%s engine=%s model=%s",
        exchange.scope["method"],
        ascii(exchange.scope["path"][:200])[1:-1],
        exchange.status,
        exchange.elapsed_ms,
        exchange.request_id,
        exchange.engine,
        "-" if exchange.model is None else ascii(exchange.model[:100])[1:-1],
    )
