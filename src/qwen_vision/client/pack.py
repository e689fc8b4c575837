"""Packs what is on this machine so that a server can have it: a data URI, or an upload."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen_vision.client.files import MAX_INLINE_BYTES, data_uri, kind_of_type, media_type
from qwen_vision.client.memory import Place, UploadMemory
from qwen_vision.client.shrink import Sight, shrink_file
from qwen_vision.client.upload import Parcel, Progress, Shelf
from qwen_vision.errors import FileMissingError, FileTooLargeError, QwenVisionError

_HEAD_BYTES: Final = 16
_HASH_PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A file of this machine, or bytes in memory; `name` is for a person."""

    name: str
    content: Path | bytes


@dataclass(frozen=True, slots=True)
class Packing:
    """How to pack: for which model, uploaded or not (None: by size), shrunk to what sight.

    `param` is the path of the content part, for errors.
    """

    model: str
    upload: bool | None = None
    sight: Sight | None = None
    param: str | None = None


class Packer:
    """Makes URLs of files; bytes uploaded before are not sent again while they live."""

    def __init__(
        self, shelf: Shelf, *, place: tuple[str, str | None], memory: UploadMemory
    ) -> None:
        """Upload to `shelf`; `place` is the server's address and the key it is asked with."""
        self._shelf = shelf
        self._place = place
        self._memory = memory
        self._locks: dict[str, asyncio.Lock] = {}

    async def url(
        self, source: Source, packing: Packing, *, progress: Progress | None = None
    ) -> str:
        """A `data:` URI under 7 MB, an uploaded URL from there on, or as `packing` says.

        Raises FileMissingError, FileTooLargeError and the errors of an upload.
        """
        packed = await asyncio.to_thread(pack, source, packing)
        return await self.deliver(packed, packing, progress=progress)

    async def deliver(
        self, packed: "str | Parcel", packing: Packing, *, progress: Progress | None = None
    ) -> str:
        """The URL of what `pack` gave: itself, or that of its upload."""
        if isinstance(packed, str):
            return packed
        try:
            return await self._upload(packed, packing.model, progress)
        except QwenVisionError as error:
            error.param = error.param or packing.param
            raise

    async def forget(self, urls: list[str]) -> None:
        """Forget uploads that the server may not know any more."""
        for url in urls:
            await asyncio.to_thread(self._memory.forget, url)

    async def _upload(self, parcel: Parcel, model: str, progress: Progress | None) -> str:
        name = Place(*self._place, model).name(parcel.content_hash)
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            # Two requests with the same file: one uploads, the other waits and reuses it.
            async with lock:
                known = await asyncio.to_thread(self._memory.find, name)
                if known is not None:
                    return known
                url = await self._shelf.put(parcel, model=model, progress=progress)
                await asyncio.to_thread(self._memory.keep, name, url, life_s=self._shelf.life_s)
                return url
        finally:
            if not lock.locked():
                self._locks.pop(name, None)


def pack(source: Source, packing: Packing) -> str | Parcel:
    """The data URI, or what must be uploaded; reads and shrinks, so it blocks."""
    try:
        size_bytes, mime = _measure(source)
        content = source.content
        if packing.sight is not None and kind_of_type(mime) == "image":
            smaller = shrink_file(content, size_bytes=size_bytes, sight=packing.sight)
            if smaller is not None:
                content, mime = smaller
                size_bytes = len(content)
        if not (size_bytes >= MAX_INLINE_BYTES if packing.upload is None else packing.upload):
            _check_inline(source, size_bytes, packing)
            data = content if isinstance(content, bytes) else content.read_bytes()
            return data_uri(data, mime)
        return Parcel(source.name, _content_hash(content), size_bytes, mime, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileMissingError(path=source.name, reason=reason, param=packing.param) from error


def _measure(source: Source) -> tuple[int, str]:
    if isinstance(source.content, bytes):
        return len(source.content), media_type(source.name, source.content[:_HEAD_BYTES])
    with source.content.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        return file.seek(0, 2), media_type(source.name, head)


def _check_inline(source: Source, size_bytes: int, packing: Packing) -> None:
    if size_bytes >= MAX_INLINE_BYTES:
        raise FileTooLargeError(
            f"'{source.name}' has {size_bytes} bytes; a file sent inside a request must be under "
            f"{MAX_INLINE_BYTES} (7 MB). Let it be uploaded (--upload), put it on a web server "
            "and give its URL, or make it smaller.",
            param=packing.param,
        )


def _content_hash(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    with content.open("rb") as file:
        while piece := file.read(_HASH_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
