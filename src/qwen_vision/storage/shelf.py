"""Shelf: where the bytes of finished uploads lie. A folder by default."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from qwen_vision.storage.disk import sync_folder


class Shelf(Protocol):
    """Keeps files under names the store chooses (hex digits). Blocking; call it in a thread.

    A name is either there as a whole or not at all, whatever happens to the process.
    """

    def keep(self, spooled: Path, name: str) -> None:
        """Take over a finished, synced file."""

    def fetch(self, name: str) -> Path | None:
        """A local file with the object's bytes, readable for the store's read grace."""

    def remove(self, name: str) -> None:
        """Drop an object; no error when it is not there."""

    def names(self) -> Iterator[str]:
        """Everything on the shelf."""

    def tidy(self, *, before: float) -> None:
        """Drop local copies nobody has used since `before` (seconds since the epoch)."""


class FolderShelf:
    """Objects as files of a folder, spread over 256 subfolders."""

    def __init__(self, folder: Path) -> None:
        """Keep files in `folder`, which must be on the same disk as the spooled ones."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, spooled: Path, name: str) -> None:
        """Rename: atomic, and on disk when this returns."""
        place = self._place(name)
        if not place.parent.exists():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._folder)
        spooled.replace(place)
        sync_folder(place.parent)

    def fetch(self, name: str) -> Path | None:
        """The file itself."""
        place = self._place(name)
        return place if place.is_file() else None

    def remove(self, name: str) -> None:
        """Unlink; whoever has the file open goes on reading."""
        self._place(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Names of all files."""
        for subfolder in self._folder.iterdir():
            yield from (file.name for file in subfolder.iterdir())

    def tidy(self, *, before: float) -> None:
        """Nothing to do: there are no copies."""

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name
