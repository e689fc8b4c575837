"""Engines over weights made here, and a pipeline to ask them through."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen_vision.engines.llamacpp import plugin
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import EngineSettings, MediaSettings, WeightsSettings
from tests.engines.llamacpp.tiny import Script, write_model, write_projector


@dataclass(frozen=True)
class Shelf:
    """Where this session's weights are; makes each file once."""

    folder: Path

    @property
    def projector(self) -> Path:
        """The vision encoder that fits every model of the shelf."""
        path = self.folder / "mmproj.gguf"
        return path if path.exists() else write_projector(path)

    def random(self) -> Path:
        """A model that says anything."""
        path = self.folder / "random.gguf"
        return path if path.exists() else write_model(path)

    def reciting(self, script: Script, *, thinks: str = "never") -> Path:
        """A model that recites."""
        path = self.folder / f"{abs(hash((thinks, *script.items())))}.gguf"
        return path if path.exists() else write_model(path, script=script, thinks=thinks)


Open = Callable[..., Pipeline]
Ask = Callable[..., Awaitable[Completion]]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The weights of this session."""
    return Shelf(tmp_path_factory.mktemp("weights"))


@pytest.fixture
async def open_model(shelf: Shelf) -> AsyncIterator[Open]:
    """Opens pipelines over a model file, by default the random one; closes them afterwards."""
    made: list[Pipeline] = []

    def start(
        model: Path | None = None,
        *,
        projector: bool = True,
        **settings: Any,  # noqa: ANN401 - any of the settings
    ) -> Pipeline:
        weights = replace(WeightsSettings(slots=1, context_tokens=4096), **settings)
        files = f"{model or shelf.random()}" + (f":{shelf.projector}" if projector else "")
        engine = plugin.build(files, EngineSettings(weights=weights))
        pipeline = Pipeline(engine, MediaDoor(MediaSettings()), any_model=True)
        made.append(pipeline)
        return pipeline

    yield start
    for pipeline in made:
        await pipeline.aclose()


def request(*content: object, **fields: Any) -> ChatRequest:  # noqa: ANN401 - any parameter
    """A request of one user turn: texts and parts, greedy and short unless told otherwise."""
    parts = [{"type": "text", "text": item} if isinstance(item, str) else item for item in content]
    body = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": parts}],
        "temperature": 0,
        "presence_penalty": 0,
        "max_tokens": 12,
        **fields,
    }
    return msgspec.convert(body, ChatRequest)


def said(completion: Completion) -> str:
    """The text of an answer."""
    return completion.choices[0].message.content or ""
