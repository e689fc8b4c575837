"""Uploads in a bucket: the same promises, against a real S3 server."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from qwen_vision.errors import ObjectExistsError, StorageUnavailableError
from qwen_vision.settings import BucketSettings, StorageSettings
from qwen_vision.storage.store import UploadStore
from tests.storage.forms import KEY, MODEL, Clock, files_under, form_of, keep, ticket_of


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server in a process of its own, with a bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603  our own interpreter and words
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "HOME": "/nonexistent"},
    )
    while _put(port, "/uploads") != 200:
        assert process.poll() is None
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def _put(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("PUT", path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


@pytest.fixture
def settings(endpoint: str, tmp_path: Path) -> StorageSettings:
    bucket = BucketSettings(
        name="uploads",
        prefix=f"tests/{tmp_path.name}",
        endpoint=endpoint,
        access_key_id="id",
        access_key_secret="secret",  # noqa: S106  the test server takes any
    )
    return StorageSettings(folder=tmp_path / "uploads", bucket=bucket)


@pytest.fixture
async def elsewhere(settings: StorageSettings, clock: Clock) -> AsyncIterator[UploadStore]:
    """A second process on the same index, as after a restart."""
    store = UploadStore(settings, clock=clock)
    yield store
    await store.aclose()


def copies(settings: StorageSettings) -> list[Path]:
    return list((settings.folder / "copies").iterdir())


def everything(settings: StorageSettings) -> S3Store:
    """The bucket, as its owner sees it."""
    bucket = settings.bucket
    assert bucket is not None
    return S3Store(
        bucket.name,
        endpoint=bucket.endpoint or "",
        access_key_id="id",
        secret_access_key="secret",  # noqa: S106  the test server takes any
        client_options={"allow_http": True},
    )


async def find(store: UploadStore, url: str) -> Path | None:
    return await store.find(url, api_key=KEY, model=MODEL)


async def test_a_file_goes_to_the_bucket_and_comes_back(
    store: UploadStore, settings: StorageSettings
) -> None:
    data = os.urandom(7_000_000)
    url = await keep(store, data)
    assert files_under(settings.folder) == []
    assert copies(settings) == []
    path = await find(store, url)
    assert path is not None
    assert path.read_bytes() == data
    assert await find(store, url) == path
    assert copies(settings) == [path]


async def test_another_process_finds_it(store: UploadStore, elsewhere: UploadStore) -> None:
    path = await find(elsewhere, await keep(store, b"a picture"))
    assert path is not None
    assert path.read_bytes() == b"a picture"


async def test_it_belongs_to_its_owner_and_model(store: UploadStore) -> None:
    url = await keep(store, b"a picture")
    assert await store.find(url, api_key="sk-another", model=MODEL) is None
    assert await store.find(url, api_key=KEY, model="qwen-vl-ocr") is None


async def test_the_same_bytes_may_come_again_and_others_not(store: UploadStore) -> None:
    form = form_of(await ticket_of(store))
    await keep(store, b"a picture", form=form)
    await keep(store, b"a picture", form=form)
    with pytest.raises(ObjectExistsError):
        await keep(store, b"another", form=form)


async def test_expired_files_leave_the_bucket_and_the_copies(
    store: UploadStore, settings: StorageSettings, clock: Clock
) -> None:
    url = await keep(store, b"a picture")
    path = await find(store, url)
    assert path is not None
    clock.now_s += 49 * 3600
    await store.sweep()
    assert await find(store, url) is None
    assert copies(settings) == []


async def test_files_that_live_are_left_alone(
    store: UploadStore, settings: StorageSettings, clock: Clock
) -> None:
    url = await keep(store, b"a picture")
    clock.now_s += 3600
    await store.sweep()
    assert await find(store, url)
    clock.now_s += 3600
    await store.sweep()
    assert copies(settings) == [], "nobody has asked for it for an hour"
    assert await find(store, url)


async def test_an_object_somebody_deleted_is_not_there(
    store: UploadStore, settings: StorageSettings
) -> None:
    url = await keep(store, b"a picture")
    for found in everything(settings).list():
        obstore.delete(everything(settings), [item["path"] for item in found])
    assert await find(store, url) is None


async def test_a_sweep_touches_nothing_of_other_stores_and_other_users(
    store: UploadStore, settings: StorageSettings
) -> None:
    other = UploadStore(replace(settings, folder=settings.folder.with_name("other")))
    url = await keep(other, b"of another store")
    things = everything(settings)
    assert settings.bucket is not None
    others = {"elsewhere", f"{settings.bucket.prefix}/beside"}
    for path in others:
        things.put(path, b"of another user")
    await keep(store, b"mine")
    await store.sweep()
    assert await find(other, url)
    assert others <= {found["path"] for page in things.list() for found in page}
    await other.aclose()


async def test_a_bucket_that_is_not_there_is_told_and_leaves_nothing(
    settings: StorageSettings,
) -> None:
    assert settings.bucket is not None
    bucket = replace(settings.bucket, name="no-such-bucket")
    store = UploadStore(replace(settings, bucket=bucket))
    with pytest.raises(StorageUnavailableError, match="bucket does not answer") as caught:
        await keep(store, b"a picture")
    assert "secret" not in str(caught.value)
    assert files_under(settings.folder) == []
    await store.aclose()
