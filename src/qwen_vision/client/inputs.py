"""Inputs: what a caller may give to look at, and what each of them is."""

import io
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast, runtime_checkable
from urllib.parse import unquote

from qwen_vision.client.files import (
    Kind,
    is_remote,
    kind_of,
    kind_of_bytes,
)
from qwen_vision.client.pack import Source
from qwen_vision.client.shrink import SHRINK_FROM_BYTES, Sight, encode_picture, picture_of_array
from qwen_vision.errors import FileMissingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


@runtime_checkable
class ArrayLike(Protocol):
    """A numpy array or whatever shows its pixels in the same way."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Where the pixels are and how they are laid out."""


@runtime_checkable
class FileLike(Protocol):
    """An open binary file."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""


Input: TypeAlias = "str | PathLike[str] | bytes | bytearray | Image.Image | ArrayLike | FileLike"
Inputs: TypeAlias = "Input | Sequence[Input]"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at: a URL, or a source on this machine."""

    place: str | Source
    kind: Kind


def listed(inputs: Inputs) -> list[Input]:
    """The inputs one by one; a single one becomes a list of itself."""
    if isinstance(inputs, list | tuple):
        return list(inputs)
    # What is a sequence but no list - a text, bytes, an array - is one input.
    return [cast("Input", inputs)]


def is_light(given: Input) -> bool:
    """Whether reading an input takes less time than asking a thread to do it.

    True for URLs, for small bytes and for small files; pictures and arrays must be encoded.
    """
    if isinstance(given, bytes | bytearray):
        return len(given) < SHRINK_FROM_BYTES
    if not isinstance(given, str | PathLike):
        return False
    if isinstance(given, str) and is_remote(given):
        return True
    try:
        found = _path(given).stat()
    except (OSError, ValueError):
        return False
    return S_ISREG(found.st_mode) and found.st_size < SHRINK_FROM_BYTES


def read_input(given: Input, *, number: int, sight: Sight | None) -> Item:
    """What an input is; reads files and encodes pictures, so it blocks.

    Raises FileMissingError for a path that leads nowhere and UsageError for a thing that is
    no input.
    """
    if isinstance(given, str) and is_remote(given):
        return Item(given, kind_of(given))
    if isinstance(given, str | PathLike):
        return _of_path(_path(given))
    if isinstance(given, bytes | bytearray):
        return _of_bytes(bytes(given), name=f"bytes-{number}")
    if _is_picture(given):
        return _of_picture(given, sight, name=f"picture-{number}")
    if isinstance(given, ArrayLike):
        try:
            picture = picture_of_array(given)
        except ValueError as error:
            raise UsageError(
                f"Input {number} is an array no picture can be made of: {error}. Give 8-bit "
                "values, height x width, x 3 (RGB) or x 4 (RGBA)."
            ) from error
        return _of_picture(picture, sight, name=f"array-{number}")
    if isinstance(given, FileLike):
        return _of_file(given, name=f"file-{number}")
    raise UsageError(
        f"Input {number} is a {type(given).__name__}. Give a path, a URL, bytes, a Pillow "
        "picture, a numpy array or an open binary file."
    )


def _path(given: "str | PathLike[str]") -> Path:
    """The path that is given, or that stands in a `file://` URL. Raises UsageError for none."""
    place = fspath(given)
    if not place:
        # As a path it would be the working folder.
        raise UsageError("An input is an empty text; give a path or a URL.")
    return Path(unquote(place[7:]) if place.startswith("file://") else place)


def _of_path(path: Path) -> Item:
    path = path.expanduser()
    return Item(Source(str(path), path), kind_of(str(path)))


def _of_bytes(data: bytes, *, name: str) -> Item:
    if not data:
        raise FileMissingError(path=name, reason="it is empty")
    return Item(Source(name, data), kind_of_bytes(name, data[:16]))


def _of_picture(picture: Any, sight: Sight | None, *, name: str) -> Item:  # noqa: ANN401 - Pillow
    data, _ = encode_picture(picture, sight=sight)
    return Item(Source(name, data), "image")


def _of_file(file: FileLike, *, name: str) -> Item:
    # A real file at its start is read from the disk, piece by piece, like a path.
    found = getattr(file, "name", None)
    if isinstance(file, io.BufferedReader) and isinstance(found, str) and file.tell() == 0:
        path = Path(found)
        if path.is_file():
            return _of_path(path)
    data = file.read()
    if not isinstance(data, bytes):
        raise UsageError(f"'{name}' gives text; open it in binary mode ('rb').")
    return _of_bytes(data, name=Path(found).name if isinstance(found, str) else name)


def _is_picture(given: object) -> bool:
    # Told by its face, so that nothing is imported that the caller has not.
    return all(hasattr(given, name) for name in ("save", "mode", "size", "getexif"))
