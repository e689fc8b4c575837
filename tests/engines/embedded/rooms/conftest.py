"""One engine for the tests of a file, and how they ask it."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from PIL import Image as PillowImage

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.engines.base import (
    Finished,
    Logprobs,
    Prompt,
    PromptPart,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCallDelta,
    Turn,
)
from qwen_vision.engines.embedded.engine import EmbeddedEngine
from qwen_vision.media.items import Pixels
from qwen_vision.protocol.receipt import Evidence
from qwen_vision.protocol.request import ChatRequest


@dataclass
class Answer:
    """What a run gave, event by event put together."""

    text: str = ""
    pieces: int = 0
    reasoning: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    calls: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)


Patches: TypeAlias = Callable[[int], Pixels]


@pytest.fixture
def patches() -> Patches:
    """A scene (640 x 360) of patches of every shade, as real ones have; another for each seed."""

    def scene(seed: int) -> Pixels:
        dots = random.Random(seed).randbytes(128 * 72)  # noqa: S311 - a picture, no secret
        return PillowImage.frombytes("L", (128, 72), dots).resize((640, 360)).convert("RGB")

    return scene


Part: TypeAlias = PromptPart | str
Ask: TypeAlias = Callable[..., Awaitable[Answer]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    yield engine
    await engine.aclose()


@pytest.fixture
def ask(engine: EmbeddedEngine) -> Ask:
    """Asks the engine: media and texts of one user turn, after the turns before it."""

    async def asked(
        *parts: Part,
        before: tuple[Turn, ...] = (),
        model: str = "qwen3-vl-plus",
        thinking: bool = False,
        limits: tuple[int | None, int | None] = (None, None),
        request: dict[str, Any] | None = None,
        last: Turn | None = None,
    ) -> Answer:
        """`limits` are max_tokens and the thinking budget, `request` goes into the request."""
        turn = Turn("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))
        prompt = Prompt(
            request=ChatRequest(model=model, messages=[], **(request or {})),
            model=find_model(model),
            turns=(*before, last or turn),
            thinking=thinking,
            max_tokens=limits[0],
            thinking_budget=limits[1],
        )
        answer = Answer()
        async for event in engine.run(prompt):
            answer.order.append(type(event).__name__)
            match event:
                case TextDelta(text):
                    answer.text += text
                    answer.pieces += 1
                case ReasoningDelta(text):
                    answer.reasoning += text
                case ToolCallDelta():
                    answer.calls[event.name] = answer.calls.get(event.name, "") + event.arguments
                case Logprobs():
                    raise AssertionError("nobody asked for logprobs")
                case Finished():
                    answer.reason = event.reason
                    answer.evidence = event.evidence
        return answer

    return asked
