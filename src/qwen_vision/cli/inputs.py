"""Items: what the words on the command line mean - files, URLs, or the prompt."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote

from qwen_vision.client.files import (
    DOCUMENT_SUFFIXES,
    IMAGE_SUFFIXES,
    SCHEMES,
    VIDEO_SUFFIXES,
    Kind,
    kind_of,
)
from qwen_vision.errors import FileMissingError, UsageError

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, video or document: `url` is a URL or a path, `name` what the user typed."""

    url: str
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a command, sorted: media first, then the prompt, if any."""

    items: tuple[Item, ...]
    prompt: str | None


@contextmanager
def sort_words(words: Sequence[str], *, prompt: str | None, as_video: bool) -> Iterator[Words]:
    """Sort the words; a picture from standard input lives in a file until the block ends.

    A word that is a file, a URL or `-` is an item; one other word may be the prompt. Raises
    FileMissingError for a word that looks like a path, UsageError when nothing fits.
    """
    words = [_as_typed(word) for word in words]
    places = [word for word in words if _is_place(word)]
    others = [word for word in words if not _is_place(word)]
    prompt = _prompt(others, prompt=prompt, has_places=bool(places))
    if not places:
        wrong = f"'{others[0][:80]}' is no file: " if others else ""
        raise UsageError(f"{wrong}name at least one file or URL to look at, such as photo.jpg.")
    if places.count(_STDIN) > 1:
        raise UsageError("'-' (standard input) can be named once.")
    with ExitStack() as kept:
        if _STDIN in places:
            folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="qwen-vision-"))
            stdin = _save_stdin(Path(folder) / "stdin")
        else:
            stdin = ""
        items = [
            _item(file, stdin=stdin, as_video=as_video)
            for place in places
            for file in _files_of(place)
        ]
        yield Words(items=tuple(items), prompt=prompt)


def _as_typed(word: str) -> str:
    """The word, or the path in a `file://` URL. Raises UsageError for what can be neither."""
    if not word:
        # An unset variable: as a path it would be this whole folder.
        raise UsageError("one of the words is empty; name a file, a URL or a prompt.")
    scheme, mark, rest = word.partition("://")
    if not mark or not scheme.isalpha() or word.startswith(SCHEMES):
        return word
    if scheme.lower() == "file" and rest.startswith("/"):
        return unquote(rest)
    raise UsageError(
        f"'{word[:80]}' is no URL that can be taken: name one of http, https or oss, or a file."
    )


def _is_place(word: str) -> bool:
    if word == _STDIN or word.startswith(SCHEMES):
        return True
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        # A long prompt is no file name, and the system says so.
        return False


def _prompt(others: Sequence[str], *, prompt: str | None, has_places: bool) -> str | None:
    for word in others:
        if _looks_like_path(word, alone=not has_places and len(others) == 1):
            raise FileMissingError(path=word, reason="there is no such file")
    if not others:
        return prompt
    if prompt is not None:
        raise UsageError(f"there is a prompt already (--prompt); what is '{others[0]}'?")
    if len(others) > 1:
        raise UsageError(
            f"'{others[0]}' and '{others[1]}' are no files. Put the whole prompt in quotes: "
            f'"{" ".join(others)}".'
        )
    return others[0]


def _looks_like_path(word: str, *, alone: bool) -> bool:
    suffix = PurePath(word).suffix.lower()
    named_media = suffix in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES, *DOCUMENT_SUFFIXES)
    if any(letter.isspace() for letter in word):
        # "Compare this with cat.jpg" is a prompt, unless there is nothing it could be about.
        return named_media and alone
    return named_media or word.startswith(("/", "./", "../", "~/"))


def _save_stdin(path: Path) -> str:
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if path.stat().st_size == 0:
        raise UsageError("'-' names standard input, but nothing came in there.")
    return str(path)


def _files_of(place: str) -> list[str]:
    """The place itself; of a folder its media files, `page2` before `page10`."""
    if place == _STDIN or place.startswith(SCHEMES) or not Path(place).is_dir():
        return [place]
    known = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES, *DOCUMENT_SUFFIXES)
    files = [
        file
        for file in Path(place).iterdir()
        if file.suffix.lower() in known and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        raise UsageError(f"'{place}' is a folder without pictures, videos or PDFs.")
    return [str(file) for file in sorted(files, key=_natural)]


def _natural(file: Path) -> list[tuple[int, str]]:
    words = re.split(r"(\d+)", file.name.lower())
    return [(int(word), "") if word.isdigit() else (-1, word) for word in words]


def _item(place: str, *, stdin: str, as_video: bool) -> Item:
    url = stdin if place == _STDIN else place
    kind = "video" if as_video else kind_of(url)
    if place == _STDIN:
        return Item(url=url, kind=kind, name="standard input")
    name = place.partition(",")[0] if place.startswith("data:") else place
    return Item(url=url, kind=kind, name=name)
