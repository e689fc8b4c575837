"""UploadStore: what goes in comes out, once, whole, for its owner, for 48 hours."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_vision.errors import (
    ObjectExistsError,
    ObjectTooLargeError,
    StorageFullError,
    StorageUnavailableError,
)
from qwen_vision.settings import StorageSettings
from qwen_vision.storage.store import UploadStore
from tests.storage.forms import KEY, MODEL, Clock, files_under, form_of, keep, ticket_of

DAY_S = 24 * 3600


async def find(store: UploadStore, url: str) -> Path | None:
    return await store.find(url, api_key=KEY, model=MODEL)


async def test_what_was_stored_is_found_by_its_owner(store: UploadStore) -> None:
    url = await keep(store, b"a picture")
    path = await find(store, url)
    assert path is not None
    assert path.read_bytes() == b"a picture"


async def test_an_object_is_found_only_with_its_key_and_model(store: UploadStore) -> None:
    url = await keep(store, b"a picture")
    assert await store.find(url, api_key="sk-another", model=MODEL) is None
    assert await store.find(url, api_key=KEY, model="qwen-vl-ocr") is None
    assert await find(store, url + "x") is None
    assert await find(store, "oss://../../secret") is None


async def test_an_object_lives_48_hours(
    store: UploadStore, settings: StorageSettings, clock: Clock
) -> None:
    url = await keep(store, b"a picture")
    clock.now_s += 2 * DAY_S - 1
    assert await find(store, url)
    clock.now_s += 1
    assert await find(store, url) is None
    await store.sweep()
    assert len(files_under(settings.folder)) == 1, "a reader may still be at it"
    clock.now_s += settings.read_grace_s + 1
    await store.sweep()
    assert files_under(settings.folder) == []


async def test_the_same_bytes_may_come_again_under_the_same_key(
    store: UploadStore, settings: StorageSettings
) -> None:
    form = form_of(await ticket_of(store))
    url = await keep(store, b"a picture", form=form)
    assert await keep(store, b"a picture", form=form) == url
    assert len(files_under(settings.folder)) == 1


async def test_other_bytes_under_the_same_key_are_refused(store: UploadStore) -> None:
    form = form_of(await ticket_of(store))
    url = await keep(store, b"a picture", form=form)
    with pytest.raises(ObjectExistsError):
        await keep(store, b"another one", form=form)
    path = await find(store, url)
    assert path is not None
    assert path.read_bytes() == b"a picture"


async def test_an_unfinished_upload_leaves_nothing(
    store: UploadStore, settings: StorageSettings
) -> None:
    form = form_of(await ticket_of(store))
    async with await store.incoming(await store.check(form)) as incoming:
        await incoming.write(b"half a pict")
        assert len(files_under(settings.folder)) == 1
        assert await find(store, "oss://" + form["key"]) is None
    assert files_under(settings.folder) == []


async def test_a_cancelled_upload_leaves_nothing(
    store: UploadStore, settings: StorageSettings
) -> None:
    permission = await store.check(form_of(await ticket_of(store)))

    async def upload() -> None:
        async with await store.incoming(permission) as incoming:
            while True:
                await incoming.write(b"x" * 65536)

    task = asyncio.create_task(upload())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_under(settings.folder) == []


async def test_a_file_over_the_limit_is_refused_before_and_while_it_is_written(
    settings: StorageSettings,
) -> None:
    store = UploadStore(replace(settings, max_file_bytes=1000))
    permission = await store.check(form_of(await ticket_of(store)))
    with pytest.raises(ObjectTooLargeError):
        await store.incoming(permission, announced_bytes=1001)
    async with await store.incoming(permission) as incoming:
        await incoming.write(b"x" * 1000)
        with pytest.raises(ObjectTooLargeError, match="1000 bytes"):
            await incoming.write(b"x")
    assert files_under(settings.folder) == []
    await store.aclose()


async def test_the_quota_counts_finished_and_unfinished_files(settings: StorageSettings) -> None:
    store = UploadStore(replace(settings, quota_bytes=1000))
    url = await keep(store, b"x" * 600)
    permission = await store.check(form_of(await ticket_of(store)))
    with pytest.raises(StorageFullError):
        await store.incoming(permission, announced_bytes=500)
    async with (
        await store.incoming(permission) as first,
        await store.incoming(permission) as second,
    ):
        await first.write(b"y" * 300)
        with pytest.raises(StorageFullError):
            await second.write(b"z" * 300)
    assert len(files_under(settings.folder)) == 1
    assert await find(store, url)
    await keep(store, b"x" * 400)
    await store.aclose()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 1 MB."""
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(  # noqa: S603  fixed words, no shell
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place],  # noqa: S607
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip("mounting a small disk needs rights this user does not have")
        yield Path(place)
        subprocess.run(["umount", place], check=True)  # noqa: S603, S607  fixed words


