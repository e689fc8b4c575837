"""Sources: where media comes from. The only way from what a request names to bytes."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from qwen_vision.errors import (
    DownloadError,
    FileMissingError,
    FileTooLargeError,
    LocalPathError,
    MediaUrlError,
)
from qwen_vision.media.blob import Blob, MediaKind, SourceKind
from qwen_vision.media.datauri import decode_data_uri, is_data_uri
from qwen_vision.media.fetch import Fetcher
from qwen_vision.settings import MediaSettings

_KNOWN_SCHEMES = frozenset({"http", "https", "oss", "file"})
_MAX_SCHEME_CHARS = 16
# A picture pasted where a path belongs should not come back in full.
_MAX_NAMED_CHARS = 256


class OssResolver(Protocol):
    """Finds what one caller uploaded here for one model; all that `media` knows of uploads."""

    async def resolve(self, url: str) -> Path | None:
        """The file behind an `oss://` URL; None when there is none, or no longer."""


class Sources:
    """Takes in media by reference. One per process: it holds the pool of connections."""

    def __init__(self, settings: MediaSettings) -> None:
        self._settings = settings
        self._fetcher = Fetcher(settings.fetch)

    async def load(
        self,
        url: str,
        *,
        kind: MediaKind,
        max_bytes: int,
        local_files: bool,
        uploads: OssResolver | None,
        param: str,
    ) -> Blob:
        """The bytes a request names; the caller closes the blob.

        Args:
            url: A data: URI, an http(s) or oss:// URL, a file:// URL or a path.
            kind: Decides which content types a web server may declare, and what goes to disk.
            max_bytes: Limit on the bytes of the file.
            local_files: The caller sits at this machine and may name its files. Others may
                only name files inside `FetchSettings.allowed_folder`.
            uploads: Resolves oss:// URLs; None when the request did not ask for that.
            param: Field of the request, for errors.

        Raises:
            MediaError: With the dialect's text for what is wrong; see `fetch` and
                `decode_data_uri` for which.
        """
        if is_data_uri(url):
            return decode_data_uri(
                url,
                max_uri_bytes=self._settings.max_data_uri_bytes,
                max_bytes=max_bytes,
                param=param,
            )
        match _scheme(url):
            case "http" | "https":
                return await self._fetcher.fetch(url, kind=kind, max_bytes=max_bytes, param=param)
            case "oss" if uploads is not None:
                path = await uploads.resolve(url)
                if path is None:
                    raise DownloadError(param=param)
                return await asyncio.to_thread(
                    _open_file, path, named=url, source="oss", max_bytes=max_bytes, param=param
                )
            case "file" | "" if url:
                return await asyncio.to_thread(
                    self._local, url, max_bytes=max_bytes, local_files=local_files, param=param
                )
            case _:
                raise MediaUrlError(param=param)

    async def aclose(self) -> None:
        """Close the connection pool; safe to call twice."""
        await self._fetcher.aclose()

    def _local(self, url: str, *, max_bytes: int, local_files: bool, param: str) -> Blob:
        path = _path(url, param=param)
        folder = self._settings.fetch.allowed_folder
        if not local_files:
            inside = _inside(path, folder)
            if inside is None:
                # The same words whether the file exists or not.
                error = LocalPathError if _looks_like_path(url) else MediaUrlError
                raise error(param=param)
            path = inside
        return _open_file(path, named=url, source="path", max_bytes=max_bytes, param=param)


def _scheme(url: str) -> str:
    """Scheme in lower case; empty for a path, `?` for one nobody here knows."""
    head, colon, _ = url[:_MAX_SCHEME_CHARS].partition(":")
    scheme = head.lower()
    if not colon:
        return ""
    if scheme in _KNOWN_SCHEMES:
        return scheme
    return "?" if url.startswith("//", len(head) + 1) else ""


def _path(url: str, *, param: str) -> Path:
    if _scheme(url) != "file":
        text = url
    else:
        # file:///a, file://localhost/a and file:/a; a file of another host is not ours to open.
        rest = url[len("file:") :]
        if rest.startswith("//"):
            host, slash, rest = rest[2:].partition("/")
            if host.lower() not in ("", "localhost"):
                raise MediaUrlError(param=param)
            rest = slash + rest
        text = unquote(rest, errors="surrogateescape")
    if not text or "\0" in text:
        raise MediaUrlError(param=param)
    return Path(text)


def _inside(path: Path, folder: Path | None) -> Path | None:
    """The real place of a path inside the folder, links followed; None when it is elsewhere."""
    if folder is None:
        return None
    try:
        real = (folder / path).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    return real if real.is_relative_to(folder.resolve()) else None


def _looks_like_path(url: str) -> bool:
    return url[:1] in {"/", "\\", "~", "."} or _scheme(url) == "file" or url[1:3] in {":\\", ":/"}


def _open_file(path: Path, *, named: str, source: SourceKind, max_bytes: int, param: str) -> Blob:
    """A blob of a regular file that can be read; nothing is copied."""
    named = named[:_MAX_NAMED_CHARS]
    try:
        facts = path.stat()
        # Asked before it is opened: opening a pipe would wait for its other end.
        if not stat.S_ISREG(facts.st_mode):
            raise FileMissingError(path=named, reason="it is not a regular file", param=param)
        if not os.access(path, os.R_OK):
            raise FileMissingError(path=named, reason="permission denied", param=param)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a path"
        raise FileMissingError(path=named, reason=reason.lower(), param=param) from None
    if facts.st_size > max_bytes:
        raise FileTooLargeError(param=param)
    return Blob(source=source, size_bytes=facts.st_size, path=path)
