"""Memory: refused beyond a request's share, awaited beyond the process's."""

import asyncio
import gc

import pytest

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import MemoryBudgetError
from qwen_vision.media.budget import ProcessBudget
from qwen_vision.media.door import MediaDoor, Rules
from qwen_vision.protocol.parts import ImagePart
from qwen_vision.settings import MediaSettings
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"
RULES = Rules(model=find_model("qwen3-vl-plus"))


async def test_pixels_beyond_the_request_are_refused_with_the_figures() -> None:
    door = MediaDoor(MediaSettings(request_memory_bytes=1_000_000))
    async with door.opening(RULES) as opening:
        part = ImagePart(image_url=data_uri(encoded(corners(1000, 1000), "png")))
        [image] = await opening.image(part, param=PARAM)
        with pytest.raises(MemoryBudgetError, match="may take 1000000") as caught:
            await image.pixels()
        assert caught.value.param == PARAM


async def test_pixels_nobody_keeps_cost_nothing() -> None:
    door = MediaDoor(MediaSettings(request_memory_bytes=18_000_000))
    async with door.opening(RULES) as opening:
        part = ImagePart(image_url=data_uri(encoded(corners(1000, 1000), "png")))
        [image] = await opening.image(part, param=PARAM)
        for _ in range(5):
            await image.pixels()
            gc.collect()
        kept = [await image.pixels() for _ in range(2)]
        with pytest.raises(MemoryBudgetError):
            await image.pixels()
        assert len(kept) == 2


async def test_files_in_memory_count_until_the_request_ends() -> None:
    data = encoded(corners(500, 500), "bmp")
    door = MediaDoor(MediaSettings(request_memory_bytes=len(data) * 2))
    part = ImagePart(image_url=data_uri(data))
    async with door.opening(RULES) as opening:
        await opening.image(part, param=PARAM)
        await opening.image(part, param=PARAM)
        with pytest.raises(MemoryBudgetError):
            await opening.image(part, param=PARAM)
    async with door.opening(RULES) as opening:
        await opening.image(part, param=PARAM)


async def test_requests_wait_for_each_other_and_all_end() -> None:
    door = MediaDoor(MediaSettings(process_memory_bytes=1))
    part = ImagePart(image_url=data_uri(encoded(corners(400, 400), "png")))

    async def one() -> tuple[int, int]:
        async with door.opening(RULES) as opening:
            [image] = await opening.image(part, param=PARAM)
            return (await image.pixels()).size

    assert len(await asyncio.gather(*(one() for _ in range(20)))) == 20


async def test_memory_is_never_held_twice() -> None:
    budget = ProcessBudget(100)
    held, most = 0, 0

    async def job(size: int) -> None:
        nonlocal held, most
        async with budget.hold(size):
            held += min(size, 100)
            most = max(most, held)
            await asyncio.sleep(0.001)
            held -= min(size, 100)

    await asyncio.gather(*(job(size) for size in (60, 60, 30, 500, 10, 10, 100, 40)))
    assert (held, most <= 100) == (0, True)


async def test_whoever_stops_waiting_blocks_nobody() -> None:
    budget = ProcessBudget(100)

    async def job(size: int) -> str:
        async with budget.hold(size):
            await asyncio.sleep(0.01)
        return "done"

    first = asyncio.create_task(job(100))
    await asyncio.sleep(0)
    large, small = asyncio.create_task(job(100)), asyncio.create_task(job(10))
    await asyncio.sleep(0)
    large.cancel()
    assert await small == "done"
    assert await first == "done"
    assert await job(100) == "done"
