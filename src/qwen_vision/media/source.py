"""Where media comes from: data URIs and files, each within its byte limit."""

import asyncio
from pathlib import Path
from typing import Literal

import pybase64

from qwen_vision.errors import (
    DataUriTooLongError,
    FileMissingError,
    FileTooLargeError,
    LocalPathError,
    MediaUrlError,
)
from qwen_vision.media.blob import Blob
from qwen_vision.settings import MediaSettings


class Sources:
    """Loads the bytes behind a URL of a request."""

    def __init__(self, settings: MediaSettings, *, resolver: object | None = None) -> None:
        """Load within the limits of `settings`."""
        self._settings = settings
        self._resolver = resolver

    async def load(
        self,
        url: str,
        *,
        kind: Literal["image", "video"],  # noqa: ARG002  the type check of fetched files needs it
        max_bytes: int,
        local_files: bool,
        resolve_oss: bool,  # noqa: ARG002  uploads are resolved by the storage
        param: str,
    ) -> Blob:
        """The bytes behind `url`. Raises MediaError and its family, with `param`."""
        if url.startswith("data:"):
            return self._data(url, param=param)
        if "://" in url and not url.startswith("file://"):
            raise MediaUrlError(param=param)
        if not local_files:
            raise LocalPathError(param=param)
        path = Path(url.removeprefix("file://"))
        try:
            size_bytes = (await asyncio.to_thread(path.stat)).st_size
        except OSError as error:
            raise FileMissingError(param=param, path=path, reason=error.strerror) from error
        if size_bytes > max_bytes:
            raise FileTooLargeError(param=param)
        return Blob(source="path", size_bytes=size_bytes, path=path)

    async def aclose(self) -> None:
        """Close what is open."""

    def _data(self, url: str, *, param: str) -> Blob:
        if len(url) > self._settings.max_data_uri_bytes:
            raise DataUriTooLongError(param=param, limit=self._settings.max_data_uri_bytes)
        head, _, body = url.partition(",")
        try:
            data = pybase64.b64decode(body, validate=True)
        except ValueError as error:
            raise MediaUrlError(param=param) from error
        declared_type = head.removeprefix("data:").partition(";")[0] or None
        return Blob(source="data", size_bytes=len(data), data=data, declared_type=declared_type)
