"""UploadMemory: which bytes were uploaded already, and how long their URL lives."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

# The service keeps an upload for 48 hours; the last one is no time to begin a request.
LIFE_S: Final = 47 * 3600.0
_MOST: Final = 1000


class Upload(Struct, frozen=True):
    """An uploaded file: its `oss://` (or signed) URL, valid until `until_s` (seconds, epoch)."""

    url: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Place:
    """For whom an upload is: a server, a key, a model. Uploads of one are of no use to another."""

    base_url: str
    key: str | None
    model: str

    def name(self, content_hash: str) -> str:
        """The name of some bytes here; tells neither the key nor the file."""
        words = "\0".join((self.base_url, self.key or "", self.model, content_hash))
        return hashlib.sha256(words.encode()).hexdigest()


class UploadMemory:
    """Uploads by content, in memory and, if given, in a `file` other processes share."""

    def __init__(self, file: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """Remember in this process, and in `file` when there is one."""
        self._file = file
        self._clock = clock
        self._uploads: dict[str, Upload] | None = {} if file is None else None

    def find(self, name: str) -> str | None:
        """The URL of a living upload; reads the file once, so the first call may block."""
        upload = self._all().get(name)
        return upload.url if upload is not None and upload.until_s > self._clock() else None

    def keep(self, name: str, url: str, *, life_s: float = LIFE_S) -> None:
        """Remember an upload just made; may block."""
        self._all()[name] = Upload(url, self._clock() + life_s)
        self._save()

    def forget(self, url: str) -> None:
        """Forget an upload the server does not know any more; may block."""
        uploads = self._all()
        names = [name for name, upload in uploads.items() if upload.url == url]
        for name in names:
            del uploads[name]
        if names:
            self._save()

    def _all(self) -> dict[str, Upload]:
        if self._uploads is None:
            self._uploads = self._read()
        return self._uploads

    def _read(self) -> dict[str, Upload]:
        if self._file is None:
            return {}
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Upload])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            # A cache: what cannot be read is uploaded again.
            return {}

    def _save(self) -> None:
        now = self._clock()
        living = sorted(
            ((name, upload) for name, upload in self._all().items() if upload.until_s > now),
            key=lambda pair: pair[1].until_s,
        )
        self._uploads = dict(living[-_MOST:])
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes files only their owner can read: the URLs are not secret, but close.
            number, half = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(number, "wb") as out:
                out.write(msgspec.json.encode(self._uploads))
            Path(half).replace(self._file)
        except OSError:
            return
