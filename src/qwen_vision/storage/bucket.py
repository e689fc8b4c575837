"""BucketShelf: objects in an S3-compatible bucket, with a local copy of what is being read."""

import importlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qwen_vision.errors import MissingExtraError, StorageUnavailableError
from qwen_vision.settings import BucketSettings

if TYPE_CHECKING:
    from obstore.store import S3Store

_CHUNK_BYTES: Final = 5 * 1024 * 1024
# Each chunk on its way is held in memory.
_CHUNKS_AT_ONCE: Final = 2
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_TIMEOUT: Final = timedelta(seconds=120)
_RETRY_FOR: Final = timedelta(seconds=20)
_MAX_RETRIES: Final = 3


class BucketShelf:
    """Objects under a prefix of a bucket; what is fetched is kept for a while in `cache`.

    Every store has a folder of its own under the prefix, so that none sweeps away what belongs
    to another, or to somebody else who uses the bucket.
    """

    def __init__(self, settings: BucketSettings, *, store_id: str, cache: Path) -> None:
        """Raises MissingExtraError without the `s3` extra."""
        self._obstore = _obstore()
        self._bucket: S3Store = self._obstore.store.S3Store(
            settings.name,
            prefix="/".join(part for part in (settings.prefix, store_id) if part),
            config=_config(settings),
            client_options={
                "allow_http": (settings.endpoint or "").startswith("http://"),
                "connect_timeout": _CONNECT_TIMEOUT,
                "timeout": _TIMEOUT,
            },
            retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": _RETRY_FOR},
        )
        self._cache = cache
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, spooled: Path, name: str) -> None:
        """Send the file; the bucket shows it when all of it is there."""
        with self._telling_trouble():
            self._obstore.put(
                self._bucket,
                name,
                spooled,
                chunk_size=_CHUNK_BYTES,
                max_concurrency=_CHUNKS_AT_ONCE,
            )

    def fetch(self, name: str) -> Path | None:
        """The local copy, made when there is none; its time tells when it was last asked for."""
        copy = self._cache / name
        try:
            os.utime(copy)
        except FileNotFoundError:
            return self._fetch(name, copy)
        return copy

    def remove(self, name: str) -> None:
        """Delete the object and its copy."""
        (self._cache / name).unlink(missing_ok=True)
        with self._telling_trouble():
            try:
                self._obstore.delete(self._bucket, name)
            except FileNotFoundError:
                return

    def names(self) -> Iterator[str]:
        """Every object of this store."""
        with self._telling_trouble():
            for page in self._obstore.list(self._bucket):
                yield from (found["path"] for found in page)

    def tidy(self, *, before: float) -> None:
        """Drop local copies nobody asked for since then."""
        for copy in self._cache.iterdir():
            if copy.stat().st_mtime < before:
                copy.unlink(missing_ok=True)

    def _fetch(self, name: str, copy: Path) -> Path | None:
        # Another reader may be at it: each writes a file of its own, the last rename stands.
        half = copy.with_name(f"{name}.{secrets.token_hex(4)}")
        try:
            with self._telling_trouble(), half.open("wb") as file:
                try:
                    found = self._obstore.get(self._bucket, name)
                except FileNotFoundError:
                    return None
                for piece in found.stream(min_chunk_size=_CHUNK_BYTES):
                    file.write(piece)
            half.replace(copy)
        finally:
            half.unlink(missing_ok=True)
        return copy

    @contextmanager
    def _telling_trouble(self) -> Iterator[None]:
        try:
            yield
        except (self._obstore.exceptions.BaseError, FileNotFoundError) as error:
            # Its text holds addresses and may hold parts of a signed request.
            raise StorageUnavailableError(reason="its bucket does not answer") from error


def _config(settings: BucketSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "region": settings.region,
        "virtual_hosted_style_request": settings.virtual_host,
    }
    if settings.endpoint is not None:
        config["endpoint"] = settings.endpoint
    if settings.access_key_id is not None:
        config["access_key_id"] = settings.access_key_id
    if settings.access_key_secret is not None:
        config["secret_access_key"] = settings.access_key_secret
    return config


def _obstore() -> Any:  # noqa: ANN401  a module
    # Only a server with a bucket needs it, and it may not be installed.
    try:
        importlib.import_module("obstore.store")
        return importlib.import_module("obstore")
    except ModuleNotFoundError as error:
        raise MissingExtraError(what="A bucket for uploads", extra="s3") from error
