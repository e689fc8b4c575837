"""Uploads a file to temporary storage: asks for a policy, sends the signed form."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Protocol, TypeAlias
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import Struct

from qwen_vision.client.connection import MAX_ERROR_BYTES, Connection
from qwen_vision.client.memory import LIFE_S
from qwen_vision.client.refusal import read_storage_refusal
from qwen_vision.errors import (
    ConnectionFailedError,
    FileMissingError,
    FileTooLargeError,
    PolicyExpiredError,
    QwenVisionError,
    RemoteError,
    RouteNotFoundError,
    StorageError,
)
from qwen_vision.settings import MEBIBYTE

# Name of the file, bytes sent, bytes in all.
Progress: TypeAlias = Callable[[str, int, int], None]

_PIECE_BYTES: Final = 256 * 1024
_PATIENCE_S: Final = 60.0
_MIN_BYTES_PER_S: Final = 32 * 1024
_LONGEST_SUFFIX: Final = 10


class Ticket(Struct):
    """What the server gives for one upload: where to, and the signed fields of the form."""

    policy: str
    signature: str
    upload_dir: str
    upload_host: str
    oss_access_key_id: str
    max_file_size_mb: int | None = None
    x_oss_object_acl: str = "private"
    x_oss_forbid_overwrite: str = "true"


class _TicketAnswer(Struct):
    data: Ticket


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes to upload: a file, or what is in memory; `name` is for a person."""

    name: str
    content_hash: str
    size_bytes: int
    media_type: str
    source: Path | bytes

    def open(self) -> BinaryIO:
        """The bytes, to be read from the start; blocks."""
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        try:
            return self.source.open("rb")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise FileMissingError(path=self.source, reason=reason) from error


class Shelf(Protocol):
    """A place to which files are uploaded; a URL of it lives `life_s` seconds."""

    @property
    def life_s(self) -> float:
        """Seconds for which a URL may be used again."""

    async def put(self, parcel: Parcel, *, model: str, progress: Progress | None) -> str:
        """Upload; returns the URL by which the server finds it. Raises an error of the tree."""


class TemporaryStorage:
    """The server's own temporary storage. Files are streamed from the disk, never held whole."""

    life_s = LIFE_S

    def __init__(self, connection: Connection) -> None:
        """Upload to the server of `connection`."""
        self._connection = connection

    async def put(self, parcel: Parcel, *, model: str, progress: Progress | None) -> str:
        """Upload for `model`; tried again like a request, with a new policy each time.

        Raises FileTooLargeError for more bytes than the policy allows, an error of the storage
        family for what the storage refuses, ConnectionFailedError when the connection is cut.
        """
        failures = 0
        while True:
            ticket = await self._ticket(parcel, model=model)
            try:
                return await self._send(ticket, parcel, progress)
            except (StorageError, RemoteError, ConnectionFailedError) as error:
                failures += 1
                # A policy that ran out on the way is worth a second one.
                if not isinstance(error, PolicyExpiredError) or failures > 1:
                    await self._connection.pause(error, failures=failures)

    async def _ticket(self, parcel: Parcel, *, model: str) -> Ticket:
        native_url = self._connection.remote.native_url
        url = f"{native_url}/uploads?action=getPolicy&model={quote(model, safe='')}"
        try:
            body = await self._connection.fetch(url)
            ticket = msgspec.json.decode(body, type=_TicketAnswer).data
        except (RouteNotFoundError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._no_storage() from error
        except RemoteError as error:
            if error.status in (404, 405, 501):
                raise self._no_storage() from error
            raise
        limit_mb = ticket.max_file_size_mb
        if limit_mb is not None and parcel.size_bytes > limit_mb * MEBIBYTE:
            raise FileTooLargeError(
                f"'{parcel.name}' has {parcel.size_bytes} bytes; {self._connection.host} takes "
                f"uploads of up to {limit_mb} MB. Put it on a web server and give its URL, make "
                "it smaller, or answer on this machine with --engine local."
            )
        return ticket

    def _no_storage(self) -> QwenVisionError:
        return RemoteError(
            f"{self._connection.host} gives no policy for uploads. Put the file on a web server "
            "and give its URL, or send files under 7 MB inside the request.",
            status=404,
            code="no_uploads",
        )

    async def _send(self, ticket: Ticket, parcel: Parcel, progress: Progress | None) -> str:
        key = f"{ticket.upload_dir}/{_object_name(parcel)}"
        boundary = f"qwen-vision-{secrets.token_hex(16)}"
        head, tail = _form(ticket, key, boundary), f"\r\n--{boundary}--\r\n".encode()
        limits = aiohttp.ClientTimeout(
            total=_PATIENCE_S + parcel.size_bytes / _MIN_BYTES_PER_S, sock_connect=10.0
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # Without it the body would be chunked, which the service refuses.
            "Content-Length": str(len(head) + parcel.size_bytes + len(tail)),
        }
        async with self._connection.exchange(
            "POST",
            ticket.upload_host,
            data=_pieces(parcel, head, tail, progress=progress),
            headers=headers,
            limits=limits,
        ) as response:
            answer = await response.content.read(MAX_ERROR_BYTES)
            # 200 when asked for and 204 otherwise, both without a body; a page is no receipt.
            if response.status not in (200, 204) or answer.strip():
                raise read_storage_refusal(answer, status=response.status)
        return f"oss://{key}"


def _object_name(parcel: Parcel) -> str:
    """A plain name that tells nothing of the file but its kind."""
    suffix = PurePath(parcel.name).suffix
    plain = suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= _LONGEST_SUFFIX
    if not plain:
        suffix = "." + parcel.media_type.partition("/")[2].partition(";")[0].removeprefix("x-")
    return parcel.content_hash[:32] + suffix


def _form(ticket: Ticket, key: str, boundary: str) -> bytes:
    """The form up to the first byte of the file, which must be its last part."""
    fields = {
        "OSSAccessKeyId": ticket.oss_access_key_id,
        "Signature": ticket.signature,
        "policy": ticket.policy,
        "key": key,
        "x-oss-object-acl": ticket.x_oss_object_acl,
        "x-oss-forbid-overwrite": ticket.x_oss_forbid_overwrite,
        "success_action_status": "200",
    }
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return "".join(parts).encode()


async def _pieces(
    parcel: Parcel, head: bytes, tail: bytes, *, progress: Progress | None
) -> AsyncIterator[bytes]:
    yield head
    file = await asyncio.to_thread(parcel.open)
    try:
        sent = 0
        # No more than was announced, should the file grow meanwhile.
        while sent < parcel.size_bytes:
            wanted = min(_PIECE_BYTES, parcel.size_bytes - sent)
            piece = await asyncio.to_thread(file.read, wanted)
            if not piece:
                raise FileMissingError(
                    path=parcel.name, reason="it became shorter while it was read"
                )
            yield piece
            sent += len(piece)
            if progress is not None:
                progress(parcel.name, sent, parcel.size_bytes)
    finally:
        file.close()
    yield tail
