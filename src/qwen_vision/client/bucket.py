"""OwnBucket: uploads to a bucket of one's own, which the server reads by a signed URL."""

import asyncio
import importlib
from datetime import timedelta
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from qwen_vision.client.upload import Parcel, Progress
from qwen_vision.errors import FileMissingError, MissingExtraError, StorageUnavailableError
from qwen_vision.settings import BucketSettings

_PIECE_BYTES: Final = 5 * 1024 * 1024
# Each piece on its way is held in memory.
_PIECES_AT_ONCE: Final = 2
# The end of a URL's life is no time to begin a request.
_USED_LIFE: Final = 0.9
_TIMEOUT: Final = timedelta(seconds=120)


class OwnBucket:
    """A shelf in an OSS or other S3-compatible bucket; URLs are signed for as long as they live."""

    def __init__(self, bucket: BucketSettings, *, url_life_s: int) -> None:
        """Raises MissingExtraError without the `s3` extra."""
        self._url_life_s = url_life_s
        self._name = bucket.name
        self._obstore = _obstore()
        self._bucket = self._obstore.store.S3Store(
            bucket.name,
            prefix=bucket.prefix,
            region=bucket.region,
            endpoint=bucket.endpoint,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.access_key_secret,
            virtual_hosted_style_request=bucket.virtual_host,
            client_options={
                "allow_http": (bucket.endpoint or "").startswith("http://"),
                "timeout": _TIMEOUT,
            },
        )

    @property
    def life_s(self) -> float:
        """Seconds for which a URL may be used again: most of its life."""
        return self._url_life_s * _USED_LIFE

    async def put(self, parcel: Parcel, *, model: str, progress: Progress | None) -> str:
        """Upload; `model` does not matter here. Progress is told of bytes that have arrived."""
        del model
        name = parcel.content_hash[:32] + PurePath(parcel.name).suffix
        file = await asyncio.to_thread(parcel.open)
        pieces = _Pieces(file, parcel, progress)
        try:
            await self._obstore.put_async(
                self._bucket,
                name,
                # What fits one piece needs no more than one request.
                pieces if parcel.size_bytes > _PIECE_BYTES else await pieces.whole(),
                chunk_size=_PIECE_BYTES,
                max_concurrency=_PIECES_AT_ONCE,
            )
            life = timedelta(seconds=self._url_life_s)
            url: str = await asyncio.to_thread(self._obstore.sign, self._bucket, "GET", name, life)
        except (self._obstore.exceptions.BaseError, OSError) as error:
            # The library's words may hold signed URLs.
            raise pieces.failure or StorageUnavailableError(
                reason=f"the bucket '{self._name}' of QWEN_TMP_OSS_BUCKET did not "
                f"take the file ({type(error).__name__}); check its name, region and access key"
            ) from None
        finally:
            file.close()
        if progress is not None:
            progress(parcel.name, parcel.size_bytes, parcel.size_bytes)
        return url


class _Pieces:
    """The bytes of a parcel one piece after the other, as the library asks for them."""

    def __init__(self, file: BinaryIO, parcel: Parcel, progress: Progress | None) -> None:
        self._file = file
        self._parcel = parcel
        self._progress = progress
        self._read_bytes = 0
        # The library wraps what is raised while it reads.
        self.failure: FileMissingError | None = None

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        # What the library holds is still on its way.
        arrived = self._read_bytes - _PIECES_AT_ONCE * _PIECE_BYTES
        if self._progress is not None and arrived > 0:
            self._progress(self._parcel.name, arrived, self._parcel.size_bytes)
        if self._read_bytes == self._parcel.size_bytes:
            raise StopAsyncIteration
        return await self._next(_PIECE_BYTES)

    async def whole(self) -> bytes:
        """All of them at once."""
        return await self._next(self._parcel.size_bytes)

    async def _next(self, count: int) -> bytes:
        wanted = min(count, self._parcel.size_bytes - self._read_bytes)
        piece = await asyncio.to_thread(self._file.read, wanted)
        self._read_bytes += len(piece)
        if len(piece) < wanted:
            self.failure = FileMissingError(
                path=self._parcel.name, reason="it became shorter while it was read"
            )
            raise self.failure
        return piece


def _obstore() -> Any:  # noqa: ANN401 - a module
    # Only who has a bucket of their own needs it, and it may not be installed.
    try:
        importlib.import_module("obstore.store")
        return importlib.import_module("obstore")
    except ModuleNotFoundError as error:
        raise MissingExtraError(what="A bucket of your own for uploads", extra="s3") from error
