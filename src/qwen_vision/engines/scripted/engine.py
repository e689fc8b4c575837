"""ScriptedEngine: plays the script's answer that fits the prompt."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from qwen_vision.engines.base import (
    Abilities,
    EngineUsage,
    Event,
    Finished,
    Prompt,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.engines.scripted.script import Answer, Script, Step
from qwen_vision.errors import BrokenStreamError, RemoteError, ScriptError


class ScriptedEngine:
    """Plays events from a script; opens no picture, invents nothing."""

    name = "scripted"
    fingerprint = "scripted-0.1"
    abilities = Abilities(
        images=True, videos=True, thinking=True, json_schema=True, tools=True, verbatim=True
    )

    def __init__(self, script: Script) -> None:
        self._script = script
        self._used: set[int] = set()

    async def run(self, prompt: Prompt) -> AsyncIterator[Event]:
        """The answer's events; waits, errors and broken streams as the script says."""
        called = False
        calls = 0
        for step in self._choose(prompt).steps:
            for event in _events(step, call_index=calls):
                if step.wait_s:
                    await asyncio.sleep(step.wait_s)
                if isinstance(event, Finished):
                    yield event
                    return
                yield event
            if step.call is not None:
                called = True
                calls += 1
        yield Finished(reason="tool_calls" if called else "stop")

    async def aclose(self) -> None:
        """Nothing is held."""

    def _choose(self, prompt: Prompt) -> Answer:
        asked = _last_text(prompt).lower()
        for index, answer in enumerate(self._script.answer):
            if index in self._used or (answer.when or "").lower() not in asked:
                continue
            if answer.once:
                self._used.add(index)
            return answer
        raise ScriptError("No answer of the script fits this prompt; add one without 'when'.")


def _last_text(prompt: Prompt) -> str:
    parts = prompt.turns[-1].parts if prompt.turns else ()
    return "\n".join(part.text for part in parts if part.kind == "text")


def _events(step: Step, *, call_index: int) -> Iterator[Event]:
    if step.error is not None:
        raise RemoteError(
            step.message, status=step.error, code=step.code, retry_after_s=step.retry_after_s
        )
    if step.think is not None:
        yield from [ReasoningDelta(step.think)] * step.times
    if step.text is not None:
        yield from [TextDelta(step.text)] * step.times
    if step.call is not None:
        yield from _call(step, index=call_index)
    if step.cut is not None:
        raise BrokenStreamError(last_bytes=step.cut.encode())
    if step.finish is not None:
        usage = EngineUsage(
            prompt_tokens=step.prompt_tokens, completion_tokens=step.completion_tokens
        )
        yield Finished(reason=step.finish, usage=usage)


def _call(step: Step, *, index: int) -> Iterator[ToolCallDelta]:
    name = step.call or ""
    yield ToolCallDelta(index=index, name=name)
    size = max(1, -(-len(step.arguments) // max(1, step.pieces)))
    for start in range(0, len(step.arguments), size):
        yield ToolCallDelta(index=index, arguments=step.arguments[start : start + size])
