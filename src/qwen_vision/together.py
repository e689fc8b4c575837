"""Together: several jobs of one request at a time, a few at most."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result")


async def together(jobs: Sequence[Coroutine[Any, Any, Result]], *, at_once: int) -> list[Result]:
    """All results in the order of the jobs; the first failure ends the rest and is raised."""
    gate = asyncio.Semaphore(at_once)

    async def gated(job: Coroutine[Any, Any, Result]) -> Result:
        async with gate:
            return await job

    tasks = [asyncio.create_task(gated(job)) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in jobs:
            # A task cancelled before its first step leaves its coroutine unawaited.
            job.close()
