"""Data URIs, uploads, and files of this machine: who may name what."""

from __future__ import annotations

import base64
import os
import socket
from typing import TYPE_CHECKING

import pytest

from qwen_vision.errors import (
    DataUriTooLongError,
    DownloadError,
    FileMissingError,
    FileTooLargeError,
    LocalPathError,
    MediaUrlError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.media.sources.conftest import Loader


@pytest.mark.parametrize(
    "head",
    [
        "data:image/png;base64",
        "data:;base64",
        "DATA:IMAGE/PNG;BASE64",
        "data:image/jpeg;charset=utf-8;base64",
        "data:video/mp4;base64",
        "data:application/pdf;name=a.pdf;base64",
    ],
)
async def test_a_data_uri_is_decoded(head: str, loader: Loader) -> None:
    raw = bytes(range(256)) * 9
    blob = await loader.closed(f"{head},{base64.b64encode(raw).decode()}")
    assert (blob.source, blob.data, blob.size_bytes) == ("data", raw, len(raw))


@pytest.mark.parametrize(
    "url",
    [
        "data:", "data:,", "data:,hello", "data:image/png,hello", "data:image/png;base64",
        "data:image/png;base64;aGk=", "data:image/png;base64,aGk", "data:image/png;base64,aG=k",
        "data:image/png;base64,a", "data:image/png;base64,aGk=aGk=", "data:image/png;base64,aGk=\n",
        "data:image/png;base64,a Gk=", "data:image/png;base64,a-_k",
        "data:image/png;base64,%61Gk%3D",
        "data:image/png;base64,é", "data:image/png;base64,\ud800",
        "data:image/png;base64,aGk=,aGk=",
        "data:image/png;base64x,aGk=", "data:image/png; base64 ,aGk=",
        "data:" + "x" * 600 + ";base64,aGk=",
        "data://image/png;base65,aGk=",
    ],
)  # fmt: skip
async def test_a_broken_data_uri_gets_the_words_of_the_dialect(url: str, loader: Loader) -> None:
    with pytest.raises(MediaUrlError) as caught:
        await loader.closed(url)
    assert caught.value.message == MediaUrlError.text


async def test_the_limit_of_a_data_uri_counts_encoded_characters(loader: Loader) -> None:
    sources = loader.sources(loader.fetch(allow=False), max_data_uri_bytes=400)
    blob = await loader.load("data:image/png;base64," + "A" * 400, sources)
    assert blob.size_bytes == 300
    with pytest.raises(DataUriTooLongError) as caught:
        await loader.load("data:image/png;base64," + "A" * 404, sources)
    assert caught.value.message == "Exceeded limit on max bytes per data-uri item : 400'."


@pytest.mark.parametrize("encoded", ["A" * 400, "A" * 300, "A" * 140, "A" * 136])
async def test_the_limit_of_a_file_holds_for_a_data_uri(encoded: str, loader: Loader) -> None:
    sources = loader.sources(loader.fetch(allow=False))
    with pytest.raises(FileTooLargeError):
        await loader.load("data:;base64," + encoded, sources, max_bytes=101)
    blob = await loader.load("data:;base64," + "A" * 134 + "==", sources, max_bytes=100)
    assert blob.size_bytes == 100


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    path = tmp_path / "a cat.png"
    path.write_bytes(b"meow")
    return path


async def test_a_local_caller_names_a_file_in_every_way(cat: Path, loader: Loader) -> None:
    sources = loader.sources(loader.fetch(allow=False))
    quoted = str(cat).replace(" ", "%20")
    for url in (str(cat), f"file://{quoted}", f"file://localhost{quoted}", f"FILE:{quoted}"):
        blob = await loader.load(url, sources, local_files=True)
        assert (blob.source, blob.path, blob.data) == ("path", cat, None)
        assert (blob.size_bytes, blob.temporary) == (4, False)


async def test_a_relative_path_is_taken_from_the_working_folder(
    cat: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cat.parent)
    sources = loader.sources(loader.fetch(allow=False))
    blob = await loader.load(cat.name, sources, local_files=True)
    with blob.open() as file:
        assert file.read() == b"meow"


async def test_closing_a_local_file_leaves_it_there(cat: Path, loader: Loader) -> None:
    blob = await loader.load(str(cat), loader.fetch(allow=False), local_files=True)
    blob.close()
    assert blob.head() == b"meow"


async def test_a_missing_file_is_named_with_the_reason(tmp_path: Path, loader: Loader) -> None:
    path = tmp_path / "none.png"
    with pytest.raises(FileMissingError) as caught:
        await loader.load(str(path), loader.fetch(allow=False), local_files=True)
    assert caught.value.message == f"Cannot read '{path}': no such file or directory."


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [_pipe, _folder, _socket, _device, _loop])
async def test_only_a_regular_file_is_opened(
    make: object, *, tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert callable(make)
    make(tmp_path / "x")
    with pytest.raises(FileMissingError):
        await loader.load("x", loader.fetch(allow=False), local_files=True)
    with pytest.raises((FileMissingError, LocalPathError, MediaUrlError)):
        await loader.closed("x", allowed_folder=tmp_path)


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "x" * 300, "/dev/null/x", "\ud800"])
async def test_an_impossible_path_is_missing(path: str, loader: Loader) -> None:
    with pytest.raises(FileMissingError):
        await loader.load(path, loader.fetch(allow=False), local_files=True)


