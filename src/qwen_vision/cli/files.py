"""Writes what the user asked to keep."""

import os
import tempfile
from pathlib import Path

from qwen_vision.errors import SettingsError


def write_file(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raises SettingsError when it cannot be."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            unfinished = Path(file.name)
            try:
                file.write(text)
                file.close()
                unfinished.chmod(0o666 & ~_umask())
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"Cannot write '{path}': {error.strerror or error}. Choose another --output.",
            param="output",
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
