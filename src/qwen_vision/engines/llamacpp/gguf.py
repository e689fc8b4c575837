"""GGUF headers: what a weights file says about itself, read before it is loaded.

The layout is GGUF version 2 and 3: magic, version, counts, then key-value pairs; all numbers are
little-endian. Only the pairs are read, never a tensor.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from qwen_vision.errors import SettingsError

Value: TypeAlias = int | float | bool | str
_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
# Value types by their number in the file.
_NUMBERS: Final = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING: Final = 8
_ARRAY: Final = 9
_MAX_PAIRS: Final = 65_536
# A whole vocabulary is a few hundred thousand strings.
_MAX_STRINGS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """The single values of a GGUF file by key; arrays are left out. `bytes` is the file's size."""

    path: Path
    bytes: int
    values: Mapping[str, Value]

    @property
    def architecture(self) -> str:
        """The kind of model: `qwen3vl`, `qwen2vl` ...; `clip` for a projector (mmproj)."""
        return str(self.values.get("general.architecture", ""))

    def number(self, key: str) -> int | None:
        """A whole number of the architecture (`embedding_length`), None when not there."""
        found = self.values.get(f"{self.architecture}.{key}")
        return found if isinstance(found, int) else None


def read_header(path: Path) -> Header:
    """The header of a GGUF file; raises SettingsError for a file that is none, or broken."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise SettingsError(
                    f"'{path}' is no GGUF file: it does not begin with 'GGUF'. Weights for this "
                    "engine end in .gguf; 'qwen-vision pull' fetches some.",
                    param="engine",
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                values = _Reader(data).values()
                return Header(path=path, bytes=len(data), values=values)
    except OSError as error:
        raise SettingsError(f"Cannot read '{path}': {error.strerror}.", param="engine") from error
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise SettingsError(
            f"The header of '{path}' is broken or cut short. Fetch the file again.",
            param="engine",
        ) from error


class _Reader:
    """Reads values one after the other; struct.error tells that the file ends too early."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(_MAGIC)

    def values(self) -> dict[str, Value]:
        version = self._number("<I")
        if version not in _VERSIONS:
            raise struct.error(f"version {version}")
        self._number("<Q")
        pairs = self._number("<Q")
        if pairs > _MAX_PAIRS:
            raise struct.error(f"{pairs} pairs")
        found: dict[str, Value] = {}
        for _ in range(int(pairs)):
            key = self._string()
            value = self._value(int(self._number("<I")))
            if value is not None:
                found[key] = value
        return found

    def _value(self, kind: int) -> Value | None:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind not in _NUMBERS:
            raise struct.error(f"type {kind}")
        return self._number(_NUMBERS[kind])

    def _skip_array(self) -> None:
        kind, count = int(self._number("<I")), int(self._number("<Q"))
        if kind in _NUMBERS:
            self._skip(count * struct.calcsize(_NUMBERS[kind]))
        elif kind == _STRING and count <= _MAX_STRINGS:
            for _ in range(count):
                self._skip(int(self._number("<Q")))
        else:
            raise struct.error(f"array of {count} of type {kind}")

    def _string(self) -> str:
        begin, length = self._at + 8, int(self._number("<Q"))
        self._skip(length)
        return self._data[begin : begin + length].decode("utf-8")

    def _number(self, layout: str) -> int | float | bool:
        (value,) = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        number: int | float | bool = value
        return number

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise struct.error("the file ends early")
