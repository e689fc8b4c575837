"""Doors to open media with."""

from collections.abc import AsyncIterator

import pytest

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.settings import MediaSettings


@pytest.fixture
async def door() -> AsyncIterator[MediaDoor]:
    """A door with the usual settings."""
    made = MediaDoor(MediaSettings())
    yield made
    await made.aclose()


@pytest.fixture
async def wire(door: MediaDoor) -> AsyncIterator[Opening]:
    """A request over the wire to a model of 32 pixel patches."""
    async with door.opening(Rules(model=find_model("qwen3-vl-plus"))) as opening:
        yield opening


@pytest.fixture
async def local(door: MediaDoor) -> AsyncIterator[Opening]:
    """A request of a caller at this machine to the same model."""
    async with door.opening(Rules(model=find_model("qwen3-vl-plus"), local_files=True)) as opening:
        yield opening
