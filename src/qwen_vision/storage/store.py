"""UploadStore: keeps uploaded files for a while and finds them again (see uploads.md)."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen_vision.errors import ObjectTooLargeError, StorageFullError, StorageUnavailableError
from qwen_vision.settings import StorageSettings
from qwen_vision.storage.bucket import BucketShelf
from qwen_vision.storage.disk import telling_disk_trouble
from qwen_vision.storage.incoming import Allowance, Incoming
from qwen_vision.storage.index import Entry, Index
from qwen_vision.storage.policy import Permission, Signer, Ticket
from qwen_vision.storage.rate import Rate
from qwen_vision.storage.session import Session
from qwen_vision.storage.shelf import FolderShelf, Shelf

SCHEME: Final = "oss://"
_SECRET_BYTES: Final = 32
_STORE_ID_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class _Open:
    """An opened store: everything that lives on disk."""

    signer: Signer
    index: Index
    shelf: Shelf
    session: Session


class UploadStore:
    """Temporary storage of one server; a folder may be shared by several processes.

    Nothing is created before the first use. File and database work runs in threads.
    """

    def __init__(
        self, settings: StorageSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Store within the limits of `settings`; `clock` gives seconds since the epoch."""
        self.settings = settings
        self._clock = clock
        self._rate = Rate(settings.requests_per_s)
        self._allowance = Allowance()
        self._opening = asyncio.Lock()
        self._opened: _Open | None = None

    async def issue(self, *, api_key: str, model: str, upload_host: str) -> Ticket:
        """A signed permission to upload files for `model`.

        Raises RateLimitError over the pace of one key and model, StorageUnavailableError.
        """
        opened = await self._open()
        owner = opened.signer.owner(api_key)
        self._rate.take((owner, model))
        return opened.signer.issue(owner=owner, model=model, upload_host=upload_host)

    async def key_of(self, owner: str, keys: Iterable[str]) -> str | None:
        """Which of the keys belongs to the owner of a permission; None for one that is gone."""
        signer = (await self._open()).signer
        return next((key for key in keys if signer.owner(key) == owner), None)

    async def check(self, form: Mapping[str, str]) -> Permission:
        """The permission in a form's fields; raises an error of the storage family."""
        return (await self._open()).signer.check(form)

    async def incoming(
        self, permission: Permission, *, announced_bytes: int | None = None
    ) -> Incoming:
        """A place to stream one file to. Refuses at once what `announced_bytes` makes hopeless.

        Raises ObjectTooLargeError, StorageFullError.
        """
        opened = await self._open()
        if announced_bytes is not None and announced_bytes > permission.max_bytes:
            raise ObjectTooLargeError(limit=permission.max_bytes)
        free_bytes = self.settings.quota_bytes - await asyncio.to_thread(opened.index.total_bytes)
        if free_bytes < (announced_bytes or 0):
            raise StorageFullError
        return Incoming(
            opened.session.folder,
            max_bytes=permission.max_bytes,
            free_bytes=free_bytes,
            allowance=self._allowance,
            keep=lambda path, size, digest: self._keep(opened, permission, (path, size, digest)),
        )

    async def find(self, url: str, *, api_key: str, model: str) -> Path | None:
        """The file behind an `oss://` URL; None unless this key stored it for this model."""
        opened = await self._open()
        return await asyncio.to_thread(self._find, opened, url, (api_key, model))

    async def kept_bytes(self) -> int:
        """Bytes of all files; 0 while the folder was never used. Raises StorageError."""
        if not await self._was_used():
            return 0
        opened = await self._open()
        return await asyncio.to_thread(opened.index.total_bytes)

    async def sweep(self) -> None:
        """Remove expired files and what processes that died left unfinished.

        Does nothing while the folder was never used.
        """
        if not await self._was_used():
            return
        opened = await self._open()
        await asyncio.to_thread(self._sweep, opened)

    async def aclose(self) -> None:
        """Close the index and remove unfinished files; safe to call twice."""
        async with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            await asyncio.to_thread(opened.session.close)
            await asyncio.to_thread(opened.index.close)

    async def _was_used(self) -> bool:
        return self._opened is not None or await asyncio.to_thread(self.settings.folder.is_dir)

    async def _open(self) -> _Open:
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    self._opened = await asyncio.to_thread(_open_folder, self.settings, self._clock)
        return self._opened

    def _keep(self, opened: _Open, permission: Permission, finished: tuple[Path, int, str]) -> None:
        path, size_bytes, content_hash = finished
        entry = Entry(
            key=permission.key,
            name=secrets.token_hex(16),
            owner=permission.owner,
            model=permission.model,
            size_bytes=size_bytes,
            content_hash=content_hash,
            expires_at=self._clock() + self.settings.life_s,
        )
        reserved = opened.index.reserve(
            entry, keeper=opened.session.token, quota_bytes=self.settings.quota_bytes
        )
        if not reserved:
            return
        kept = False
        try:
            opened.shelf.keep(path, entry.name)
            kept = True
        finally:
            if kept:
                opened.index.publish(entry.key)
            else:
                opened.index.forget(entry.key)

    def _find(self, opened: _Open, url: str, whose: tuple[str, str]) -> Path | None:
        api_key, model = whose
        entry = opened.index.find(url.removeprefix(SCHEME))
        if entry is None or entry.expires_at <= self._clock():
            return None
        if (entry.owner, entry.model) != (opened.signer.owner(api_key), model):
            return None
        with telling_disk_trouble():
            return opened.shelf.fetch(entry.name)

    def _sweep(self, opened: _Open) -> None:
        living = opened.session.sweep()
        before = self._clock() - self.settings.read_grace_s
        for key, name in opened.index.stale(expired_before=before, living=living):
            opened.index.forget(key)
            opened.shelf.remove(name)
        # A process may have died between the two lines above. The shelf is listed first: what
        # is put there meanwhile has been in the index before.
        shelved = set(opened.shelf.names())
        for name in shelved - opened.index.names():
            opened.shelf.remove(name)
        opened.shelf.tidy(before=before)


def _open_folder(settings: StorageSettings, clock: Callable[[], float]) -> _Open:
    folder = settings.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = _secret(folder / "secret")
        session = Session(folder / "incoming")
        shelf = _shelf(settings, secret)
    except OSError as error:
        raise StorageUnavailableError(
            reason=error.strerror or "its folder is not usable"
        ) from error
    return _Open(
        signer=Signer(secret, settings, clock=clock),
        index=Index(folder / "uploads.sqlite"),
        shelf=shelf,
        session=session,
    )


def _shelf(settings: StorageSettings, secret: bytes) -> Shelf:
    if settings.bucket is not None:
        # The secret is the one thing that all processes of a store share and no other has.
        store_id = hashlib.sha256(b"store\0" + secret).hexdigest()[:_STORE_ID_CHARS]
        return BucketShelf(settings.bucket, store_id=store_id, cache=settings.folder / "copies")
    return FolderShelf(settings.folder / "objects")


def _secret(path: Path) -> bytes:
    """The store's signing secret, made once; readable by this user only.

    Written whole under another name, then linked: of two processes that start together, the
    second finds the first one's.
    """
    fresh = path.with_name(f"secret.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes()
