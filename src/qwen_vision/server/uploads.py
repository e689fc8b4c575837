"""Temporary uploads over HTTP: hand out policies, take the signed form (uploads.md)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import (
    FormFieldError,
    InvalidRequestError,
    MalformedFormError,
    MissingModelError,
    ModelNotFoundError,
    StorageError,
    StorageUnavailableError,
    UploadTimeoutError,
)
from qwen_vision.server.body import MIN_BYTES_PER_S, next_piece
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.form import FILE_FIELD, Form
from qwen_vision.server.gate import OBJECTS_PATH, bearer
from qwen_vision.server.meter import Meter
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.incoming import Incoming
from qwen_vision.storage.policy import Ticket
from qwen_vision.storage.store import UploadStore

_log = logging.getLogger(__name__)
_RESOLVE_HEADER: Final = b"x-dashscope-ossresourceresolve"
# Pieces are collected to this size before a thread writes them.
_WRITE_BYTES: Final = 1024 * 1024


class PolicyAnswer(Struct):
    """The envelope of a policy; the member is called `data`."""

    request_id: str
    data: Ticket


class UploadRoutes:
    """`GET /uploads?action=getPolicy&model=M` and the form POST to `upload_host`."""

    def __init__(
        self, store: UploadStore | None, settings: ServerSettings, *, meter: Meter | None
    ) -> None:
        """Keep files in `store`; without one every upload is refused."""
        self._kept = store
        self._meter = meter
        self._settings = settings

    @property
    def _store(self) -> UploadStore:
        if self._kept is None:
            raise StorageUnavailableError(
                reason="no folder is set; start the server with QWEN_VISION_STORAGE_FOLDER"
            )
        return self._kept

    async def policy(self, exchange: Exchange) -> None:
        """Answer with a signed permission for the caller's key and the model it names."""
        if self._meter is not None:
            self._meter.admit(exchange)
        query = parse_qs(exchange.scope["query_string"].decode("latin-1"))
        action = query.get("action", [""])[0]
        if action != "getPolicy":
            raise InvalidRequestError(
                f"The action is '{action[:40]}'. Use ?action=getPolicy&model=MODEL.",
                param="action",
            )
        model = query.get("model", [""])[0]
        if not model:
            raise MissingModelError
        find_model(model, any_model=self._settings.any_model)
        exchange.model = model
        ticket = await self._store.issue(
            api_key=bearer(exchange.headers),
            model=canonical_model(model),
            upload_host=self._base_url(exchange) + OBJECTS_PATH,
        )
        answer = PolicyAnswer(request_id=exchange.request_id, data=ticket)
        await exchange.answer(msgspec.json.encode(answer))

    async def take(self, exchange: Exchange) -> None:
        """Take one file; 200 when the form asks for it, otherwise 204, both without a body."""
        form = Form(exchange.headers.get(b"content-type"))
        async with AsyncExitStack() as stack:
            incoming = await self._read(exchange, form, stack)
            if incoming is None:
                raise FormFieldError(name=FILE_FIELD)
            if not form.finished:
                raise MalformedFormError(reason="It ends before its last boundary.")
            await incoming.commit()
            exchange.uploaded_bytes = incoming.size_bytes
        exchange.extra_headers.append((b"x-oss-request-id", exchange.request_id.encode()))
        wants_200 = form.fields.get("success_action_status") == "200"
        await exchange.answer_empty(status=200 if wants_200 else 204)

    def _base_url(self, exchange: Exchange) -> str:
        if self._settings.public_url is not None:
            return self._settings.public_url
        host = exchange.headers.get(b"host") or b"127.0.0.1"
        return f"{exchange.scope['scheme']}://{host.decode('latin-1')}"

    async def _read(self, exchange: Exchange, form: Form, stack: AsyncExitStack) -> Incoming | None:
        """Stream the form's file into the store; None when there was no file."""
        body = _Body(exchange, small_body_s=self._settings.body_timeout_s)
        incoming: Incoming | None = None
        waiting = bytearray()
        while (piece := await body.next()) is not None:
            exchange.received_bytes = body.received
            for data in form.feed(piece):
                waiting += data
            if form.had_file and incoming is None:
                incoming = await self._begin(exchange, form, before=body.received - len(waiting))
                await stack.enter_async_context(incoming)
            if incoming is not None and len(waiting) >= _WRITE_BYTES:
                await incoming.write(waiting)
                waiting = bytearray()
        if incoming is not None and waiting:
            await incoming.write(waiting)
        return incoming

    async def _begin(self, exchange: Exchange, form: Form, *, before: int) -> Incoming:
        """Check the form and open a place; `before` is the size of what precedes the file."""
        permission = await self._store.check(form.fields)
        if self._meter is not None:
            # The form has no key; its policy was signed for one.
            keys = self._settings.keys
            self._meter.admit_key(await self._store.key_of(permission.owner, keys))
        exchange.model = permission.model
        announced = exchange.headers.get(b"content-length")
        size = None if announced is None else int(announced) - before - form.tail_bytes
        return await self._store.incoming(permission, announced_bytes=size)


@asynccontextmanager
async def sweeping(store: UploadStore | None, *, sweeps: bool = True) -> AsyncIterator[None]:
    """Sweeps the store now and then while the block runs, if asked to; closes it at the end."""
    if store is None:
        yield
        return
    sweeper = asyncio.create_task(_sweep(store)) if sweeps else None
    try:
        yield
    finally:
        if sweeper is not None:
            sweeper.cancel()
            await asyncio.wait((sweeper,))
        await store.aclose()


async def _sweep(store: UploadStore) -> None:
    while True:
        try:
            await store.sweep()
        except (StorageError, OSError) as error:
            _log.warning("The temporary storage could not be swept: %s", error)
        await asyncio.sleep(store.settings.sweep_every_s)


class CallerUploads:
    """Finds what one caller uploaded for one model; what the media door asks."""

    def __init__(self, store: UploadStore, *, api_key: str, model: str) -> None:
        """Look in `store` for the files of `api_key` and `model`."""
        self._store = store
        self._api_key = api_key
        self._model = canonical_model(model)

    async def resolve(self, url: str) -> Path | None:
        """The file behind an `oss://` URL; None when there is none for this caller."""
        return await self._store.find(url, api_key=self._api_key, model=self._model)


def uploads_of(
    exchange: Exchange, store: UploadStore | None, *, model: str
) -> CallerUploads | None:
    """The caller's uploads when the request asks for `oss://` URLs to be resolved."""
    wanted = exchange.headers.get(_RESOLVE_HEADER)
    if store is None or wanted is None or wanted.strip().lower() != b"enable":
        return None
    return CallerUploads(store, api_key=bearer(exchange.headers), model=model)


def canonical_model(name: str) -> str:
    """The catalogue's id for a model and its snapshots; an unknown name stays as it is."""
    try:
        return find_model(name).id
    except ModelNotFoundError:
        return name


class _Body:
    """The request's body piece by piece, waited for as any body is."""

    def __init__(self, exchange: Exchange, *, small_body_s: float) -> None:
        self._small_body_s = small_body_s
        self._exchange = exchange
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._more = True
        self.received = 0

    async def next(self) -> bytes | None:
        """The next piece; None after the last. Raises UploadTimeoutError, ClientGoneError."""
        if not self._more:
            return None
        until = self._began + self._small_body_s + self.received / MIN_BYTES_PER_S
        try:
            async with asyncio.timeout_at(until):
                piece, self._more = await next_piece(self._exchange)
        except TimeoutError as error:
            raise UploadTimeoutError(seconds=int(self._clock() - self._began)) from error
        self.received += len(piece)
        return piece
