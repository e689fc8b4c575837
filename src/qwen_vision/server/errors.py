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
from qwen_vision.server.exchange import (
    CLIENT_GONE_STATUS,
    ClientGoneError,
    Exchange,
    exchange_of,
)
from qwen_vision.server.gate import METRICS_PATH, OPEN_PATHS, Gate
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.observer import Observer
from qwen_vision.server.pages import is_only_asking
from qwen_vision.server.replies import error_event, reply_to
from qwen_vision.settings import ServerSettings

_log = logging.getLogger("qwen_vision.server")
# Answered to the end, so that a stop can be watched.
_WATCHING_PATHS: Final = OPEN_PATHS | {METRICS_PATH}


class ErrorDoor:
    """Begins the exchange, checks the gate, tells errors, and lets the observer know."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        lifecycle: Lifecycle,
        observer: Observer,
        engine: str,
        settings: ServerSettings,
    ) -> None:
        """Stand before `app`."""
        self._app = app
        self._gate = gate
        self._lifecycle = lifecycle
        self._observer = observer
        self._engine = engine
        self._settings = settings

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
            stall_timeout_s=self._settings.stall_timeout_s,
        )
        self._observer.begin(exchange)
        try:
            self._gate.check(exchange)
            # With keys, whoever lets pages in puts a proxy before the server that says which.
            if self._settings.keys or not await is_only_asking(exchange):
                await self._pass(exchange, receive, send)
        except ClientGoneError:
            exchange.status = CLIENT_GONE_STATUS
        except BrokenStreamError as error:
            exchange.error = error
            await exchange.hang_up(error.last_bytes)
        except QwenVisionError as error:
            await self._tell(error, exchange)
        except asyncio.CancelledError:
            await self._end_interrupted(exchange)
        except Exception:  # noqa: BLE001 - this is the door where any error becomes a reply
            # The text of an unknown error may hold addresses or paths: it stays in the log.
            _log.exception("Request %s failed.", exchange.request_id)
            await self._tell(QwenVisionError(), exchange)
        self._observer.end(exchange)
        exchange.end()

    async def _pass(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        if exchange.scope["path"] not in _WATCHING_PATHS:
            self._lifecycle.check()
        await self._app(exchange.scope, receive, send)

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
        exchange.error = error
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
        reply = reply_to(error, exchange, prefix=self._settings.stream_error_prefix)
        await exchange.answer(reply.body, status=reply.status, content_type=reply.content_type)


async def tell_unrouted(request: Request, error: Exception) -> Response:
    """Turn the router's 404 and 405 into the dialect's errors."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        exchange_of(request.scope).extra_headers.append((b"allow", allowed.encode()))
        raise MethodNotAllowedError(method=request.method)
    raise RouteNotFoundError(path=request.url.path[:200])
