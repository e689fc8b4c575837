"""A store in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qwen_vision.settings import StorageSettings
from qwen_vision.storage.store import UploadStore
from tests.storage.forms import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return StorageSettings(folder=tmp_path / "uploads")


@pytest.fixture
async def store(settings: StorageSettings, clock: Clock) -> AsyncIterator[UploadStore]:
    store = UploadStore(settings, clock=clock)
    yield store
    await store.aclose()
