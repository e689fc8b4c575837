"""Writes what the user asked to keep."""

import os
import tempfile
from pathlib import Path

from qwen_vision.cli.output import Screen
from qwen_vision.errors import SettingsError


def keep_answer(path: Path, text: str, screen: Screen) -> None:
    """Write an answer whole or not at all, and say so; raises SettingsError when it cannot be."""
    text = text if text.endswith("\n") else f"{text}\n"
    try:
        _write(path, text)
    except SettingsError:
        # The disk is full, say: what was waited and paid for is not lost.
        screen.answer(text)
        raise
    screen.note(f"wrote {path}")


def check_writable(path: Path) -> None:
    """Raises SettingsError when an answer could not be written there: better now than after it."""
    try:
        folder = path.resolve().parent
        if path.is_dir():
            reason = "it is a folder"
        elif not folder.is_dir():
            reason = f"there is no folder '{path.parent}'"
        elif not os.access(folder, os.W_OK) and not _is_device(path):
            reason = f"the folder '{path.parent}' may not be written to"
        else:
            return
    except OSError as error:
        reason = error.strerror or str(error)
    raise _unwritable(path, reason)


def _write(path: Path, text: str) -> None:
    try:
        if _is_device(path):
            path.write_text(text, "utf-8")
        else:
            # What a link leads to is written, the link stays.
            _replace(path.resolve(), text)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _is_device(path: Path) -> bool:
    """Whether it is a device or a pipe, such as /dev/stdout: no file may take its place."""
    return path.exists() and not path.is_file()


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".qwen-vision-", delete=False, encoding="utf-8"
    ) as file:
        unfinished = Path(file.name)
        try:
            file.write(text)
            file.close()
            unfinished.chmod(0o666 & ~_umask())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _unwritable(path: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"Cannot write '{path}': {reason}. Choose another --output.", param="output"
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