@pytest.mark.parametrize("url", ["a\0b", "file:///a%00b", "file://", "file:", "file://host/a", ""])
async def test_what_names_no_file_is_no_url(url: str, loader: Loader) -> None:
    with pytest.raises(MediaUrlError):
        await loader.load(url, loader.fetch(allow=False), local_files=True)


async def test_the_limit_of_a_file_holds_for_a_local_one(cat: Path, loader: Loader) -> None:
    sources = loader.sources(loader.fetch(allow=False))
    with pytest.raises(FileTooLargeError):
        await loader.load(str(cat), sources, local_files=True, max_bytes=3)
    assert (await loader.load(str(cat), sources, local_files=True, max_bytes=4)).size_bytes == 4


@pytest.mark.parametrize(
    "url",
    [
        "/etc/passwd", "/no/such/file", "file:///etc/passwd", "FILE:///etc/passwd",
        "file:/etc/passwd",
        "./cat.png", "../cat.png", "~/cat.png", "\\\\server\\share", "C:\\cat.png", "C:/cat.png",
        "//etc/passwd", "file://localhost/etc/passwd", "file:///proc/self/environ", "/dev/zero",
    ],
)  # fmt: skip
async def test_a_caller_over_the_wire_names_no_file(url: str, loader: Loader) -> None:
    with pytest.raises(LocalPathError) as caught:
        await loader.closed(url)
    assert caught.value.message == LocalPathError.text


async def test_a_caller_over_the_wire_may_name_files_in_the_allowed_folder(
    cat: Path, loader: Loader
) -> None:
    link = cat.parent / "link.png"
    link.symlink_to(cat)
    for url in (str(cat), cat.name, f"file://{cat}", f"./{cat.name}", str(link)):
        blob = await loader.closed(url, allowed_folder=cat.parent)
        assert blob.path == cat


async def test_a_missing_file_in_the_allowed_folder_is_said_to_be_missing(
    tmp_path: Path, loader: Loader
) -> None:
    with pytest.raises(FileMissingError) as caught:
        await loader.closed("none.png", allowed_folder=tmp_path)
    assert caught.value.message == "Cannot read 'none.png': no such file or directory."


@pytest.mark.parametrize(
    "url",
    [
        "/etc/passwd", "../secret.png", "x/../../secret.png", "file:///etc/passwd", "link.png",
        "folder/secret.png", "%2e%2e/secret.png", "file:../secret.png", "file:%2e%2e/secret.png",
        "{folder}/../secret.png", "file://{folder}/%2e%2e/secret.png", "{folder}2/secret.png",
        "..", "file:///{folder}/..",
    ],
)  # fmt: skip
async def test_nothing_outside_the_allowed_folder_is_read(
    url: str, tmp_path: Path, loader: Loader
) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    (tmp_path / "media2").mkdir()
    for secret in (tmp_path / "secret.png", tmp_path / "media2" / "secret.png"):
        secret.write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "folder").symlink_to(tmp_path)
    with pytest.raises((LocalPathError, MediaUrlError, FileMissingError)) as caught:
        await loader.closed(url.format(folder=folder), allowed_folder=folder)
    # Missing is only said of places inside the folder; `%2e%2e` is a name there.
    assert caught.type is not FileMissingError or url == "%2e%2e/secret.png"


class Store:
    """Uploads of a test: URL to file."""

    def __init__(self, files: dict[str, Path]) -> None:
        self.files = files

    async def resolve(self, url: str) -> Path | None:
        return self.files.get(url)


async def test_an_upload_is_found_when_the_request_asks_for_it(cat: Path, loader: Loader) -> None:
    store = Store({"oss://a/cat.png": cat})
    sources = loader.sources(loader.fetch(allow=False))
    blob = await loader.load("oss://a/cat.png", sources, uploads=store)
    assert (blob.source, blob.path, blob.temporary) == ("oss", cat, False)
    with pytest.raises(DownloadError):
        await loader.load("oss://a/none.png", sources, uploads=store)
    with pytest.raises(FileTooLargeError):
        await loader.load("oss://a/cat.png", sources, uploads=store, max_bytes=3)
    with pytest.raises(MediaUrlError):
        await loader.load("oss://a/cat.png", sources)


async def test_a_blob_opens_and_hashes_alike_from_memory_and_from_a_file(
    cat: Path, loader: Loader
) -> None:
    here = await loader.load(str(cat), loader.fetch(allow=False), local_files=True)
    there = await loader.closed("data:;base64," + base64.b64encode(b"meow").decode())
    assert here.content_hash == there.content_hash
    assert here.head(2) == there.head(2) == b"me"
    with here.open() as first, there.open() as second:
        assert first.read() == second.read()
