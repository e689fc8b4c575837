"""A pipeline over a script, for tests that need no picture."""

from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import Script
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.settings import MediaSettings

MakePipeline = Callable[..., Pipeline]


@pytest.fixture
async def make_pipeline() -> AsyncIterator[MakePipeline]:
    """Builds pipelines that play the given steps; closes them after the test."""
    made: list[Pipeline] = []

    def make(*steps: dict[str, object], any_model: bool = False) -> Pipeline:
        script = msgspec.convert({"answer": [{"steps": steps or [{"text": "Hi"}]}]}, Script)
        pipeline = Pipeline(ScriptedEngine(script), MediaDoor(MediaSettings()), any_model=any_model)
        made.append(pipeline)
        return pipeline

    yield make
    for pipeline in made:
        await pipeline.aclose()
