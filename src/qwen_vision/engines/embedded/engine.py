"""EmbeddedEngine: answers from what it perceives, deterministic, on a CPU."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Final

from qwen_vision.engines.base import (
    Abilities,
    Event,
    Finished,
    Prompt,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.engines.embedded.rooms.refuse import WAY_OUT_EN
from qwen_vision.engines.embedded.scene import set_scene
from qwen_vision.engines.embedded.steps import Call, Proof, Step, Thought
from qwen_vision.engines.embedded.tasks import perform
from qwen_vision.engines.embedded.trace import Trace
from qwen_vision.engines.text_tokens import estimate_tokens
from qwen_vision.errors import SettingsError
from qwen_vision.telemetry.metrics import CACHE, Figure

_ABILITIES: Final = Abilities(
    images=True,
    videos=True,
    thinking=True,
    json_schema=True,
    tools=True,
    schema_while_thinking=True,
    way_out=WAY_OUT_EN,
)


def build(argument: str, *, threads: int | None = None) -> "EmbeddedEngine":
    """The engine; it takes no argument. Raises SettingsError for one.

    One look at a picture takes at most `threads` of the cores.
    """
    if argument:
        raise SettingsError(
            f"The embedded engine takes no argument, not '{argument}'. Use --engine embedded.",
            param="engine",
        )
    return EmbeddedEngine(threads=threads)


class EmbeddedEngine:
    """Reads text, codes and measurable facts, and answers from these alone.

    It gives the same answer to the same question every time, sampling parameters or not.
    """

    name = "embedded"
    fingerprint = "embedded-0.1"
    abilities = _ABILITIES

    def __init__(self, *, threads: int | None = None) -> None:
        """Nothing is loaded before the first picture comes."""
        self._eyes = Eyes(threads=threads)

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        """The answer piece by piece, the trace before it when the prompt asks to think."""
        steps = perform(prompt, set_scene(prompt, self._eyes))
        proofs = []
        called = False
        meter = _Meter(prompt.max_tokens)
        async with aclosing(_thinking_first(steps, prompt)) as ordered:
            async for step in ordered:
                if isinstance(step, Proof):
                    proofs.append(step.evidence)
                elif isinstance(step, Thought):
                    yield ReasoningDelta(step.text)
                elif isinstance(step, Call):
                    called = True
                    for piece in _call(step):
                        yield piece
                elif allowed := meter.allow(step.text):
                    yield TextDelta(allowed)
                if meter.full:
                    break
        reason: StopReason = "length" if meter.full else "tool_calls" if called else "stop"
        yield Finished(reason, evidence=tuple(proofs))

    def figures(self) -> Iterator[Figure]:
        """How often what was asked of a picture was known."""
        yield Figure(CACHE, self._eyes.hits, ("perception", "hit"))
        yield Figure(CACHE, self._eyes.misses, ("perception", "miss"))

    async def aclose(self) -> None:
        """Free the threads; safe to call twice."""
        await self._eyes.aclose()


def _call(call: Call) -> tuple[ToolCallDelta, ToolCallDelta]:
    """The pieces of a call; its id follows from what is called, so that runs repeat exactly."""
    digest = hashlib.sha256(f"{call.name} {call.arguments}".encode()).hexdigest()
    opening = ToolCallDelta(0, id=f"call_{digest[:24]}", name=call.name)
    return opening, ToolCallDelta(0, arguments=call.arguments)


async def _thinking_first(
    steps: AsyncGenerator[Step, None], prompt: Prompt
) -> AsyncGenerator[Step, None]:
    """The steps, with thoughts within their budget before the answer, or left out."""
    trace = Trace(prompt.thinking_budget)
    held: list[Step] = []
    async for step in steps:
        if isinstance(step, Thought):
            text = trace.next(step.text) if prompt.thinking else ""
            if text:
                yield Thought(text)
        elif prompt.thinking:
            held.append(step)
        else:
            yield step
    for kept in held:
        yield kept


class _Meter:
    """Counts the tokens of the answer and cuts it at the limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._text = ""
        self.full = False

    def allow(self, text: str) -> str:
        """As much of the text as the limit leaves."""
        if self._limit is None:
            return text
        if estimate_tokens(self._text + text) <= self._limit:
            self._text += text
            return text
        self.full = True
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if estimate_tokens(self._text + text[:middle]) <= self._limit:
                low = middle
            else:
                high = middle - 1
        return text[:low]