async def test_a_full_disk_refuses_the_file_and_keeps_the_others(small_disk: Path) -> None:
    store = UploadStore(StorageSettings(folder=small_disk / "uploads"))
    url = await keep(store, b"x" * 100_000)
    with pytest.raises(StorageFullError):
        await keep(store, b"y" * 2_000_000)
    path = await find(store, url)
    assert path is not None
    assert path.read_bytes() == b"x" * 100_000
    assert len(files_under(small_disk / "uploads")) == 1
    await keep(store, b"z" * 100_000)
    await store.aclose()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = UploadStore(StorageSettings(folder=tmp_path / "file" / "uploads"))
    with pytest.raises(StorageUnavailableError, match="Not a directory"):
        await ticket_of(store)
    await store.sweep()
    await store.aclose()


async def test_an_index_that_is_none_is_told(store: UploadStore, settings: StorageSettings) -> None:
    await keep(store, b"a picture")
    await store.aclose()
    (index,) = settings.folder.glob("*.sqlite")
    index.write_bytes(b"no database at all " * 400)
    again = UploadStore(settings)
    with pytest.raises(StorageUnavailableError, match="its index cannot be opened"):
        await ticket_of(again)
    await again.aclose()


async def test_the_limits_of_one_store_hold_for_two_processes(
    store: UploadStore, settings: StorageSettings, clock: Clock
) -> None:
    other = UploadStore(settings, clock=clock)
    url = await keep(store, b"a picture")
    assert await find(other, url)
    permission = await store.check(form_of(await ticket_of(store)))
    async with await store.incoming(permission) as incoming:
        await incoming.write(b"half")
        await other.sweep()
        await incoming.write(b" and half")
        await incoming.commit()
    path = await find(other, "oss://" + permission.key)
    assert path is not None
    assert path.read_bytes() == b"half and half"
    await other.aclose()


_DYING_PROCESS = """
import asyncio, sys
from pathlib import Path
from qwen_vision.settings import StorageSettings
from qwen_vision.storage.store import UploadStore
from tests.storage.forms import form_of, keep, ticket_of

async def main() -> None:
    store = UploadStore(StorageSettings(folder=Path(sys.argv[1])))
    whole = await keep(store, b"whole")
    form = form_of(await ticket_of(store))
    incoming = await store.incoming(await store.check(form))
    await incoming.write(b"half")
    print(whole, "oss://" + form["key"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_process_leaves_its_finished_files_and_nothing_half(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _DYING_PROCESS,
        str(folder),
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    whole, half = (await process.stdout.readline()).decode().split()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert len(files_under(folder)) == 2
    store = UploadStore(StorageSettings(folder=folder))
    await store.sweep()
    assert len(files_under(folder)) == 1
    assert await find(store, whole)
    assert await find(store, half) is None
    await store.aclose()


async def test_an_object_put_on_the_shelf_but_never_published_is_swept(
    settings: StorageSettings, tmp_path: Path
) -> None:
    store = UploadStore(settings)
    await keep(store, b"whole")
    stray = settings.folder / "objects" / "ab" / ("ab" * 16)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"kept, but its process died before it could say so")
    await store.sweep()
    assert not stray.exists()
    assert len(files_under(settings.folder)) == 1
    await store.aclose()


async def test_nothing_is_created_before_the_first_use(settings: StorageSettings) -> None:
    store = UploadStore(settings)
    await store.sweep()
    await store.aclose()
    assert not settings.folder.exists()
