"""Blob: the bytes of one media file, in memory or on disk."""

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

SourceKind: TypeAlias = Literal["data", "http", "path", "oss"]
MediaKind: TypeAlias = Literal["image", "video"]


@dataclass(slots=False)
class Blob:
    """Bytes that came through the door; either `data` or `path` is set.

    A blob with `temporary` owns its file and removes it in `close`.
    """

    source: SourceKind
    size_bytes: int
    data: bytes | None = field(default=None, repr=False)
    path: Path | None = None
    temporary: bool = False

    def open(self) -> BinaryIO:
        """A binary file positioned at the start; the caller closes it."""
        if self.data is not None:
            return io.BytesIO(self.data)
        if self.path is None:
            raise ValueError("a blob needs data or a path")
        return self.path.open("rb")

    def head(self, count: int = 4096) -> bytes:
        """The first `count` bytes."""
        if self.data is not None:
            return self.data[:count]
        with self.open() as file:
            return file.read(count)

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 of all bytes, computed once."""
        if self.path is None:
            return hashlib.sha256(self.data or b"").hexdigest()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        """Remove the file if this blob owns it; safe to call twice."""
        if self.temporary and self.path is not None:
            self.path.unlink(missing_ok=True)
